import { grown } from './rows.ts'

/** Arrays grow by a quarter: the spare room of millions of series must stay small. */
const growth = 1.25
const daySeconds = 86_400
const secondsMax = 2 ** 32 - 1

/**
 * Newest stored reading of each series, in plain arrays: some 40 bytes a series. `at` is an upper bound for the
 * times that are stored: when the day of receipt of the newest one is dropped, it stays, and `day` tells.
 */
export interface NewestReadings {
  /** Place of a series in the arrays, which is made when it is new. */
  place(device: number, metric: number): number
  /** Time of the newest reading, or minus infinity. */
  at(place: number): number
  value(place: number): number
  /** Day of receipt. */
  day(place: number): number
  /** Sets the newest reading; `firstNewAt` is the first time after the newest one before, which ends a gap. */
  raise(place: number, newest: NewestReading, firstNewAt: number): void
  /** True when the time lies in a gap where nothing is stored, so that nobody has to look. */
  isInGap(place: number, at: number): boolean
  /** Takes note that a late reading is stored. */
  narrowGap(place: number, at: number): void
  /** Sets the newest reading of a series from the files when it is not older than what is known. */
  restore(place: number, newest: NewestReading): void
  /** Undoes or keeps what was raised and narrowed since the last call of either. */
  rollBack(): void
  commit(): void
  /** Makes room at once for as many devices and series. */
  reserve(devices: number, series: number): void
}

export interface NewestReading {
  readonly at: number
  readonly value: number
  readonly day: number
}

/** A place as it was before it was changed. */
interface Change extends NewestReading {
  readonly place: number
  readonly gapFrom: number
  readonly gapTo: number
}

export function makeNewestReadings(): NewestReadings {
  // Series of one device are chained: first place + 1 by device, next place + 1 by place; 0 ends the chain.
  let firstOf = new Uint32Array(256)
  let nextOf = new Uint32Array(256)
  let metricOf = new Uint8Array(256)
  let count = 0
  let atOf = new Float64Array(256)
  let lastValueOf = new Float64Array(256)
  let dayOf = new Uint16Array(256)
  // One stretch without readings, in whole seconds, bounds excluded. A gateway that was cut off sends what is new
  // first and then fills the gap of each of its devices: nothing has to be read for that.
  let gapFromOf = new Uint32Array(256)
  let gapToOf = new Uint32Array(256)
  let changes: Change[] = []

  function reserve(devices: number, series: number): void {
    if (devices > firstOf.length) {
      firstOf = grown(firstOf, new Uint32Array(Math.max(devices, Math.ceil(firstOf.length * growth))))
    }
    if (series <= nextOf.length) return
    const capacity = Math.max(series, Math.ceil(nextOf.length * growth))
    nextOf = grown(nextOf, new Uint32Array(capacity))
    metricOf = grown(metricOf, new Uint8Array(capacity))
    atOf = grown(atOf, new Float64Array(capacity))
    lastValueOf = grown(lastValueOf, new Float64Array(capacity))
    dayOf = grown(dayOf, new Uint16Array(capacity))
    gapFromOf = grown(gapFromOf, new Uint32Array(capacity))
    gapToOf = grown(gapToOf, new Uint32Array(capacity))
  }

  function set(place: number, { at, value, day }: NewestReading): void {
    atOf[place] = at
    lastValueOf[place] = value
    dayOf[place] = day
  }

  function remember(place: number): void {
    const newest = { at: atOf[place], value: lastValueOf[place], day: dayOf[place] }
    changes.push({ place, ...newest, gapFrom: gapFromOf[place], gapTo: gapToOf[place] })
  }

  /** Keeps the longer gap, for that one will be filled; one that ended a day ago is given up. */
  function noteGap(place: number, before: number, after: number): void {
    const to = Math.floor(after / 1000)
    const from = before === Number.NEGATIVE_INFINITY ? to - daySeconds : Math.ceil(before / 1000)
    if (from < 0 || to > secondsMax) return
    const isStale = gapToOf[place] < from - daySeconds
    if (to - from < gapToOf[place] - gapFromOf[place] && !isStale) return
    gapFromOf[place] = from
    gapToOf[place] = Math.max(from, to)
  }

  return {
    place(device, metric) {
      let next = device < firstOf.length ? firstOf[device] : 0
      while (next !== 0 && metricOf[next - 1] !== metric) next = nextOf[next - 1]
      if (next !== 0) return next - 1
      reserve(device + 1, count + 1)
      metricOf[count] = metric
      nextOf[count] = firstOf[device]
      atOf[count] = Number.NEGATIVE_INFINITY
      firstOf[device] = ++count
      return count - 1
    },
    at: (place) => atOf[place],
    value: (place) => lastValueOf[place],
    day: (place) => dayOf[place],
    raise(place, newest, firstNewAt) {
      remember(place)
      noteGap(place, atOf[place], firstNewAt)
      set(place, newest)
    },
    isInGap: (place, at) => at > gapFromOf[place] * 1000 && at < gapToOf[place] * 1000,
    narrowGap(place, at) {
      if (at <= gapFromOf[place] * 1000 || at >= gapToOf[place] * 1000) return
      remember(place)
      const seconds = at / 1000
      // Gaps are filled from one end; the longer rest is what is still to come.
      if (seconds - gapFromOf[place] < gapToOf[place] - seconds) gapFromOf[place] = Math.ceil(seconds)
      else gapToOf[place] = Math.floor(seconds)
    },
    restore(place, newest) {
      if (newest.at >= atOf[place]) set(place, newest)
    },
    rollBack() {
      for (const change of changes.reverse()) {
        set(change.place, change)
        gapFromOf[change.place] = change.gapFrom
        gapToOf[change.place] = change.gapTo
      }
      changes = []
    },
    commit() {
      changes = []
    },
    reserve,
  }
}
