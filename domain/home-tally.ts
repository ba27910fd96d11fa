import { type RollUpFigures, rollUpPeriodMs } from './live-roll-up.ts'
import type { Rules } from './policy.ts'
import { hourMs } from './time.ts'

/**
 * Counts homes by temperature. Two tallies can be added, so that a firm's figures come from its circuits', and no list
 * of temperatures is ever sorted: there is one bin for each tenth of a degree.
 */
export interface HomeTally {
  heated: number
  probed: number
  measured: number
  belowTarget: number
  /** Tenths of a kelvin that homes below target miss to it. */
  missingTenths: number
  probesExpected: number
  probesReporting: number
  /** Homes by bin; none is outside of these two. */
  readonly bins: Uint32Array
  lowestBin: number
  highestBin: number
}

const coldestC = -30
/** Bin 0 holds nothing: it stands for a temperature that is not known. */
export const tallyBins = 1024

/** The bin of a temperature; what is outside of -30 to 72.2 °C is in the first or the last. */
export const tallyBinOf = (celsius: number): number =>
  Math.min(tallyBins - 1, Math.max(1, Math.round((celsius - coldestC) * 10) + 1))

const celsiusOf = (bin: number): number => (bin - 1 + coldestC * 10) / 10

export const emptyTally = (): HomeTally => ({
  heated: 0,
  probed: 0,
  measured: 0,
  belowTarget: 0,
  missingTenths: 0,
  probesExpected: 0,
  probesReporting: 0,
  bins: new Uint32Array(tallyBins),
  lowestBin: tallyBins,
  highestBin: 0,
})

export function clearTally(tally: HomeTally): void {
  tally.heated = 0
  tally.probed = 0
  tally.measured = 0
  tally.belowTarget = 0
  tally.missingTenths = 0
  tally.probesExpected = 0
  tally.probesReporting = 0
  if (tally.highestBin > 0) tally.bins.fill(0, tally.lowestBin, tally.highestBin + 1)
  tally.lowestBin = tallyBins
  tally.highestBin = 0
}

/** One heated home in one period, by its coldest room. */
export interface TalliedHome {
  /** Bin of its temperature; 0 where it is not known. */
  readonly bin: number
  /** Below target by more than the probe's tolerance. */
  readonly belowTarget: boolean
  readonly probesExpected: number
  readonly probesReporting: number
}

/** Counts a home; `targetBin` is the bin of the target, where something is demanded. */
export function tallyHome(tally: HomeTally, home: TalliedHome, targetBin: number): void {
  tally.heated += 1
  if (home.probesExpected > 0) tally.probed += 1
  tally.probesExpected += home.probesExpected
  tally.probesReporting += home.probesReporting
  if (home.bin === 0) return
  tally.measured += 1
  tally.bins[home.bin] = (tally.bins[home.bin] as number) + 1
  if (home.bin < tally.lowestBin) tally.lowestBin = home.bin
  if (home.bin > tally.highestBin) tally.highestBin = home.bin
  if (!home.belowTarget) return
  tally.belowTarget += 1
  tally.missingTenths += targetBin - home.bin
}

export function addTally(sum: HomeTally, part: HomeTally): void {
  sum.heated += part.heated
  sum.probed += part.probed
  sum.measured += part.measured
  sum.belowTarget += part.belowTarget
  sum.missingTenths += part.missingTenths
  sum.probesExpected += part.probesExpected
  sum.probesReporting += part.probesReporting
  for (let bin = part.lowestBin; bin <= part.highestBin; bin += 1) {
    sum.bins[bin] = (sum.bins[bin] as number) + (part.bins[bin] as number)
  }
  sum.lowestBin = Math.min(sum.lowestBin, part.lowestBin)
  sum.highestBin = Math.max(sum.highestBin, part.highestBin)
}

/** What the rules demand in a period; undefined out of season. */
export type HeatingDemand = Pick<Rules, 'targetC' | 'below16' | 'below12' | 'below5'> | undefined

/** Stores keep thousandths, and so is everything rounded before it is stored anywhere. */
export const thousandth = (value: number): number => Math.round(value * 1000) / 1000 + 0

/** The figures of a place from the tally of its homes. */
export function tallyFigures(tally: HomeTally, demand: HeatingDemand): RollUpFigures {
  const { heated, probed, measured, probesExpected, probesReporting } = tally
  return {
    dwellings_heated: heated,
    dwellings_probed: probed,
    dwellings_measured: measured,
    probes_expected: probesExpected,
    probes_reporting: probesReporting,
    ...(probesExpected > 0 && { coverage_share: thousandth(probesReporting / probesExpected) }),
    ...(measured > 0 && temperatures(tally)),
    ...(demand && { target_c: demand.targetC }),
    ...(demand && measured > 0 && coldHomes(tally, demand)),
  }
}

function temperatures({ bins, measured, lowestBin, highestBin }: HomeTally): RollUpFigures {
  const ranks = [0.1, 0.5, 0.9].map((share) => Math.ceil(share * measured))
  const found: number[] = []
  let counted = 0
  let warmthTenths = 0
  for (let bin = lowestBin; bin <= highestBin; bin += 1) {
    const homes = bins[bin] as number
    if (homes === 0) continue
    counted += homes
    warmthTenths += homes * (bin - 1 + coldestC * 10)
    while (found.length < ranks.length && counted >= (ranks[found.length] as number)) found.push(celsiusOf(bin))
  }
  const [p10 = 0, p50 = 0, p90 = 0] = found
  const meanC = thousandth(warmthTenths / 10 / measured)
  return { indoor_p10_c: p10, indoor_p50_c: p50, indoor_p90_c: p90, indoor_mean_c: meanC }
}

function coldHomes(tally: HomeTally, demand: NonNullable<HeatingDemand>): RollUpFigures {
  const below = (limitC: number) => {
    let homes = 0
    const end = Math.min(tallyBinOf(limitC), tally.highestBin + 1)
    for (let bin = tally.lowestBin; bin < end; bin += 1) homes += tally.bins[bin] as number
    return homes
  }
  return {
    dwellings_below_target: tally.belowTarget,
    dwellings_below_16: below(demand.below16.limitC),
    dwellings_below_12: below(demand.below12.limitC),
    dwellings_below_5: below(demand.below5.limitC),
    degree_hours_below_target: thousandth(((tally.missingTenths / 10) * rollUpPeriodMs) / hourMs),
  }
}
