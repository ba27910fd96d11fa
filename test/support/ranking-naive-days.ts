import type { GoldenCity } from './ranking-golden-city.ts'

/** Which days a list is about, and what counts on them: a part of `naiveRanking`. */
export interface NaivePeriod {
  readonly territory: string
  readonly fromDay: number
  readonly toDay: number
  readonly districts: readonly string[]
  /** Firms that stand on the list though nothing was measured of them. */
  readonly listed: readonly string[]
}

export const tenths = (areaM2: number) => Math.round(areaM2 * 10)
export const days = ({ fromDay, toDay }: Pick<NaivePeriod, 'fromDay' | 'toDay'>) =>
  Array.from({ length: toDay - fromDay + 1 }, (_, index) => fromDay + index)

/** Days that count for nobody: the service began, or was down for more than four hours. */
export function isForNobody({ beganOn, down }: GoldenCity, day: number): boolean {
  const downMinutes = down.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, (day + 1) * 1440) - Math.max(from, day * 1440)),
    0,
  )
  return day <= beganOn || downMinutes > 4 * 60
}

export const isExcluded = ({ exclusions }: GoldenCity, day: number, placeKind: string, place: string) =>
  exclusions.some(
    (one) =>
      one.confirmed && one.placeKind === placeKind && one.place === place && one.fromDay <= day && day <= one.toDay,
  )
