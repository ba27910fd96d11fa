import { deflateSync, gzipSync } from 'node:zlib'
import proto from 'sparkplug-payload/lib/sparkplugPayloadProto.js'

const { Payload } = proto.org.eclipse.tahu.protobuf

/** A message in the notation that the specification prints its examples in. */
export interface SparkplugNotation {
  readonly timestamp?: number
  readonly seq?: number
  readonly uuid?: string
  /** Puts this payload, compressed, into the one that is sent. */
  readonly compressed?: { readonly algorithm: keyof typeof algorithms; readonly payload: SparkplugNotation }
  readonly metrics?: readonly {
    readonly name?: string
    readonly alias?: number
    readonly timestamp?: number
    readonly dataType?: keyof typeof types
    /** Leaves the type out, as data after a birth may. */
    readonly typeLeftOut?: true
    readonly value?: unknown
    readonly isNull?: true
    readonly isHistorical?: true
    readonly isTransient?: true
    readonly quality?: number
  }[]
}

/** Number of each type, and the field that its values come in. */
const types = {
  Int8: [1, 'intValue'],
  Int16: [2, 'intValue'],
  Int32: [3, 'intValue'],
  Int64: [4, 'longValue'],
  UInt8: [5, 'intValue'],
  UInt16: [6, 'intValue'],
  UInt32: [7, 'longValue'],
  UInt64: [8, 'longValue'],
  Float: [9, 'floatValue'],
  Double: [10, 'doubleValue'],
  Boolean: [11, 'booleanValue'],
  String: [12, 'stringValue'],
  DateTime: [13, 'longValue'],
  Bytes: [17, 'bytesValue'],
} as const

const algorithms = { GZIP: gzipSync, DEFLATE: deflateSync }

/** The bytes that an edge node would publish. */
export function sparkplugBytes({ metrics = [], compressed, ...rest }: SparkplugNotation): Buffer {
  const body = compressed && { body: algorithms[compressed.algorithm](sparkplugBytes(compressed.payload)) }
  const encoded = metrics.map(({ dataType, typeLeftOut, value, quality, ...metric }) => {
    const [number, field] = dataType ? types[dataType] : []
    return {
      ...metric,
      ...(number !== undefined && !typeLeftOut && { datatype: number }),
      ...(field !== undefined && value !== undefined && { [field]: value }),
      ...(quality !== undefined && { properties: { keys: ['Quality'], values: [{ type: 3, intValue: quality }] } }),
    }
  })
  return Buffer.from(Payload.encode({ ...rest, ...body, metrics: encoded }).finish())
}
