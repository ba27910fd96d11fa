import { type MetricName, metrics } from '#domain/metric.ts'
import { assessValue } from '#domain/quality.ts'
import type { DecodedBlock, Tick } from '../../ingest/decoded-block.ts'

/** A record of a journal as a watch sees it; each takes one position. */
export type WatchRecord =
  | {
      readonly kind: 'reading'
      readonly device: string
      readonly gateway: string
      readonly metric?: MetricName
      readonly at: number
      readonly value: number
      readonly receivedAt: number
      /** Without it, what the value says of itself. */
      readonly quality?: number
    }
  | { readonly kind: 'tick'; readonly at: number; readonly catchingUp?: boolean; readonly started?: boolean }

type ReadingRecord = WatchRecord & { kind: 'reading' }

/** Decodes records into blocks, with tables of ids that live as long as it does. */
export function createBlockMaker() {
  const deviceIds: string[] = []
  const gatewayIds: string[] = []
  const numbers = new Map<string, number>()
  const number = (ids: string[], kind: string, id: string) => {
    const known = numbers.get(`${kind}/${id}`)
    if (known !== undefined) return known
    numbers.set(`${kind}/${id}`, ids.length)
    return ids.push(id) - 1
  }

  /** The records from one position to another as one block; a record's position is its index. */
  return (records: readonly WatchRecord[], from: number, to: number): DecodedBlock => {
    const part = records.slice(from, to).map((record, offset) => ({ record, position: from + offset }))
    const readings = part.filter(
      (entry): entry is { record: ReadingRecord; position: number } => entry.record.kind === 'reading',
    )
    const column = (of: (record: ReadingRecord) => number) => readings.map(({ record }) => of(record))
    const ticks: Tick[] = []
    let readingsBefore = 0
    for (const { record, position } of part) {
      if (record.kind === 'reading') readingsBefore += 1
      else {
        const { at, catchingUp = false, started = false } = record
        ticks.push({ position, at, catchingUp, started, readingsBefore })
      }
    }
    const indoor = (record: ReadingRecord) => record.metric ?? 'indoor_temperature_c'
    return {
      from,
      to,
      readings: {
        count: readings.length,
        deviceIds,
        device: Uint32Array.from(column((record) => number(deviceIds, 'device', record.device))),
        metric: Uint8Array.from(column((record) => metrics[indoor(record)].code)),
        at: Float64Array.from(column((record) => record.at)),
        value: Float64Array.from(column((record) => record.value)),
        quality: Uint8Array.from(column((record) => record.quality ?? assessValue(indoor(record), record.value))),
        receivedAt: Float64Array.from(column((record) => record.receivedAt)),
      },
      position: Float64Array.from(readings.map(({ position }) => position)),
      gateway: Uint32Array.from(column((record) => number(gatewayIds, 'gateway', record.gateway))),
      gatewayIds,
      ticks,
      rejected: [],
      deliveries: { total: readings.length, taken: readings.length, repeats: 0, rejected: 0, status: 0 },
      readingsWithoutTime: 0,
    }
  }
}
