import { type RawBuilder, sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { coldestDays, districtsOf, type RankingPeriod } from './ranking-inputs.ts'
import type { SumColumns } from './ranking-sums.ts'
import { territoryBelow } from './registry-view.ts'

/** What is measured in homes; each is evidenced by the days and the places that cost most. */
export type HomeMeasure = 'shareAtTarget' | 'depthK' | 'steadyShare' | 'coveredShare'

/** What is missing to the best value: the more, the worse the day or the place. */
const lost: Readonly<Record<HomeMeasure, string>> = {
  shareAtTarget: 'area_minutes - area_minutes_at_target',
  steadyShare: 'area_minutes - area_minutes_at_target',
  depthK: 'area_shortfall',
  coveredShare: 'area_minutes - area_minutes_covered',
}

/** A day of a firm, with all of its homes in the list's territory. */
export interface DayEvidence {
  readonly day: number
  readonly homes: number
  readonly probes: number
  readonly shareAtTarget: number
  readonly depthK: number
  readonly coveredShare: number
  readonly excludedHomeDays: number
}

/** A circuit's homes in one building on such a day. */
export interface PlaceEvidence extends DayEvidence {
  readonly circuit: string
  readonly building: string
}

/** So many days are looked into. */
const daysMax = 10

/**
 * The days that cost a firm most by a measure, and on them the circuits and buildings that did, from the worst.
 * Figures of fewer than `probesMin` probes are left out.
 */
export async function homeEvidence(
  db: LedgerDb,
  firm: string,
  period: RankingPeriod,
  { measure, probesMin, limit }: { readonly measure: HomeMeasure; readonly probesMin: number; readonly limit: number },
): Promise<{ readonly days: readonly DayEvidence[]; readonly places: readonly PlaceEvidence[] }> {
  const loss = sql.raw(lost[measure])
  const days = await worstDays(db, firm, period, { measure, probesMin, loss })
  if (days.length === 0) return { days: [], places: [] }
  const inside = sql<boolean>`estate in ${territoryBelow(period.territory)}`
  const rows = await db
    .selectFrom('roll_up_day')
    .selectAll()
    .where('firm', '=', firm)
    .where(
      'day',
      'in',
      days.map(({ day }) => day),
    )
    .where('area_minutes', '>', 0)
    .where('probes', '>=', probesMin)
    .where(inside)
    .orderBy(loss, 'desc')
    .orderBy('day')
    .orderBy('circuit')
    .orderBy('building')
    .limit(limit)
    .execute()
  const places = rows.map((row) => ({ ...shown(row), circuit: row.circuit, building: row.building }))
  return { days: days.map(shown), places: withoutRemainders(days, places, probesMin) }
}

/**
 * Leaves places out until what is left of each day is of enough probes: who knows the day and all places but one knows
 * that one.
 */
function withoutRemainders(
  days: readonly FirmDay[],
  places: readonly PlaceEvidence[],
  probesMin: number,
): readonly PlaceEvidence[] {
  const hidden = new Set<PlaceEvidence>()
  for (const { day, probes } of days) {
    const shownPlaces = places.filter((place) => place.day === day).sort((left, right) => right.probes - left.probes)
    let left = shownPlaces.reduce((rest, place) => rest - place.probes, probes)
    while (left > 0 && left < probesMin) {
      const smallest = shownPlaces.pop()
      if (!smallest) break
      hidden.add(smallest)
      left += smallest.probes
    }
  }
  return places.filter((place) => !hidden.has(place))
}

type FirmDay = SumColumns & { readonly day: number }

async function worstDays(
  db: LedgerDb,
  firm: string,
  period: RankingPeriod,
  { measure, probesMin, loss }: { measure: HomeMeasure; probesMin: number; loss: RawBuilder<unknown> },
): Promise<FirmDay[]> {
  const { territory, fromDay, toDay } = period
  const districts = await districtsOf(db, territory)
  const coldest = measure === 'steadyShare' ? [...(await coldestDays(db, period))] : undefined
  if (coldest?.length === 0) return []
  const some = coldest ? sql`and day in (${sql.join(coldest)})` : sql``
  const sum = (column: keyof SumColumns) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`
  const found = await sql<FirmDay>`
    select day, ${sql.join((['homes', 'probes', 'area_minutes', 'area_minutes_at_target', 'area_minutes_covered', 'area_shortfall', 'excluded_home_days'] as const).map(sum))}
    from firm_day where firm = ${firm} and day >= ${fromDay} and day <= ${toDay}
      and district in (${sql.join(districts)}) ${some}
    group by day having sum(area_minutes) > 0 and sum(probes) >= ${probesMin}
    order by sum(${loss}) desc, day limit ${sql.lit(daysMax)}`.execute(db)
  return found.rows
}

const shown = (row: FirmDay): DayEvidence => ({
  day: row.day,
  homes: row.homes,
  probes: row.probes,
  shareAtTarget: row.area_minutes_at_target / row.area_minutes,
  depthK: (row.area_shortfall * 6) / row.area_minutes,
  coveredShare: row.area_minutes_covered / row.area_minutes,
  excludedHomeDays: row.excluded_home_days,
})
