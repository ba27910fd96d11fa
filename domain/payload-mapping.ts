import { z } from 'zod'
import { parseJsonPath } from './json-path.ts'
import { isMetricName, type MetricName } from './metric.ts'
import { isValidFilter } from './topic-filter.ts'
import { knownUnits } from './unit.ts'

/**
 * How payloads that makers invented become readings: mappings are data of the registry, so that each has versions and
 * a delivery is judged by the one that it names. Here are the columns of their tables and what a mapping is as a whole.
 */

/** Payload formats, each read by a codec; `json` is any other JSON, whose places the mapping names. */
export const payloadFormats = [
  'chirpstack',
  'things_stack',
  'zigbee2mqtt',
  'tasmota',
  'thingsboard',
  'wmbusmeters',
  'sparkplug_b',
  'json',
] as const
export type PayloadFormat = (typeof payloadFormats)[number]

/** `compact` is 20260115080000. Where a time has no offset, the time zone of the mapping says how it is read. */
export const timeFormats = ['iso', 'compact', 'epoch_s', 'epoch_ms'] as const
export type TimeFormat = (typeof timeFormats)[number]

/** Whether readings without a time of their own are refused or count at the time of receipt. */
export const withoutTimeRules = ['refuse', 'receipt'] as const

const pathText = z
  .string()
  .max(200)
  .refine((text) => parseJsonPath(text) !== undefined, 'is no path such as data.t, list[0].t or $.sn')
const topicLevel = /^topic\[(\d{1,2})\]$/
const devicePath = z
  .string()
  .max(200)
  .refine((text) => topicLevel.test(text) || parseJsonPath(text) !== undefined, 'is neither topic[n] nor a path')

export const topicFilterSchema = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => isValidFilter(text) && !/^[+#]/.test(text), 'is no topic filter that begins with a name')

/** What a sender calls a device: its EUI, friendly name, meter number … as it stands in the payload. */
export const addressSchema = z.string().min(1).max(200)

export const timeZoneSchema = z.string().max(60).refine(isTimeZone, 'is no time zone such as Asia/Harbin or +08:00')

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

export const mappingColumns = {
  format: z.enum(payloadFormats),
  /** `json`: where the list of items is; each is read by itself. */
  items: pathText.optional(),
  /** `json`: where the device's address is, in the item or as a level of the topic, counted from 0: `topic[1]`. */
  address: devicePath.optional(),
  /** `json`: where the time is. */
  time: pathText.optional(),
  time_format: z.enum(timeFormats).optional(),
  /** For times without an offset. */
  time_zone: timeZoneSchema.optional(),
  without_time: z.enum(withoutTimeRules).default('refuse'),
}

const numberList = z
  .string()
  .max(200)
  .refine((text) => parsedNumbers(text).every(Number.isFinite), 'is no list of numbers such as 85;-127')

const parsedNumbers = (text: string) => text.split(';').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))

const metricSchema = z.string().max(64).refine(isMetricName, 'is no metric')

export const fieldColumns = {
  /** Where the value is, seen from the measurement. */
  field: pathText,
  /** Absent: the field is known and not wanted. */
  metric: metricSchema.optional(),
  /** The reading is value × scale + shift, in `unit`. */
  scale: z.coerce.number().default(1),
  shift: z.coerce.number().default(0),
  /** Unit after scaling; absent: the metric's own. */
  unit: z.string().max(20).optional(),
  /** What the device sends when it measures nothing, as sent, between semicolons. */
  invalid_values: numberList.optional(),
  /** The value that a sender leaves out of its messages: some leave out every 0. */
  when_absent: z.coerce.number().optional(),
}

/** A unit that the metric does not have would spoil every reading: it is refused with the mapping. */
export function unitProblem({
  metric,
  unit,
}: {
  readonly metric?: string
  readonly unit?: string
}): string | undefined {
  if (metric === undefined || unit === undefined || knownUnits(metric).includes(unit)) return undefined
  return `is no unit of ${metric}: known are ${knownUnits(metric).join(', ')}`
}

/** A mapping as it is kept. */
export interface MappingRow {
  readonly id: string
  readonly format: PayloadFormat
  readonly items?: string | null
  readonly address?: string | null
  readonly time?: string | null
  readonly time_format?: TimeFormat | null
  readonly time_zone?: string | null
  readonly without_time: (typeof withoutTimeRules)[number]
}

export interface FieldRow {
  readonly field: string
  readonly metric?: string | null
  readonly scale: number
  readonly shift: number
  readonly unit?: string | null
  readonly invalid_values?: string | null
  readonly when_absent?: number | null
}

type Path = NonNullable<ReturnType<typeof parseJsonPath>>

export interface MappedField {
  readonly name: string
  readonly path: Path
  readonly metric: MetricName | undefined
  readonly scale: number
  readonly shift: number
  readonly unit: string | undefined
  readonly invalid: readonly number[]
  readonly whenAbsent: number | undefined
}

/** A mapping ready to be used. */
export interface PayloadMapping {
  readonly id: string
  readonly format: PayloadFormat
  readonly items: Path | undefined
  /** A level of the topic, or a place in the item. */
  readonly address: number | Path | undefined
  readonly time: Path | undefined
  readonly timeFormat: TimeFormat | undefined
  readonly timeZone: string | undefined
  readonly withoutTime: (typeof withoutTimeRules)[number]
  readonly fields: readonly MappedField[]
}

/** Makes rows that have passed the schema ready to be used. */
export function makeMapping(row: MappingRow, fields: readonly FieldRow[]): PayloadMapping {
  const optionalPath = (text: string | null | undefined) => (text ? parseJsonPath(text) : undefined)
  const level = topicLevel.exec(row.address ?? '')
  return {
    id: row.id,
    format: row.format,
    items: optionalPath(row.items),
    address: level ? Number(level[1]) : optionalPath(row.address),
    time: optionalPath(row.time),
    timeFormat: row.time_format ?? undefined,
    timeZone: row.time_zone ?? undefined,
    withoutTime: row.without_time,
    fields: fields.map(mappedField),
  }
}

function mappedField(row: FieldRow): MappedField {
  return {
    name: row.field,
    path: parseJsonPath(row.field) ?? { fromRoot: false, steps: [row.field] },
    metric: row.metric && isMetricName(row.metric) ? row.metric : undefined,
    scale: row.scale,
    shift: row.shift,
    unit: row.unit ?? undefined,
    invalid: row.invalid_values ? parsedNumbers(row.invalid_values) : [],
    whenAbsent: row.when_absent ?? undefined,
  }
}
