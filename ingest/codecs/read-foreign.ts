import { valueAt } from '#domain/json-path.ts'
import { type Metric, metrics } from '#domain/metric.ts'
import type { MappedField, PayloadFormat } from '#domain/payload-mapping.ts'
import { inMetricUnit, withoutBinaryDust } from '#domain/unit.ts'
import type { DeliveryProblem } from '../decoded-block.ts'
import { chirpstack } from './chirpstack.ts'
import { described, type Intake, itemsPerPayloadMax, ProblemList, type Refusal, shortened } from './codec.ts'
import { type ForeignCodec, type ForeignMessage, isObject, type Measurement } from './foreign-codec.ts'
import { readTime } from './foreign-time.ts'
import { judgeTime, notANumber } from './judge.ts'
import { mappedJson } from './mapped-json.ts'
import { sparkplug } from './sparkplug.ts'
import { tasmota } from './tasmota.ts'
import { thingsStack } from './things-stack.ts'
import { thingsboard } from './thingsboard.ts'
import { wmbusmeters } from './wmbusmeters.ts'
import { zigbee2mqtt } from './zigbee2mqtt.ts'

/** Every maker's format that is read. */
export const foreignCodecs: Readonly<Record<PayloadFormat, ForeignCodec>> = {
  chirpstack,
  things_stack: thingsStack,
  zigbee2mqtt,
  tasmota,
  thingsboard,
  wmbusmeters,
  sparkplug_b: sparkplug,
  json: mappedJson,
}

/** Which device an address is, at the time of its reading. */
export interface AddressBook {
  /** The device's id; undefined where the address is known and not wanted; or why there is none. */
  deviceOf(address: string, field: string, at: number): string | undefined | Refusal
}

export interface ForeignDelivery extends ForeignMessage {
  /** The publisher or a broker in between kept the message: its readings may be old. */
  readonly retained: boolean
}

/** Hands every mapped reading of a foreign payload to the intake; returns what was wrong. Never throws. */
export function readForeign(delivery: ForeignDelivery, book: AddressBook, intake: Intake): readonly DeliveryProblem[] {
  const problems = new ProblemList()
  const codec = foreignCodecs[delivery.mapping.format]
  const measurements = codec.read(delivery, problems)
  if (measurements.length > itemsPerPayloadMax) {
    const detail = `A payload has at most ${itemsPerPayloadMax} measurements; this one has ${measurements.length}.`
    problems.add('$', { code: 'too_many', detail })
    return problems.list()
  }
  for (const measurement of measurements) takeMeasurement(measurement, codec, delivery, book, intake, problems)
  return problems.list()
}

interface MomentOfReading {
  readonly at: number
  readonly ownTime: boolean
}

function takeMeasurement(
  measurement: Measurement,
  codec: ForeignCodec,
  delivery: ForeignDelivery,
  book: AddressBook,
  intake: Intake,
  problems: ProblemList,
): void {
  const { path, auxiliary = false } = measurement
  const values = valuesOf(measurement, delivery.mapping.fields)
  const deviceOf = (field: string) => book.deviceOf(measurement.address, field, intake.receivedAt)
  if (values.length === 0) {
    const device = deviceOf('')
    if (auxiliary || device === undefined) return
    problems.add(path, typeof device === 'string' ? noField(measurement, delivery) : device)
    return
  }
  // Devices that nobody wants shall not be asked for a time.
  if (values.every(({ field }) => deviceOf(field.name) === undefined)) return
  const moment = momentOf(measurement, codec, delivery, intake.receivedAt)
  if ('code' in moment) {
    problems.add(path, moment)
    return
  }
  const refused = new Set<string>()
  for (const { field, value } of values) {
    if (field.metric === undefined) continue
    const refusal = takeValue(field, field.metric, value, measurement.address, moment, book, intake)
    // What is wrong with the device is said once, not for every field.
    if (refusal === undefined || refused.has(refusal.detail)) continue
    refused.add(refusal.detail)
    problems.add(isOfDevice(refusal) ? path : `${path}.${shortened(field.name)}`, refusal)
  }
}

