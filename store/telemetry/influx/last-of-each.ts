import type { ReadingBatch } from '#domain/reading.ts'

/** The rows of a batch that count: of several with the same device, metric and time the last. */
export interface LastOfEach {
  readonly rows: readonly number[]
  /** Rows with the same device, metric, time and value as the one before them. */
  readonly repeats: number
  /** Rows with another value than the one before them. */
  readonly corrections: number
}

const metricsMax = 256

/**
 * InfluxDB does not say what it does with two points of one name and time in one request, and does not tell repeats
 * and corrections from news. So those within a batch are told here.
 */
export function lastOfEach(batch: ReadingBatch): LastOfEach {
  const { count, at } = batch
  const newestBySeries = new Map<number, number>()
  let rising = true
  for (let row = 0; row < count && rising; row++) {
    const series = seriesOf(batch, row)
    const newest = newestBySeries.get(series)
    if (newest !== undefined && newest >= at[row]) rising = false
    newestBySeries.set(series, at[row])
  }
  const order = Array.from({ length: count }, (_, row) => row)
  if (rising) return { rows: order, repeats: 0, corrections: 0 }
  order.sort((left, right) => seriesOf(batch, left) - seriesOf(batch, right) || at[left] - at[right] || left - right)
  return withoutEarlier(batch, order)
}

const seriesOf = ({ device, metric }: ReadingBatch, row: number) => device[row] * metricsMax + metric[row]

function withoutEarlier(batch: ReadingBatch, order: readonly number[]): LastOfEach {
  const { at, value } = batch
  const rows: number[] = []
  let repeats = 0
  let corrections = 0
  for (const [place, row] of order.entries()) {
    const before = place > 0 ? order[place - 1] : undefined
    if (before === undefined || at[before] !== at[row] || seriesOf(batch, before) !== seriesOf(batch, row)) {
      rows.push(row)
      continue
    }
    rows[rows.length - 1] = row
    if (value[before] === value[row]) repeats++
    else corrections++
  }
  return { rows, repeats, corrections }
}
