import { tallyBinOf, tallyBins } from '#domain/home-tally.ts'
import { rollUpPeriodMs } from '#domain/live-roll-up.ts'

/**
 * What the probes of the city said in one period: two bytes a probe, because 2.5 million probes over seven periods
 * have to fit beside the watch. Ten bits are the temperature's bin, six say when: one of 32 steps within the period,
 * or how many periods ago, where the probe said nothing in this one and an earlier reading still speaks for it.
 */
const binBits = 10
const binMask = tallyBins - 1
const stepsPerPeriod = 32
const stepMs = rollUpPeriodMs / stepsPerPeriod
/** An earlier reading speaks for no more than this many periods, however slow its probe is. */
export const carriedPeriodsMax = 31

/** Nothing is known of the probe. */
export const unknown = 0

/** A reading at a time from the beginning of the period on. */
export function codeOf(celsius: number, sinceMs: number): number {
  const step = Math.min(stepsPerPeriod - 1, Math.max(0, Math.floor(sinceMs / stepMs)))
  return (step << binBits) | tallyBinOf(celsius)
}

/** Bin of the temperature; 0 where it is not known. */
export const binOf = (code: number): number => code & binMask

/** How many periods ago the reading was taken; 0 for one of this period. */
export const ageOf = (code: number): number => Math.max(0, (code >> binBits) - stepsPerPeriod + 1)

/** The same reading seen from a later period; unknown where that is too late. */
export function carried(code: number, periods: number): number {
  const age = ageOf(code) + periods
  return code === unknown || age > carriedPeriodsMax ? unknown : ((stepsPerPeriod - 1 + age) << binBits) | binOf(code)
}

/**
 * Which of two codes of one probe and period counts: a reading of the period before a carried one, of two readings the
 * later, of two carried ones the younger. Of equals the second: the journal's order.
 */
export function newerOf(known: number, code: number): number {
  if (known === unknown) return code
  const ages = ageOf(known) - ageOf(code)
  if (ages !== 0) return ages > 0 ? code : known
  return code >> binBits >= known >> binBits ? code : known
}
