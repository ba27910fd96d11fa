import type { NewestReadings } from './newest-readings.ts'
import type { PastReading, PastReadings } from './past-readings.ts'
import { orderBySeries, type Rows, reserveRows } from './rows.ts'

/** What became of readings, and what a rollback has to put back. */
export interface Classification {
  stored: number
  repeats: number
  corrections: number
  /** Corrected readings of earlier days, by day of receipt: from now on they count where the correction lies. */
  readonly movedOut: Map<number, number>
}

export interface Memory {
  readonly newest: NewestReadings
  readonly past: PastReadings
  /** Days of receipt before it were dropped. */
  floorDay: number
}

/**
 * Sorts the rows that arrived on one day of receipt into new ones, repeats and corrections; `into` gets those that
 * have to be written, in order of series and time. What becomes of a reading depends on earlier ones of the same
 * device, metric and time alone, so that going through them in sorted order gives what the order of arrival gives.
 */
export function classify(arrived: Rows, day: number, memory: Memory, into: Rows): Classification {
  const result: Classification = { stored: 0, repeats: 0, corrections: 0, movedOut: new Map() }
  const { device, metric, at } = arrived
  const order = orderBySeries(arrived.count, device, metric, at)
  reserveRows(into, arrived.count)
  for (let from = 0; from < order.length; ) {
    const first = order[from]
    const place = memory.newest.place(device[first], metric[first])
    const newestAt = memory.newest.at(place)
    const start = into.count
    let to = from
    while (to < order.length && device[order[to]] === device[first] && metric[order[to]] === metric[first]) {
      let end = to + 1
      while (end < order.length && at[order[end]] === at[order[to]] && isSameSeries(arrived, order[end], first)) end++
      settle(arrived, order, to, end, { place, newestAt, day, memory, result, into })
      to = end
    }
    if (into.count > start && into.at[into.count - 1] >= newestAt) raiseNewest(memory.newest, place, into, start)
    from = to
  }
  return result
}

function isSameSeries(rows: Rows, row: number, other: number): boolean {
  return rows.device[row] === rows.device[other] && rows.metric[row] === rows.metric[other]
}

interface Settling {
  readonly place: number
  readonly newestAt: number
  readonly day: number
  readonly memory: Memory
  readonly result: Classification
  readonly into: Rows
}

/** Settles the rows of one series with the same time, in order of arrival. */
function settle(arrived: Rows, order: Uint32Array, from: number, to: number, settling: Settling): void {
  const { result, into, day } = settling
  const row = order[from]
  const existing = findExisting(arrived, row, settling)
  let current = existing?.value
  let winner = -1
  for (let place = from; place < to; place++) {
    const value = arrived.value[order[place]]
    if (current === undefined) result.stored++
    else if (isSameValue(value, current)) {
      result.repeats++
      continue
    } else result.corrections++
    current = value
    winner = order[place]
  }
  if (winner < 0) return
  if (existing && existing.day !== day) {
    result.movedOut.set(existing.day, (result.movedOut.get(existing.day) ?? 0) + 1)
  }
  const end = into.count++
  into.device[end] = arrived.device[winner]
  into.metric[end] = arrived.metric[winner]
  into.at[end] = arrived.at[winner]
  into.value[end] = arrived.value[winner]
  into.quality[end] = arrived.quality[winner]
  into.day[end] = day
  if (arrived.at[row] < settling.newestAt) {
    const { newest, past } = settling.memory
    const reading = { value: arrived.value[winner], day }
    past.put(arrived.device[row], arrived.metric[row], arrived.at[row], reading)
    newest.narrowGap(settling.place, arrived.at[row])
  }
}

function findExisting(arrived: Rows, row: number, settling: Settling): PastReading | undefined {
  const { memory, newestAt, place } = settling
  const { newest, past, floorDay } = memory
  const at = arrived.at[row]
  if (at > newestAt || newest.isInGap(place, at)) return undefined
  if (at < newestAt) return past.find(arrived.device[row], arrived.metric[row], at, newestAt)
  return newest.day(place) < floorDay ? undefined : { value: newest.value(place), day: newest.day(place) }
}

/** Rows from `start` on are those of the series at `place`; the last of them is its newest reading now. */
function raiseNewest(newest: NewestReadings, place: number, into: Rows, start: number): void {
  const last = into.count - 1
  let firstNew = start
  while (firstNew < last && into.at[firstNew] <= newest.at(place)) firstNew++
  newest.raise(place, { at: into.at[last], value: into.value[last], day: into.day[last] }, into.at[firstNew])
}

function isSameValue(left: number, right: number): boolean {
  return left === right || (Number.isNaN(left) && Number.isNaN(right))
}
