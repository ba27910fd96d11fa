/**
 * What a day was like in one home, by one probe. A home with several probes has a row for each; the coldest room
 * decides, so the home's figure is that of the probe with most time below target.
 */
export interface DwellingDay {
  readonly dwelling: string
  readonly device: string
  /** Local date as days since 1970-01-01. */
  readonly day: number
  /** Time for which good samples speak. The rest of the day is unknown, not warm. */
  readonly coveredMs: number
  readonly belowTargetMs: number
  readonly below16Ms: number
  readonly below12Ms: number
  /** Kelvin hours missing to the target, to 16 °C and to 12 °C. */
  readonly deficitTargetKh: number
  readonly deficit16Kh: number
  readonly deficit12Kh: number
  /** Absent on a day without coverage. */
  readonly minC?: number
  readonly meanC?: number
}

/**
 * Sums of a day that is not over. Temperatures are hundredths of a degree and times milliseconds, all whole numbers,
 * so that the same samples give the same sums however they are grouped.
 */
export interface DaySums {
  readonly day: number
  readonly coveredMs: number
  /** Temperature times time. */
  readonly warmth: number
  readonly minCenti: number
  /** By limit: target, 16 °C, 12 °C. */
  readonly belowMs: readonly [number, number, number]
  readonly deficit: readonly [number, number, number]
  /** Samples came that could not be added in order: the day must be computed again from all of them. */
  readonly wrong: boolean
}

export const emptyDay = (day: number): DaySums => ({
  day,
  coveredMs: 0,
  warmth: 0,
  minCenti: Number.MAX_SAFE_INTEGER,
  belowMs: nothing,
  deficit: nothing,
  wrong: false,
})
const nothing = [0, 0, 0] as const

/** What a home may expect at a time: absent where nothing is demanded (summer, heating suspended). */
export interface Demand {
  readonly targetC: number
  /** Below the target by no more than this is not below it. */
  readonly toleranceK: number
}

export const centi = (celsius: number): number => Math.round(celsius * 100)

/** Adds a stretch of time for which one good sample speaks. */
export function addToDay(sums: DaySums, celsius: number, ms: number, demand: Demand | undefined): DaySums {
  const value = centi(celsius)
  const summed = {
    ...sums,
    coveredMs: sums.coveredMs + ms,
    warmth: sums.warmth + value * ms,
    minCenti: Math.min(sums.minCenti, value),
  }
  const limits = demand && [centi(demand.targetC), 1600, 1200]
  if (!demand || !limits || value >= centi(demand.targetC - demand.toleranceK)) return summed
  const below = (index: 0 | 1 | 2) => value < (limits[index] ?? 0)
  const missing = (index: 0 | 1 | 2) => (below(index) ? ((limits[index] ?? 0) - value) * ms : 0)
  const lasting = (index: 0 | 1 | 2) => (below(index) ? ms : 0)
  return {
    ...summed,
    belowMs: [sums.belowMs[0] + lasting(0), sums.belowMs[1] + lasting(1), sums.belowMs[2] + lasting(2)],
    deficit: [sums.deficit[0] + missing(0), sums.deficit[1] + missing(1), sums.deficit[2] + missing(2)],
  }
}

const centiMsPerKh = 100 * 3_600_000

/** The summary of a day's sums. */
export function summarizeDay(dwelling: string, device: string, sums: DaySums): DwellingDay {
  return {
    dwelling,
    device,
    day: sums.day,
    coveredMs: sums.coveredMs,
    belowTargetMs: sums.belowMs[0],
    below16Ms: sums.belowMs[1],
    below12Ms: sums.belowMs[2],
    deficitTargetKh: sums.deficit[0] / centiMsPerKh,
    deficit16Kh: sums.deficit[1] / centiMsPerKh,
    deficit12Kh: sums.deficit[2] / centiMsPerKh,
    ...(sums.coveredMs > 0 && {
      minC: sums.minCenti / 100,
      meanC: Math.round(sums.warmth / sums.coveredMs) / 100,
    }),
  }
}
