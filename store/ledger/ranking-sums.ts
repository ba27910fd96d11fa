import type { RollUp } from '#domain/roll-up.ts'

/** Sums of home-days as they are kept, with the homes, probes and tenths of a square metre behind them. */
export interface SumColumns {
  home_days: number
  excluded_home_days: number
  passed_home_days: number
  area_minutes: number
  area_minutes_at_target: number
  area_minutes_below_16: number
  area_minutes_below_12: number
  area_minutes_covered: number
  area_minutes_excluded: number
  area_shortfall: number
  homes: number
  probes: number
  area_tenths: number
  /** Of circuits with a plant sensor: the only ones whose outages show. */
  watched_homes: number
  watched_area_tenths: number
}

export const emptySums: SumColumns = {
  home_days: 0,
  excluded_home_days: 0,
  passed_home_days: 0,
  area_minutes: 0,
  area_minutes_at_target: 0,
  area_minutes_below_16: 0,
  area_minutes_below_12: 0,
  area_minutes_covered: 0,
  area_minutes_excluded: 0,
  area_shortfall: 0,
  homes: 0,
  probes: 0,
  area_tenths: 0,
  watched_homes: 0,
  watched_area_tenths: 0,
}

export const sumColumns = Object.keys(emptySums) as (keyof SumColumns)[]

export function addRollUp(sums: SumColumns, rollUp: RollUp): void {
  sums.home_days += rollUp.homeDays
  sums.excluded_home_days += rollUp.excludedHomeDays
  sums.passed_home_days += rollUp.passedHomeDays
  sums.area_minutes += rollUp.areaMinutes
  sums.area_minutes_at_target += rollUp.areaMinutesAtTarget
  sums.area_minutes_below_16 += rollUp.areaMinutesBelow16
  sums.area_minutes_below_12 += rollUp.areaMinutesBelow12
  sums.area_minutes_covered += rollUp.areaMinutesCovered
  sums.area_minutes_excluded += rollUp.areaMinutesExcluded
  sums.area_shortfall += rollUp.areaShortfall
}

export function addSums(sums: SumColumns, more: SumColumns): void {
  for (const column of sumColumns) sums[column] += more[column]
}

export const rollUpOf = (row: SumColumns): RollUp => ({
  homeDays: row.home_days,
  excludedHomeDays: row.excluded_home_days,
  passedHomeDays: row.passed_home_days,
  areaMinutes: row.area_minutes,
  areaMinutesAtTarget: row.area_minutes_at_target,
  areaMinutesBelow16: row.area_minutes_below_16,
  areaMinutesBelow12: row.area_minutes_below_12,
  areaMinutesCovered: row.area_minutes_covered,
  areaMinutesExcluded: row.area_minutes_excluded,
  areaShortfall: row.area_shortfall,
})
