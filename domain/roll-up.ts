import type { DwellingDay } from './dwelling-day.ts'
import { hourMs, minuteMs } from './time.ts'

/**
 * What the homes of a place were like over some days, as sums. All are whole numbers, so that the same home-days give
 * the same sums in any order and however they are grouped: building, circuit, plant, firm, or any territory.
 * Area is counted in tenths of a square metre.
 */
export interface RollUp {
  /** Home-days that count. */
  readonly homeDays: number
  /** Home-days that a confirmed exclusion takes out, whatever was measured in them. */
  readonly excludedHomeDays: number
  /** Home-days that were not proven to be at target for no more than `passAllowanceMs`. */
  readonly passedHomeDays: number
  readonly areaMinutes: number
  /** Time that good samples prove to be at target. */
  readonly areaMinutesAtTarget: number
  readonly areaMinutesBelow16: number
  readonly areaMinutesBelow12: number
  readonly areaMinutesCovered: number
  /** Time that is left out: of excluded home-days all of it, of others what a keeper who is not the firm let pass. */
  readonly areaMinutesExcluded: number
  /** Tenths of a kelvin hour missing to the target, at most to 12 °C; unmeasured time counts as 12 °C. */
  readonly areaShortfall: number
}

export const emptyRollUp: RollUp = {
  homeDays: 0,
  excludedHomeDays: 0,
  passedHomeDays: 0,
  areaMinutes: 0,
  areaMinutesAtTarget: 0,
  areaMinutesBelow16: 0,
  areaMinutesBelow12: 0,
  areaMinutesCovered: 0,
  areaMinutesExcluded: 0,
  areaShortfall: 0,
}

const rollUpFields = Object.keys(emptyRollUp) as (keyof RollUp)[]

/** Sums of any number of roll-ups: of buildings to an estate, of circuits to a firm, of days to a season. */
export function sumRollUps(parts: Iterable<RollUp>): RollUp {
  const sum: { -readonly [Field in keyof RollUp]: number } = { ...emptyRollUp }
  for (const part of parts) for (const field of rollUpFields) sum[field] += part[field]
  return sum
}

/** One probe's day; a probe that told nothing has no covered time. */
export interface ProbeDay
  extends Pick<
    DwellingDay,
    'coveredMs' | 'belowTargetMs' | 'below16Ms' | 'below12Ms' | 'deficitTargetKh' | 'deficit12Kh'
  > {
  /** Somebody else than the firm keeps the probe: what it did not measure is left out, not held against the firm. */
  readonly keptByOthers?: boolean
}

export const silentProbeDay: ProbeDay = {
  coveredMs: 0,
  belowTargetMs: 0,
  below16Ms: 0,
  below12Ms: 0,
  deficitTargetKh: 0,
  deficit12Kh: 0,
}

/** A heated home on a day of the season, with every probe that is registered in it. */
export interface HomeDay {
  readonly heatedAreaM2: number
  readonly targetC: number
  /** Length of the local day. */
  readonly dayMs: number
  readonly probes: readonly ProbeDay[]
  readonly excluded: boolean
}

/** A home passes on a day when it was at target but for as long as a cold flag waits before it is raised. */
export const passAllowanceMs = 2 * hourMs
/** Colder than this makes the depth no worse: then it is an emergency, which outage and tiers tell of. */
const depthFloorC = 12

/**
 * A home's day as a roll-up. The coldest room decides, measure by measure. Time that a probe of the firm did not
 * measure counts as not at target and as 12 °C deep, because otherwise a cold home would score better with its probe
 * unplugged. Where others keep all of a home's probes, the time that none of them measured is left out, and of a day
 * that is unmeasured for the most part everything.
 */
export function rollUpHomeDay(home: HomeDay): RollUp {
  const { probes, dayMs } = home
  const area = Math.round(home.heatedAreaM2 * 10)
  const dayMinutes = minutes(dayMs)
  const missingMs = (probe: ProbeDay) => Math.max(0, dayMs - probe.coveredMs)
  const others = probes.length > 0 && probes.every(({ keptByOthers }) => keptByOthers)
  const leftOutMs = others ? probes.reduce((least, probe) => Math.min(least, missingMs(probe)), dayMs) : 0
  if (home.excluded || leftOutMs > dayMs / 2) {
    return { ...emptyRollUp, excludedHomeDays: 1, areaMinutesExcluded: area * dayMinutes }
  }
  const countedMs = dayMs - leftOutMs
  const countedMinutes = minutes(countedMs)
  const heldMs = (probe: ProbeDay) => (probe.keptByOthers ? 0 : missingMs(probe))
  const notAtTargetMs = worst(probes, (probe) => Math.min(countedMs, probe.belowTargetMs + heldMs(probe)))
  const depthMaxK = Math.max(0, home.targetC - depthFloorC)
  const shortfallKh = worst(
    probes,
    (probe) => probe.deficitTargetKh - probe.deficit12Kh + (heldMs(probe) / hourMs) * depthMaxK,
  )
  const below = (measure: (probe: ProbeDay) => number) => area * minutes(worst(probes, measure))
  return {
    homeDays: 1,
    excludedHomeDays: 0,
    passedHomeDays: notAtTargetMs <= passAllowanceMs ? 1 : 0,
    areaMinutes: area * countedMinutes,
    areaMinutesAtTarget: area * (countedMinutes - minutes(notAtTargetMs)),
    areaMinutesBelow16: below((probe) => probe.below16Ms),
    areaMinutesBelow12: below((probe) => probe.below12Ms),
    areaMinutesCovered: area * minutes(Math.max(0, countedMs - worst(probes, heldMs))),
    areaMinutesExcluded: area * (dayMinutes - countedMinutes),
    areaShortfall: area * Math.round(shortfallKh * 10),
  }
}

const minutes = (ms: number) => Math.round(ms / minuteMs)

const worst = (probes: readonly ProbeDay[], measure: (probe: ProbeDay) => number): number => {
  let most = 0
  for (const probe of probes) most = Math.max(most, measure(probe))
  return most
}
