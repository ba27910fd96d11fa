/**
 * Readings in columns, ordered by device, metric and time wherever they are stored. `device` is the number that the
 * store gave to the device, `day` the day of receipt (days since 1970, UTC) where a file keeps it.
 */
export interface Rows {
  count: number
  device: Uint32Array
  metric: Uint8Array
  at: Float64Array
  value: Float64Array
  quality: Uint8Array
  day: Uint16Array
}

/** Device and metric as one number: what rows are ordered by before time. */
export function seriesOf(device: number, metric: number): number {
  return device * 256 + metric
}

export function makeRows(capacity: number): Rows {
  return {
    count: 0,
    device: new Uint32Array(capacity),
    metric: new Uint8Array(capacity),
    at: new Float64Array(capacity),
    value: new Float64Array(capacity),
    quality: new Uint8Array(capacity),
    day: new Uint16Array(capacity),
  }
}

/** Makes room for `more` rows after those that are there. */
export function reserveRows(rows: Rows, more: number): void {
  const needed = rows.count + more
  if (needed <= rows.at.length) return
  const capacity = Math.max(needed, rows.at.length * 2)
  rows.device = grown(rows.device, new Uint32Array(capacity))
  rows.metric = grown(rows.metric, new Uint8Array(capacity))
  rows.at = grown(rows.at, new Float64Array(capacity))
  rows.value = grown(rows.value, new Float64Array(capacity))
  rows.quality = grown(rows.quality, new Uint8Array(capacity))
  rows.day = grown(rows.day, new Uint16Array(capacity))
}

/** Copies one row to the end of `target`. */
export function copyRow(source: Rows, index: number, target: Rows): void {
  reserveRows(target, 1)
  const end = target.count++
  target.device[end] = source.device[index]
  target.metric[end] = source.metric[index]
  target.at[end] = source.at[index]
  target.value[end] = source.value[index]
  target.quality[end] = source.quality[index]
  target.day[end] = source.day[index]
}

export function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Rows that one sort can take: an index must fit beside a device number in the 53 bits of a double. */
export const sortRowsMax = 2 ** 21

/** The order of rows by device, metric, time, and place where all three are equal. */
export function orderBySeries(
  count: number,
  device: Uint32Array,
  metric: Uint8Array,
  at: Float64Array,
): Uint32Array<ArrayBuffer> {
  // Sorting plain doubles runs in native code, many times faster than a sort that calls back for each comparison.
  const keys = new Float64Array(count)
  for (let index = 0; index < count; index++) keys[index] = device[index] * sortRowsMax + index
  keys.sort()
  const order = new Uint32Array(count)
  for (let place = 0; place < count; place++) order[place] = keys[place] % sortRowsMax
  for (let from = 0; from < count; ) {
    let to = from + 1
    while (to < count && device[order[to]] === device[order[from]]) to++
    if (to - from > 1) orderWithinDevice(order, from, to, metric, at)
    from = to
  }
  return order
}

/** Longest stretch that is sorted by insertion, which is fastest for the few readings a device has in a batch. */
const insertionRowsMax = 24

function orderWithinDevice(order: Uint32Array, from: number, to: number, metric: Uint8Array, at: Float64Array): void {
  if (to - from > insertionRowsMax) {
    order.subarray(from, to).sort((left, right) => metric[left] - metric[right] || at[left] - at[right] || left - right)
    return
  }
  for (let place = from + 1; place < to; place++) {
    const row = order[place]
    let hole = place
    for (; hole > from; hole--) {
      const before = order[hole - 1]
      if (metric[before] < metric[row] || (metric[before] === metric[row] && at[before] <= at[row])) break
      order[hole] = before
    }
    order[hole] = row
  }
}
