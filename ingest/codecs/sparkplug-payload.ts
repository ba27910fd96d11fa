import proto from 'sparkplug-payload/lib/sparkplugPayloadProto.js'
import { isObject, type JsonObject } from './foreign-codec.ts'

/** Data types of Sparkplug B by their number in a metric. Those that are not here hold no single number or text. */
const dataType = {
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  uint8: 5,
  uint16: 6,
  uint32: 7,
  uint64: 8,
  float: 9,
  double: 10,
  boolean: 11,
  string: 12,
  dateTime: 13,
  text: 14,
} as const

/** What a payload is called whose only metrics are an algorithm's name and a body. */
const compressedMark = 'SPBV1.0_COMPRESSED'

/** A metric as it was sent: after a birth it may come without its name and its type. */
export interface SparkplugMetric {
  readonly name: string | undefined
  /** A 64-bit number, as text. */
  readonly alias: string | undefined
  /** Epoch milliseconds. */
  readonly at: number | undefined
  readonly type: number | undefined
  /** Sent late by a node that kept it: it says nothing of now. */
  readonly historical: boolean
  /** The sender asks for it not to be kept. */
  readonly transient: boolean
  readonly isNull: boolean
  /** The property `Quality`: 192 is good. */
  readonly quality: number | undefined
  /** The value in the field that it came in; what it means, its type says. */
  readonly sent: JsonObject
}

export interface SparkplugPayload {
  readonly at: number | undefined
  /** 0 to 255; absent in a death. */
  readonly seq: number | undefined
  readonly metrics: readonly SparkplugMetric[]
  /** Holds the payload that is meant; the metrics beside it say how it was compressed. */
  readonly compressed: Uint8Array | undefined
}

const { Payload } = proto.org.eclipse.tahu.protobuf
/** 64-bit numbers as text, and only what was really sent: the library's own reader gives null for data without a type. */
const asSent = { longs: String, bytes: String, defaults: false, arrays: true } as const

/** The message; undefined where the bytes are none. */
export function readSparkplugPayload(bytes: Uint8Array): SparkplugPayload | undefined {
  let read: JsonObject
  try {
    read = Payload.toObject(Payload.decode(bytes), asSent)
  } catch {
    // The protobuf reader throws at bytes that end too early, and at ones that are nested beyond its stack.
    return undefined
  }
  const metrics = Array.isArray(read.metrics) ? read.metrics.filter(isObject).map(metricOf) : []
  const compressed = read.uuid === compressedMark ? Buffer.from(String(read.body ?? ''), 'base64') : undefined
  return { at: numberOf(read.timestamp), seq: numberOf(read.seq), metrics, compressed }
}

function metricOf(metric: JsonObject): SparkplugMetric {
  return {
    name: typeof metric.name === 'string' && metric.name !== '' ? metric.name : undefined,
    alias: typeof metric.alias === 'string' ? metric.alias : undefined,
    at: numberOf(metric.timestamp),
    type: numberOf(metric.datatype),
    historical: metric.isHistorical === true,
    transient: metric.isTransient === true,
    isNull: metric.isNull === true,
    quality: qualityOf(metric.properties),
    sent: metric,
  }
}

function qualityOf(properties: unknown): number | undefined {
  if (!isObject(properties) || !Array.isArray(properties.keys) || !Array.isArray(properties.values)) return undefined
  const value: unknown = properties.values[properties.keys.indexOf('Quality')]
  return isObject(value) ? numberOf(value.intValue) : undefined
}

const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** The value by its type; without one, by the field that it came in. Undefined for data sets, templates, bytes. */
export function sparkplugValue({ sent }: Pick<SparkplugMetric, 'sent'>, type: number | undefined): unknown {
  const whole = numberOf(sent.intValue)
  const long = typeof sent.longValue === 'string' ? sent.longValue : undefined
  switch (type) {
    // Senders differ in how far they extend the sign of a short number.
    case dataType.int8:
      return whole === undefined ? undefined : (whole << 24) >> 24
    case dataType.int16:
      return whole === undefined ? undefined : (whole << 16) >> 16
    case dataType.int32:
      return whole === undefined ? undefined : whole | 0
    case dataType.int64:
      return long === undefined ? undefined : Number(BigInt.asIntN(64, BigInt(long)))
    case dataType.uint8:
    case dataType.uint16:
    // The specification has it in the short field, the common library in the long one.
    case dataType.uint32:
    case dataType.uint64:
    case dataType.dateTime:
      return whole ?? numberOf(long)
    case dataType.float:
      return shortest(numberOf(sent.floatValue))
    case dataType.double:
      return numberOf(sent.doubleValue)
    case dataType.boolean:
      return typeof sent.booleanValue === 'boolean' ? sent.booleanValue : undefined
    case dataType.string:
    case dataType.text:
      return typeof sent.stringValue === 'string' ? sent.stringValue : undefined
    case undefined:
      return untypedValue(sent, whole, long)
    default:
      return undefined
  }
}

function untypedValue(sent: JsonObject, whole: number | undefined, long: string | undefined): unknown {
  if (typeof sent.booleanValue === 'boolean') return sent.booleanValue
  if (typeof sent.stringValue === 'string') return sent.stringValue
  return numberOf(sent.doubleValue) ?? shortest(numberOf(sent.floatValue)) ?? whole ?? numberOf(long)
}

/** 19.8 came as the nearest number of 32 bits, which in 64 bits reads 19.799999237060547. */
function shortest(value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** The command by which an edge node is asked to tell all its metrics anew. `at`: epoch milliseconds. */
export function rebirthCommand(at: number): Uint8Array {
  const metric = { name: 'Node Control/Rebirth', timestamp: at, datatype: dataType.boolean, booleanValue: true }
  return Payload.encode({ timestamp: at, metrics: [metric] }).finish()
}
