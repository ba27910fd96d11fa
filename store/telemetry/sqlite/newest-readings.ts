import { grown } from './rows.ts'

/** Arrays grow by a quarter: the spare room of millions of series must stay small. */
const growth = 1.25

/**
 * Newest stored reading of each series, in plain arrays: about 30 bytes a series. `at` is an upper bound for the
 * times that are stored: when the day of receipt of the newest one is dropped, it stays, and `day` tells.
 */
export interface NewestReadings {
  /** Place of a series in the arrays, or -1. */
  find(device: number, metric: number): number
  /** Place of a series, which is made when it is new. */
  place(device: number, metric: number): number
  readonly columns: { readonly at: Float64Array; readonly value: Float64Array; readonly day: Uint16Array }
  /** Makes room at once for as many devices and series. */
  reserve(devices: number, series: number): void
  count(): number
}

export function makeNewestReadings(): NewestReadings {
  // Series of one device are chained: first place + 1 by device, next place + 1 by place; 0 ends the chain.
  let firstOf = new Uint32Array(256)
  let nextOf = new Uint32Array(256)
  let metricOf = new Uint8Array(256)
  let count = 0
  const columns = { at: new Float64Array(256), value: new Float64Array(256), day: new Uint16Array(256) }

  function find(device: number, metric: number): number {
    if (device >= firstOf.length) return -1
    let next = firstOf[device]
    while (next !== 0 && metricOf[next - 1] !== metric) next = nextOf[next - 1]
    return next - 1
  }

  function reserve(devices: number, series: number): void {
    if (devices > firstOf.length) {
      firstOf = grown(firstOf, new Uint32Array(Math.max(devices, Math.ceil(firstOf.length * growth))))
    }
    if (series <= nextOf.length) return
    const capacity = Math.max(series, Math.ceil(nextOf.length * growth))
    nextOf = grown(nextOf, new Uint32Array(capacity))
    metricOf = grown(metricOf, new Uint8Array(capacity))
    columns.at = grown(columns.at, new Float64Array(capacity))
    columns.value = grown(columns.value, new Float64Array(capacity))
    columns.day = grown(columns.day, new Uint16Array(capacity))
  }

  return {
    find,
    place(device, metric) {
      const found = find(device, metric)
      if (found >= 0) return found
      reserve(device + 1, count + 1)
      metricOf[count] = metric
      nextOf[count] = firstOf[device]
      columns.at[count] = Number.NEGATIVE_INFINITY
      firstOf[device] = ++count
      return count - 1
    },
    columns,
    reserve,
    count: () => count,
  }
}
