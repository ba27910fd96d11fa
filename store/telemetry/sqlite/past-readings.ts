import { dayMs } from './main-file.ts'
import type { ReadingSource } from './reading-source.ts'
import { makeRows, type Rows, seriesOf } from './rows.ts'

/** Readings kept at hand, some 100 bytes each: a gateway that replays a day of 300 devices needs a sixth of them. */
const readingsCachedMax = 300_000
/** What a window weighs beside its readings, so that empty ones do not pile up. */
const windowWeight = 4

/** A stored reading as far as a later one with the same time has to know it. */
export interface PastReading {
  readonly value: number
  /** Day of receipt of the row that holds it. */
  readonly day: number
}

/**
 * Tells what is stored at a time that is not newer than all others of its series. One look at the files brings a day
 * of a series, and those that were looked at last stay.
 */
export interface PastReadings {
  /** `before` is the newest time of the series: what is stored from there on may change without telling. */
  find(device: number, metric: number, at: number, before: number): PastReading | undefined
  /** Takes note of a reading that is being stored. */
  put(device: number, metric: number, at: number, reading: PastReading): void
  /** What was put so far can be read in the files from now on. */
  written(): void
  /** Says which day of receipt is the first that is kept; nothing older is found any more. */
  setFloorDay(day: number): void
  /** Forgets what a rollback may have undone. */
  forget(): void
}

interface Window {
  /** Times from here on are not known. */
  readonly to: number
  readonly readings: Map<number, PastReading>
}

export function makePastReadings(source: ReadingSource): PastReadings {
  const windows = new Map<string, Window>()
  /** What was put since the last batch is not in the files yet: a window that is loaded now would lack it. */
  const unwritten = new Map<string, Map<number, PastReading>>()
  let cached = 0
  let floorDay = 0
  const rows: Rows = makeRows(256)

  function load(series: number, from: number, to: number): Window {
    source.refresh()
    rows.count = 0
    source.collect({ low: series, high: series, from, to, seqAfter: 0 }, rows)
    const readings = new Map<number, PastReading>()
    for (let row = 0; row < rows.count; row++) {
      const at = rows.at[row]
      if (at >= from && at < to) readings.set(at, { value: rows.value[row], day: rows.day[row] })
    }
    return { to, readings }
  }

  function drop(key: string): void {
    const window = windows.get(key)
    if (window) cached -= window.readings.size + windowWeight
    windows.delete(key)
  }

  function windowOf(device: number, metric: number, at: number, before: number): Window {
    const key = keyOf(device, metric, at)
    const known = windows.get(key)
    if (known && at < known.to) {
      windows.delete(key)
      windows.set(key, known)
      return known
    }
    drop(key)
    const from = Math.floor(at / dayMs) * dayMs
    const window = load(seriesOf(device, metric), from, Math.min(from + dayMs, before))
    for (const [time, reading] of unwritten.get(key) ?? []) {
      if (time < window.to) window.readings.set(time, reading)
    }
    windows.set(key, window)
    cached += window.readings.size + windowWeight
    for (const oldest of windows.keys()) {
      if (cached <= readingsCachedMax || windows.size === 1) break
      drop(oldest)
    }
    return window
  }

  function forget(): void {
    windows.clear()
    unwritten.clear()
    cached = 0
  }

  return {
    find: (device, metric, at, before) => windowOf(device, metric, at, before).readings.get(at),
    put(device, metric, at, reading) {
      const key = keyOf(device, metric, at)
      const waiting = unwritten.get(key)
      if (waiting) waiting.set(at, reading)
      else unwritten.set(key, new Map([[at, reading]]))
      const window = windows.get(key)
      if (window === undefined || at >= window.to) return
      if (!window.readings.has(at)) cached++
      window.readings.set(at, reading)
    },
    written: () => unwritten.clear(),
    setFloorDay(day) {
      if (day !== floorDay) forget()
      floorDay = day
    },
    forget,
  }
}

function keyOf(device: number, metric: number, at: number): string {
  return `${device} ${metric} ${Math.floor(at / dayMs)}`
}
