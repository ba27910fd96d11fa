import { type Selectable, sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { sumRollUps } from '#domain/roll-up.ts'
import { localDayBounds, seasonOn } from '#domain/season.ts'
import { type CircuitSupply, type Stretch, sumOutages, valveOpeningByHour } from '#domain/supply-outage.ts'
import type { LedgerDb } from './database.ts'
import { measuredOf, type RankingDayTables, rankingDays } from './ranking-days.ts'
import { rankingInputs, rankingVetoes } from './ranking-records.ts'
import { nobody } from './ranking-roll-up.ts'
import { counts, inForce, territoryBelow } from './registry-view.ts'

/** Days of a territory, both included: what a list is about. */
export interface RankingPeriod {
  readonly territory: string
  readonly fromDay: number
  readonly toDay: number
}

/** All that the points of a period follow from, firm by firm, from the roll-ups as they are now. */
export async function firmInputs(db: LedgerDb, policy: Policy, period: RankingPeriod): Promise<FirmInput[]> {
  const { territory, fromDay, toDay } = period
  const districts = await districtsOf(db, territory)
  const coldest = await coldestDays(db, period)
  const byFirm = new Map<string, Selectable<RankingDayTables['firm_day']>[]>()
  const rows = await db
    .selectFrom('firm_day')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .where('district', 'in', districts)
    .where('firm', '!=', nobody)
    .execute()
  for (const row of rows) {
    const ofFirm = byFirm.get(row.firm)
    if (ofFirm) ofFirm.push(row)
    else byFirm.set(row.firm, [row])
  }
  const imported = await rankingInputs(db, territory, period)
  const vetoes = await rankingVetoes(db, period)
  const supplies = await circuitSupplies(db, policy, period, districts)
  const firms = new Set([...byFirm.keys(), ...imported.map(({ firm }) => firm), ...(await suppliersIn(db, territory))])
  return [...firms].sort().map((firm) => {
    const days = byFirm.get(firm) ?? []
    const dates = new Set(days.map(({ day }) => day))
    const cold = days.filter(({ day }) => coldest.has(day))
    const perDay = (total: number) => (dates.size === 0 ? 0 : Math.round(total / dates.size))
    return {
      firm,
      days: dates.size,
      probes: perDay(days.reduce((sum, { probes }) => sum + probes, 0)),
      connectedHomes: perDay(days.reduce((sum, { homes }) => sum + homes, 0)),
      heatedAreaM2: perDay(days.reduce((sum, { area_tenths }) => sum + area_tenths, 0)) / 10,
      rollUp: sumRollUps(days.map((day) => measuredOf(day).rollUp)),
      ...(cold.length > 0 && { coldestDays: sumRollUps(cold.map((day) => measuredOf(day).rollUp)) }),
      ...supplies.get(firm),
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

/** The districts that a list is about: those below its territory, or the district itself. */
async function districtsOf(db: LedgerDb, territory: string): Promise<string[]> {
  const found = await sql<{ id: string }>`select id from territory as node
    where node.kind = 'district' and ${counts('territory', 'node')} and node.id in ${territoryBelow(territory)}`.execute(
    db,
  )
  return [nobody, ...found.rows.map(({ id }) => id)]
}

/** Every registered supplier belongs on the city's own list, with or without data. */
async function suppliersIn(db: LedgerDb, territory: string): Promise<string[]> {
  const found = await sql<{ id: string }>`select id from firm where firm.role != 'source' and ${counts('firm', 'firm')}
    and exists (select 1 from territory as node
      where node.id = ${territory} and node.kind = 'city' and ${counts('territory', 'node')})`.execute(db)
  return found.rows.map(({ id }) => id)
}

/** The coldest quarter of the days whose outdoor temperature is known; of two that are alike, the earlier. */
async function coldestDays(db: LedgerDb, period: RankingPeriod): Promise<Set<number>> {
  const known = (await rankingDays(db, period))
    .map(({ day, outdoor_c }) => ({ day, outdoorC: outdoor_c }))
    .filter((entry): entry is { day: number; outdoorC: number } => entry.outdoorC !== null)
    .sort((left, right) => left.outdoorC - right.outdoorC || left.day - right.day)
  return new Set(known.slice(0, Math.ceil(known.length / 4)).map(({ day }) => day))
}

/** At either end of a season, days for which it matters who was late and who stopped early. */
const edgeDays = 10

type Supply = Pick<FirmInput, 'outage' | 'edges'>

/**
 * Outages and flow at the season's edges for each firm, of the circuits that have a plant sensor. A circuit whose
 * sensor is silent counts as one without flow: silence is no proof of heat.
 */
async function circuitSupplies(
  db: LedgerDb,
  policy: Policy,
  { fromDay, toDay }: RankingPeriod,
  districts: readonly string[],
): Promise<Map<string, Supply>> {
  const found = await sql<{
    firm: string
    circuit: string
    first: number
    last: number
    homes: number
    area: number
  }>`select firm, circuit, min(day) as first, max(day) as last, max(homes) as homes, max(area) as area
    from (select day, firm, circuit, sum(homes) as homes, sum(area_tenths) as area from roll_up_day
      where day >= ${fromDay} and day <= ${toDay}
        and estate in (${sql.join(await estatesOf(db, districts))}) group by day, firm, circuit) as daily
    where firm != ${nobody} group by firm, circuit order by firm, circuit`.execute(db)
  const begins = (day: number) => localDayBounds(policy.season.zone, day).beginsAt
  const stretches = await stretchesWithoutFlow(db, begins(fromDay), begins(toDay + 1))
  const watched = await watchedCircuits(db, begins(toDay))
  const edges = edgesWithin(policy, fromDay, toDay)
  const byFirm = new Map<string, { supply: CircuitSupply; first: number; last: number }[]>()
  for (const { firm, circuit, first, last, homes, area } of found.rows) {
    if (!watched.has(circuit)) continue
    const own = { from: begins(first), to: begins(last + 1) }
    const without = (stretches.get(circuit) ?? []).map((stretch) => ({
      from: Math.max(stretch.from, own.from),
      to: Math.min(stretch.to, own.to),
    }))
    const supply = { homes, heatedAreaM2: area / 10, without }
    byFirm.set(firm, [...(byFirm.get(firm) ?? []), { supply, first, last }])
  }
  const period = { from: begins(fromDay), to: begins(toDay + 1) }
  return new Map(
    [...byFirm].map(([firm, circuits]): [string, Supply] => {
      const supplies = circuits.map(({ supply }) => supply)
      let [areaHours, areaHoursOpen] = [0, 0]
      for (const edge of edges) {
        const serving = circuits.filter(({ first, last }) => first <= edge.first && last >= edge.last)
        const shares = valveOpeningByHour(
          serving.map(({ supply }) => supply),
          { from: begins(edge.first), to: begins(edge.last + 1) },
        )
        const area = serving.reduce((sum, { supply }) => sum + supply.heatedAreaM2, 0)
        for (const share of shares ?? []) {
          areaHours += area
          areaHoursOpen += share * area
        }
      }
      return [
        firm,
        {
          outage: sumOutages(supplies, period),
          ...(areaHours > 0 && { edges: { areaHours, areaHoursOpen: Math.round(areaHoursOpen * 100) / 100 } }),
        },
      ]
    }),
  )
}

async function estatesOf(db: LedgerDb, districts: readonly string[]): Promise<string[]> {
  const estates: string[] = [nobody]
  for (const district of districts) {
    const found = await sql<{ id: string }>`select id from territory as node
      where node.kind = 'estate' and ${counts('territory', 'node')} and node.id in ${territoryBelow(district)}`.execute(
      db,
    )
    estates.push(...found.rows.map(({ id }) => id))
  }
  return estates
}

function edgesWithin(policy: Policy, fromDay: number, toDay: number): { first: number; last: number }[] {
  const season = seasonOn(policy.season, fromDay) ?? seasonOn(policy.season, toDay)
  if (!season) return []
  return [
    { first: season.firstDay, last: season.firstDay + edgeDays - 1 },
    { first: season.lastDay - edgeDays + 1, last: season.lastDay },
  ].filter(({ first, last }) => fromDay <= first && last <= toDay)
}

const supplyRules = ['noFlow', 'plantSilent']

/** When circuits had no flow, by what the watch flagged on them or on their substation. */
async function stretchesWithoutFlow(db: LedgerDb, from: number, to: number): Promise<Map<string, Stretch[]>> {
  const flags = await db
    .selectFrom('flag')
    .select(['subject_kind', 'subject', 'since', 'cleared_at'])
    .where('rule', 'in', supplyRules)
    .where('subject_kind', 'in', ['circuit', 'substation'])
    .where('since', '<', to)
    .where(({ eb, or }) => or([eb('cleared_at', 'is', null), eb('cleared_at', '>', from)]))
    .orderBy('since')
    .execute()
  const circuits = await sql<{ id: string; substation: string }>`
    select id, substation from circuit where ${counts('circuit', 'circuit')} order by id`.execute(db)
  const below = Map.groupBy(circuits.rows, ({ substation }) => substation)
  const stretches = new Map<string, Stretch[]>()
  for (const flag of flags) {
    const hit = flag.subject_kind === 'circuit' ? [flag.subject] : (below.get(flag.subject) ?? []).map(({ id }) => id)
    for (const circuit of hit) {
      const ofCircuit = stretches.get(circuit) ?? []
      ofCircuit.push({ from: flag.since, to: flag.cleared_at ?? to })
      stretches.set(circuit, ofCircuit)
    }
  }
  return stretches
}

/** Circuits with a plant sensor, of their own or in their substation. */
async function watchedCircuits(db: LedgerDb, at: number): Promise<Set<string>> {
  const found = await sql<{ id: string }>`
    select circuit.id from circuit where ${counts('circuit', 'circuit')} and exists (
      select 1 from device_period as period where ${inForce('device_period', 'period', at)} and (
        (period.place_kind = 'circuit' and period.place = circuit.id)
        or (period.place_kind = 'substation' and period.place = circuit.substation)))`.execute(db)
  return new Set(found.rows.map(({ id }) => id))
}

/** A stretch of a day's roll-ups behind one firm's points: which buildings and circuits, from the worst. */
export interface Evidence {
  readonly day: number
  readonly circuit: string
  readonly building: string
  readonly homes: number
  readonly probes: number
  readonly shareAtTarget: number
  readonly excludedHomeDays: number
}

/** Days, circuits and buildings where a firm's homes were longest not at target, of at least so many probes. */
export async function evidenceOf(
  db: LedgerDb,
  firm: string,
  { territory, fromDay, toDay }: RankingPeriod,
  probesMin: number,
  limit: number,
): Promise<Evidence[]> {
  const rows = await db
    .selectFrom('roll_up_day')
    .selectAll()
    .where('firm', '=', firm)
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .where('area_minutes', '>', 0)
    .where('probes', '>=', probesMin)
    .where(sql<boolean>`estate in ${territoryBelow(territory)}`)
    .orderBy(sql`area_minutes - area_minutes_at_target`, 'desc')
    .orderBy('day')
    .orderBy('circuit')
    .orderBy('building')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    day: row.day,
    circuit: row.circuit,
    building: row.building,
    homes: row.homes,
    probes: row.probes,
    shareAtTarget: row.area_minutes_at_target / row.area_minutes,
    excludedHomeDays: row.excluded_home_days,
  }))
}