const isOfDevice = ({ code }: Refusal) =>
  code === 'device_not_mapped' || code === 'device_of_other_gateway' || code === 'too_many_unregistered_devices'

/** The mapped fields that the measurement has, and those whose absence stands for a value. */
function valuesOf({ root, part, auxiliary }: Measurement, fields: readonly MappedField[]) {
  const values: { readonly field: MappedField; readonly value: unknown }[] = []
  for (const field of fields) {
    const sent = valueAt(field.path, root, part)
    const value = sent === undefined && !auxiliary ? field.whenAbsent : sent
    if (value !== undefined) values.push({ field, value })
  }
  return values
}

/** Names enough to see the mistake by. */
const namesShownMax = 8

function noField({ part }: Measurement, { mapping }: ForeignDelivery): Refusal {
  const names = isObject(part) ? Object.keys(part).slice(0, namesShownMax).map(shortened) : []
  const has = names.length > 0 ? `It has ${names.join(', ')}.` : 'It has no fields.'
  const detail = `None of the fields of the mapping "${mapping.id}" is here. ${has} Map one of them in payload_field.`
  return { code: 'field_not_mapped', detail }
}

function momentOf(
  { time }: Measurement,
  { timeAdvice = '' }: ForeignCodec,
  { mapping, retained }: ForeignDelivery,
  receivedAt: number,
): MomentOfReading | Refusal {
  if (time === undefined || time.value === undefined || time.value === null || time.value === '') {
    if (mapping.withoutTime === 'refuse') {
      return { code: 'time_missing', detail: `The measurement has no time of its own. ${timeAdvice}`.trim() }
    }
    if (!retained) return { at: receivedAt, ownTime: false }
    const detail = `A retained message without a time of its own may be old. Publish it without retain. ${timeAdvice}`
    return { code: 'retained_without_time', detail: detail.trim() }
  }
  const at = readTime(time.value, time.format, mapping.timeZone)
  if (typeof at !== 'number') return at
  return judgeTime(at, receivedAt) ?? { at, ownTime: true }
}

function takeValue(
  field: MappedField,
  metric: NonNullable<MappedField['metric']>,
  sent: unknown,
  address: string,
  { at, ownTime }: MomentOfReading,
  book: AddressBook,
  intake: Intake,
): Refusal | undefined {
  const id = book.deviceOf(address, field.name, at)
  if (id === undefined) return undefined
  if (typeof id !== 'string') return id
  const value = mappedValue(field, metric, sent)
  if (typeof value !== 'number') return value
  const device = intake.device(id, at)
  return typeof device === 'number' ? intake.take(device, metric, at, value, ownTime) : device
}

/** The value in the metric's own unit, or why it is none. */
function mappedValue(field: MappedField, metric: NonNullable<MappedField['metric']>, sent: unknown): number | Refusal {
  const value = numberOf(sent, metrics[metric])
  if (sent === null || (value !== undefined && field.invalid.includes(value))) {
    const detail = `${shortened(field.name)} is ${described(sent)}: the device says that it measured nothing.`
    return { code: 'invalid_value', detail }
  }
  if (value === undefined) return notANumber(field.name, sent)
  const scaled = withoutBinaryDust(value * field.scale + field.shift)
  const converted = field.unit === undefined ? scaled : inMetricUnit(metric, scaled, field.unit)
  if (converted === undefined) return { code: 'unit', detail: `"${field.unit ?? ''}" is no unit of ${metric}.` }
  return Number.isFinite(converted) ? converted : notANumber(field.name, converted)
}

/** Makers send numbers between quotes, and states as words. */
function numberOf(sent: unknown, metric: Metric): number | undefined {
  if (typeof sent === 'number') return Number.isFinite(sent) ? sent : undefined
  if (metric.binary && (sent === true || sent === 'ON' || sent === 'on')) return 1
  if (metric.binary && (sent === false || sent === 'OFF' || sent === 'off')) return 0
  return typeof sent === 'string' && /^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(sent) ? Number(sent) : undefined
}
