import { sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { sumRollUps } from '#domain/roll-up.ts'
import type { LocalDays } from '#domain/season.ts'
import type { LedgerDb } from './database.ts'
import { rankingDays } from './ranking-days.ts'
import { rankingFigures } from './ranking-figures.ts'
import { nobody } from './ranking-roll-up.ts'
import { rollUpOf, type SumColumns, sumColumns } from './ranking-sums.ts'
import { supplyReader } from './ranking-supply.ts'
import { rankingVetoes } from './ranking-vetoes.ts'
import { nowhere } from './registry-districts.ts'
import { counts, territoryBelow } from './registry-view.ts'

/** Days of a territory, both included: what a list is about. */
export interface RankingPeriod extends LocalDays {
  readonly territory: string
}

/**
 * All that the points of a period follow from, firm by firm, from the roll-ups as they are now; with `supplyAsOf`
 * without what was told of circuits after that time.
 */
export async function firmInputs(
  db: LedgerDb,
  policy: Policy,
  period: RankingPeriod,
  supplyAsOf?: number,
): Promise<FirmInput[]> {
  const { territory } = period
  const districts = await districtsOf(db, territory)
  const coldest = await coldestDays(db, period)
  const byFirm = Map.groupBy(await firmParts(db, period, districts, coldest), ({ firm }) => firm)
  const imported = await rankingFigures(db, territory, period)
  const vetoes = await rankingVetoes(db, period)
  const supplyOf = await supplyReader(db, policy, period, districts, supplyAsOf)
  const firms = new Set([...byFirm.keys(), ...imported.map(({ firm }) => firm), ...(await suppliersIn(db, territory))])
  return [...firms].sort().map((firm) => {
    const parts = byFirm.get(firm) ?? []
    const days = parts.reduce((sum, part) => sum + part.days, 0)
    const cold = parts.filter((part) => part.cold === 1)
    const perDay = (column: keyof SumColumns) =>
      days === 0 ? 0 : Math.round(parts.reduce((sum, part) => sum + part[column], 0) / days)
    return {
      firm,
      days,
      probes: perDay('probes'),
      connectedHomes: perDay('homes'),
      heatedAreaM2: perDay('area_tenths') / 10,
      rollUp: sumRollUps(parts.map(rollUpOf)),
      ...(cold.length > 0 && { coldestDays: sumRollUps(cold.map(rollUpOf)) }),
      ...supplyOf(firm, perDay('watched_homes')),
      imported: Object.fromEntries(
        imported.filter((input) => input.firm === firm).map(({ measure, value }) => [measure, value]),
      ),
      vetoes: vetoes
        .filter((veto) => veto.firm === firm)
        .map(({ kind, state, evidence, document }) => ({
          kind,
          state,
          evidence,
          ...(document !== undefined && { document }),
        })),
    }
  })
}

/** A firm's sums over the days of a period that are alike: among the coldest or not. */
interface FirmPart extends SumColumns {
  readonly firm: string
  readonly cold: 0 | 1
  /** Parts have no days in common, so that these may be added. */
  readonly days: number
}

/** Added up by the ledger: a season of a large city has a hundred thousand rows, and a firm has two parts. */
async function firmParts(
  db: LedgerDb,
  { fromDay, toDay }: RankingPeriod,
  districts: readonly string[],
  coldest: ReadonlySet<number>,
): Promise<FirmPart[]> {
  const sums = sql.join(sumColumns.map((column) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`))
  const cold = coldest.size === 0 ? sql`0` : sql`case when day in (${sql.join([...coldest])}) then 1 else 0 end`
  const found = await sql<FirmPart>`
    select firm, ${cold} as cold, count(distinct day) as days, ${sums} from firm_day
    where day >= ${fromDay} and day <= ${toDay} and district in (${sql.join(districts)}) and firm != ${nobody}
    group by 1, 2 order by 1, 2`.execute(db)
  return found.rows
}

/** The districts that a list is about: those below its territory, or the district itself. */
export async function districtsOf(db: LedgerDb, territory: string): Promise<string[]> {
  const found = await sql<{ id: string }>`select id from territory as node
    where node.kind = 'district' and ${counts('territory', 'node')} and node.id in ${territoryBelow(territory)}`.execute(
    db,
  )
  return [nowhere, ...found.rows.map(({ id }) => id)]
}

/** Every registered supplier belongs on the city's own list, with or without data. */
async function suppliersIn(db: LedgerDb, territory: string): Promise<string[]> {
  const found = await sql<{ id: string }>`select id from firm where firm.role != 'source' and ${counts('firm', 'firm')}
    and exists (select 1 from territory as node
      where node.id = ${territory} and node.kind = 'city' and ${counts('territory', 'node')})`.execute(db)
  return found.rows.map(({ id }) => id)
}

/** The coldest quarter of the days whose outdoor temperature is known; of two that are alike, the earlier. */
export async function coldestDays(db: LedgerDb, period: RankingPeriod): Promise<Set<number>> {
  const known = (await rankingDays(db, period))
    .map(({ day, outdoor_c }) => ({ day, outdoorC: outdoor_c }))
    .filter((entry): entry is { day: number; outdoorC: number } => entry.outdoorC !== null)
    .sort((left, right) => left.outdoorC - right.outdoorC || left.day - right.day)
  return new Set(known.slice(0, Math.ceil(known.length / 4)).map(({ day }) => day))
}
