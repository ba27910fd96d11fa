import { hourMs, minuteMs } from './time.ts'

/** A stretch of time, epoch milliseconds; the end is not included. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

/** A circuit with the heated homes on it, probes or not, and the times without flow. */
export interface CircuitSupply {
  readonly homes: number
  readonly heatedAreaM2: number
  readonly without: readonly Stretch[]
}

/** Shorter than this is switching, not an outage. */
export const outageMsMin = hourMs
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

/** What the homes on some circuits went without between two times. Stretches that touch are one interruption. */
export function sumOutages(circuits: Iterable<CircuitSupply>, within: Stretch): OutageSums {
  const sums: { -readonly [Field in keyof OutageSums]: number } = { ...noOutage }
  for (const { homes, without } of circuits) {
    sums.homes += homes
    for (const { from, to } of merged(without, within)) {
      const lastedMs = to - from
      if (lastedMs < outageMsMin) continue
      sums.interruptions += 1
      sums.homeInterruptions += homes
      sums.homeMinutes += homes * Math.round(lastedMs / minuteMs)
      if (lastedMs > longOutageMs) sums.interruptionsOver8h += 1
      if (lastedMs > veryLongOutageMs) sums.interruptionsOver48h += 1
    }
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

/**
 * The share of heated area whose circuit has flow, hour by hour (开栓率): a circuit is open in an hour when it has
 * flow at its beginning. Undefined where nothing is heated.
 */
export function valveOpeningByHour(circuits: readonly CircuitSupply[], within: Stretch): number[] | undefined {
  const total = circuits.reduce((area, circuit) => area + circuit.heatedAreaM2, 0)
  if (total === 0) return undefined
  const stretches = circuits.map(({ heatedAreaM2, without }) => ({ heatedAreaM2, shut: merged(without, within) }))
  const shares: number[] = []
  for (let at = within.from; at < within.to; at += hourMs) {
    const open = stretches.filter(({ shut }) => !shut.some(({ from, to }) => from <= at && at < to))
    shares.push(open.reduce((area, circuit) => area + circuit.heatedAreaM2, 0) / total)
  }
  return shares
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
