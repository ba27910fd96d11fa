import { type MetricName, metrics } from '#domain/metric.ts'
import type { Operations } from '../../generated/operations.ts'

type Trial = Operations['POST /api/v1/registry/payload_mapping/trial']['body']
export type Format = Trial['mapping']['format']
export type Entries = Operations['POST /api/v1/registry/entries']['body']

/** What the form holds; empty cells are what nobody filled in. */
export interface MappingFields {
  readonly id: string
  readonly format: Format
  readonly filter: string
  readonly topic: string
  readonly payload: string
  readonly items?: string
  readonly address?: string
  readonly time?: string
  readonly timeFormat?: NonNullable<Trial['mapping']['time_format']>
  readonly timeZone?: string
  readonly withoutTime: NonNullable<Trial['mapping']['without_time']>
  readonly fields: readonly FieldRow[]
}

interface FieldRow {
  readonly field: string
  readonly metric?: MetricName
  readonly scale?: number
  readonly shift?: number
  readonly unit?: string
  readonly invalid?: string
}

export const formats = [
  'json',
  'chirpstack',
  'things_stack',
  'zigbee2mqtt',
  'tasmota',
  'thingsboard',
  'wmbusmeters',
] as const satisfies readonly Format[]
export const timeFormats = ['iso', 'compact', 'epoch_s', 'epoch_ms'] as const

/** A payload like those of many small makers, to begin with. */
export const example: MappingFields = {
  id: 'maker-1',
  format: 'json',
  filter: 'maker/+/up',
  topic: 'maker/0001/up',
  payload: '{"sn":"0001","t":215,"rh":38,"ts":"2026-01-15 19:00:00"}',
  address: 'sn',
  time: 'ts',
  timeFormat: 'iso',
  timeZone: '+08:00',
  withoutTime: 'refuse',
  fields: [
    { field: 't', metric: 'indoor_temperature_c', scale: 0.1 },
    { field: 'rh', metric: 'humidity_pct' },
  ],
}

/** Only what was filled in: an empty cell means the standard. */
function filled<T extends object>(row: T): T {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== undefined && value !== null && value !== ''),
  ) as T
}

export function trialOf(form: MappingFields): Trial {
  return {
    mapping: filled({
      id: form.id.trim(),
      format: form.format,
      items: form.items,
      address: form.address,
      time: form.time,
      time_format: form.timeFormat,
      time_zone: form.timeZone,
      without_time: form.withoutTime,
    }) as Trial['mapping'],
    fields: form.fields.map(({ field, metric, scale, shift, unit, invalid }) =>
      filled({ mapping: form.id.trim(), field, metric, scale, shift, unit, invalid_values: invalid }),
    ) as Trial['fields'],
    filter: form.filter,
    topic: form.topic,
    payload: form.payload,
  }
}

/** The rows by which the registry keeps the mapping, table by table in the order of their references. */
export function entriesOf(form: MappingFields): Entries[] {
  const { mapping, fields } = trialOf(form)
  return [
    { table: 'payload_mapping', rows: [mapping] },
    { table: 'payload_field', rows: fields },
  ]
}

export const metricNames = Object.keys(metrics) as MetricName[]
