import { hourMs, minuteMs } from './time.ts'

/** A stretch of time, epoch milliseconds; the end is not included. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** A time without flow or useful supply temperature, and the heated homes that were without, probes or not. */
export interface Interruption extends Stretch {
  readonly homes: number
}

/** Shorter than this is switching, not an outage. */
const outageMsMin = hourMs
/** From here on an outage must be announced, and from the second on it should have been repaired. */
const longOutageMs = 8 * hourMs
const veryLongOutageMs = 48 * hourMs

/** Sums over interruptions, to be added over circuits. Times are whole minutes. */
export interface OutageSums {
  readonly homes: number
  readonly homeMinutes: number
  readonly homeInterruptions: number
  readonly interruptions: number
  readonly interruptionsOver8h: number
  readonly interruptionsOver48h: number
}

export const noOutage: OutageSums = {
  homes: 0,
  homeMinutes: 0,
  homeInterruptions: 0,
  interruptions: 0,
  interruptionsOver8h: 0,
  interruptionsOver48h: 0,
}

/** What interruptions of any number of circuits cost, of so many homes that are connected. */
export function sumOutages(connectedHomes: number, interruptions: Iterable<Interruption>): OutageSums {
  const sums: { -readonly [Field in keyof OutageSums]: number } = { ...noOutage, homes: connectedHomes }
  for (const { homes, from, to } of interruptions) {
    const lastedMs = to - from
    sums.interruptions += 1
    sums.homeInterruptions += homes
    sums.homeMinutes += homes * Math.round(lastedMs / minuteMs)
    if (lastedMs > longOutageMs) sums.interruptionsOver8h += 1
    if (lastedMs > veryLongOutageMs) sums.interruptionsOver48h += 1
  }
  return sums
}

/** The indices of IEEE 1366, with heated homes for customers. CAIDI is absent where nobody was interrupted. */
export interface OutageIndices {
  /** Hours without heat that a home had on average. */
  readonly saidiHours: number
  /** Interruptions that a home had on average. */
  readonly saifi: number
  /** Hours that an interruption lasted on average. */
  readonly caidiHours?: number
}

/** The indices; undefined where no home is connected. */
export function outageIndices(sums: OutageSums): OutageIndices | undefined {
  if (sums.homes === 0) return undefined
  const hours = sums.homeMinutes / 60
  return {
    saidiHours: hours / sums.homes,
    saifi: sums.homeInterruptions / sums.homes,
    ...(sums.homeInterruptions > 0 && { caidiHours: hours / sums.homeInterruptions }),
  }
}

/** What lasted long enough to be an interruption, of the times without; stretches that touch are one. */
export const interruptions = (without: readonly Stretch[], within: Stretch): Stretch[] =>
  merged(without, within).filter(({ from, to }) => to - from >= outageMsMin)

/** What is left of a stretch without some others. */
export function lessStretches(whole: Stretch, without: readonly Stretch[]): Stretch[] {
  let from = whole.from
  const left: Stretch[] = []
  for (const gone of merged(without, whole)) {
    if (gone.from > from) left.push({ from, to: gone.from })
    from = gone.to
  }
  return from < whole.to ? [...left, { from, to: whole.to }] : left
}

function merged(stretches: readonly Stretch[], within: Stretch): Stretch[] {
  const clipped = stretches
    .map(({ from, to }) => ({ from: Math.max(from, within.from), to: Math.min(to, within.to) }))
    .filter(({ from, to }) => to > from)
    .sort((left, right) => left.from - right.from)
  const out: Stretch[] = []
  for (const stretch of clipped) {
    const last = out.at(-1)
    if (last && stretch.from <= last.to) out[out.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) }
    else out.push(stretch)
  }
  return out
}
