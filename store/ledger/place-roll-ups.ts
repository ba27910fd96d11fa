import { type RawBuilder, sql } from 'kysely'
import { territoryKinds } from '#domain/registry.ts'
import type { LocalDays } from '#domain/season.ts'
import type { LedgerDb } from './database.ts'
import { nobody } from './ranking-roll-up.ts'
import { addSums, emptySums, type SumColumns, sumColumns } from './ranking-sums.ts'
import { counts, inForce, territoryBelow } from './registry-view.ts'

/** What homes are rolled up to: whatever they lie in, hang on or are heated by. */
export const rollUpLevels = ['building', 'circuit', 'substation', 'source', 'firm', ...territoryKinds] as const
export type RollUpLevel = (typeof rollUpLevels)[number]

/** The sums of a place over some days, and the homes and probes of an average day. */
export interface PlaceRollUp {
  readonly place: string
  readonly days: number
  readonly sums: SumColumns
}

interface Asked extends LocalDays {
  readonly level: RollUpLevel
  /** Only homes below this territory node. */
  readonly territory: string
  /** Only homes that this firm heated. */
  readonly firm?: string
}

/** Rolls homes up to every place of a level, from what is kept by circuit and building; in the order of their ids. */
export async function placeRollUps(db: LedgerDb, asked: Asked): Promise<PlaceRollUp[]> {
  const unit = keptUnit(asked.level)
  const rows = await keptSums(db, asked, unit)
  const placesOf = await above(db, asked)
  const found = new Map<string, { days: number; sums: SumColumns }>()
  for (const { unit: id, days, ...more } of rows) {
    for (const place of placesOf(id)) {
      const sums = found.get(place) ?? { days: 0, sums: { ...emptySums } }
      addSums(sums.sums, more)
      sums.days = Math.max(sums.days, days)
      found.set(place, sums)
    }
  }
  return [...found]
    .map(([place, { days, sums }]) => ({ place, days, sums }))
    .sort((left, right) => (left.place < right.place ? -1 : 1))
}

type KeptUnit = 'building' | 'circuit' | 'firm' | 'estate'

function keptUnit(level: RollUpLevel): KeptUnit {
  if (level === 'building' || level === 'firm') return level
  return level === 'circuit' || level === 'substation' || level === 'source' ? 'circuit' : 'estate'
}

async function keptSums(
  db: LedgerDb,
  { territory, fromDay, toDay, firm }: Asked,
  unit: KeptUnit,
): Promise<(SumColumns & { readonly unit: string; readonly days: number })[]> {
  const sums = sql.join(sumColumns.map((column) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`))
  const conditions: RawBuilder<unknown>[] = [
    sql`day >= ${fromDay} and day <= ${toDay}`,
    sql`estate in ${territoryBelow(territory)}`,
  ]
  if (firm !== undefined) conditions.push(sql`firm = ${firm}`)
  if (unit === 'firm') conditions.push(sql`firm <> ${nobody}`)
  const found = await sql<SumColumns & { unit: string; days: number }>`
    select ${sql.ref(unit)} as unit, count(distinct day) as days, ${sums} from roll_up_day
    where ${sql.join(conditions, sql` and `)} group by ${sql.ref(unit)}`.execute(db)
  return found.rows
}

/** Which places of a level a kept unit counts for: one, but for a substation that has several sources. */
async function above(db: LedgerDb, { level, toDay }: Asked): Promise<(unit: string) => readonly string[]> {
  if (level === 'substation' || level === 'source') {
    const circuits = await sql<{ id: string; substation: string }>`select id, substation from circuit
      where ${counts('circuit', 'circuit')}`.execute(db)
    const substations = new Map(circuits.rows.map(({ id, substation }) => [id, substation]))
    const substationOf = (circuit: string) => substations.get(circuit)
    if (level === 'substation') return (circuit) => present(substationOf(circuit))
    const fed = await sql<{ substation: string; source: string }>`select substation, source
      from substation_source as period
      where ${inForce('substation_source', 'period', (toDay + 1) * 86_400_000)}`.execute(db)
    const sources = Map.groupBy(fed.rows, ({ substation }) => substation)
    return (circuit) => (sources.get(substationOf(circuit) ?? '') ?? []).map(({ source }) => source)
  }
  if (level === 'building' || level === 'circuit' || level === 'firm') return (unit) => [unit]
  const nodes = await sql<{ id: string; kind: string; parent: string | null }>`
    select id, kind, parent from territory where ${counts('territory', 'territory')}`.execute(db)
  const byId = new Map(nodes.rows.map((node) => [node.id, node]))
  return (estate) => {
    let node = byId.get(estate)
    while (node && node.kind !== level) node = node.parent === null ? undefined : byId.get(node.parent)
    return present(node?.id)
  }
}

const present = (id: string | undefined): readonly string[] => (id === undefined ? [] : [id])
