import type { Downtime } from '#domain/silence.ts'
import type { Outage } from '#store/ledger/outages.ts'
import type { Tick } from '../decoded-block.ts'

/** What the journal's ticks have said so far. Small, so that a copy goes with every piece of the snapshot. */
export interface ClockState {
  /** Latest time that any record of the journal names; 0 before the first. */
  readonly lastAt: number
  readonly lastTickAt: number
  readonly catchingUp: boolean
  readonly catchingUpSince: number
  /** When Warmcity was not watching, in order. */
  readonly downtimes: readonly Downtime[]
  /** Parts of the city whose turn it was when too much happened at once. */
  readonly unswept: readonly number[]
  /** Last local day that is closed for every probe, and how far closing the next has come. */
  readonly closedThrough: number
  readonly closing?: { readonly through: number; readonly next: number }
}

export const newClock: ClockState = {
  lastAt: 0,
  lastTickAt: 0,
  catchingUp: false,
  catchingUpSince: 0,
  downtimes: [],
  unswept: [],
  closedThrough: 0,
}

/** Silences longer than what so many outages cover are long flagged. */
const downtimesKeptMax = 500

/** The clock after a record that was received at a time. */
export const seenAt = (clock: ClockState, at: number): ClockState =>
  at > clock.lastAt ? { ...clock, lastAt: at } : clock

/** The clock after a tick, and the outages of our own that it shows. */
export function afterTick(clock: ClockState, tick: Tick): { clock: ClockState; outages: readonly Outage[] } {
  const outages: Outage[] = []
  let { catchingUpSince } = clock
  if (tick.started && clock.lastAt > 0 && tick.at > clock.lastAt) {
    if (clock.catchingUp) outages.push({ kind: 'catchingUp', beganAt: catchingUpSince, endedAt: clock.lastAt })
    outages.push({ kind: 'down', beganAt: clock.lastAt, endedAt: tick.at })
    catchingUpSince = tick.at
  }
  if (tick.catchingUp && !clock.catchingUp) catchingUpSince = clock.lastAt > 0 && !tick.started ? clock.lastAt : tick.at
  const caughtUp = clock.catchingUp && !tick.catchingUp
  if (caughtUp && tick.at > catchingUpSince) {
    outages.push({ kind: 'catchingUp', beganAt: catchingUpSince, endedAt: tick.at })
  }
  const downtimes = [...clock.downtimes, ...outages].slice(-downtimesKeptMax)
  const at = Math.max(clock.lastAt, tick.at)
  return {
    clock: { ...clock, lastAt: at, lastTickAt: at, catchingUp: tick.catchingUp, catchingUpSince, downtimes },
    outages,
  }
}

const sweepSeconds = 60

/**
 * Which parts of the city a tick has to look at: all of it once a minute, a sixtieth each second. Part 0 to 59, those
 * whose second has come since the last tick.
 */
export function sweptParts(lastTickAt: number, at: number): number[] {
  const first = Math.max(Math.floor(lastTickAt / 1000) + 1, Math.floor(at / 1000) - sweepSeconds + 1)
  const parts: number[] = []
  for (let second = first; second <= Math.floor(at / 1000); second += 1) parts.push(second % sweepSeconds)
  return parts
}

export const allParts: readonly number[] = Array.from({ length: sweepSeconds }, (_, part) => part)

/** Slots of one part: from, and the slot after the last. */
export const partRange = (part: number, slots: number): [number, number] => [
  Math.floor((slots * part) / sweepSeconds),
  Math.floor((slots * (part + 1)) / sweepSeconds),
]
