import { sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { localDayNumbered, seasonOn } from '#domain/season.ts'
import { type CircuitSupply, type Stretch, sumOutages, valveOpeningByHour } from '#domain/supply-outage.ts'
import type { LedgerDb } from './database.ts'
import type { FirmPart, RankingPeriod } from './ranking-inputs.ts'
import { nobody } from './ranking-roll-up.ts'
import { counts, territoryBelow } from './registry-view.ts'

/** At either end of a season, days for which it matters who was late and who stopped early. */
const edgeDays = 10

export interface SeasonEdge {
  readonly first: number
  readonly last: number
}
type Supply = Pick<FirmInput, 'outage' | 'edges'>

/**
 * Outages of a firm, and flow at the season's edges, over its circuits that have a plant sensor. Only circuits that
 * were once without flow are looked at one by one. A silent plant sensor counts as no flow: silence proves no heat.
 */
export async function supplyReader(
  db: LedgerDb,
  policy: Policy,
  { fromDay, toDay }: RankingPeriod,
  districts: readonly string[],
  edges: readonly SeasonEdge[],
): Promise<(firm: string, parts: readonly FirmPart[]) => Supply> {
  const begins = (day: number) => localDayNumbered(policy.season.zone, day).beginsAt
  const period = { from: begins(fromDay), to: begins(toDay + 1) }
  const stretches = await stretchesWithoutFlow(db, period.from, period.to)
  const hit = await hitCircuits(db, { fromDay, toDay }, [...stretches.keys()], await estatesOf(db, districts))
  const supplies = new Map<string, CircuitSupply[]>()
  for (const { firm, circuit, first, last, homes, area } of hit) {
    const own = { from: begins(first), to: begins(last + 1) }
    const without = (stretches.get(circuit) ?? []).map(({ from, to }) => ({
      from: Math.max(from, own.from),
      to: Math.min(to, own.to),
    }))
    supplies.set(firm, [...(supplies.get(firm) ?? []), { homes, heatedAreaM2: area / 10, without }])
  }
  return (firm, parts) => {
    const watchedHomes = parts.reduce((sum, part) => sum + part.watched_homes, 0)
    if (watchedHomes === 0) return {}
    const ofFirm = supplies.get(firm) ?? []
    const homes = Math.round(watchedHomes / parts.reduce((sum, part) => sum + part.days, 0))
    let [areaHours, areaHoursShut] = [0, 0]
    for (const [index, { first, last }] of edges.entries()) {
      const within = { from: begins(first), to: begins(last + 1) }
      const area = parts
        .filter(({ edge }) => edge === index + 1)
        .reduce((sum, part) => sum + part.watched_area_tenths / 10, 0)
      const hitArea = ofFirm.reduce((sum, { heatedAreaM2 }) => sum + heatedAreaM2, 0)
      const open = valveOpeningByHour(ofFirm, within) ?? []
      areaHours += area * 24
      areaHoursShut += open.reduce((sum, share) => sum + (1 - share) * hitArea, 0)
    }
    const areaHoursOpen = Math.round(Math.max(0, areaHours - areaHoursShut) * 100) / 100
    return {
      outage: { ...sumOutages(ofFirm, period), homes },
      ...(areaHours > 0 && { edges: { areaHours, areaHoursOpen } }),
    }
  }
}

interface HitCircuit {
  readonly firm: string
  readonly circuit: string
  readonly first: number
  readonly last: number
  readonly homes: number
  readonly area: number
}

/** A statement holds so many values beside the rest. */
const circuitsPerStatementMax = 500

/** Which firm had which of the circuits from when until when, with the homes and the area on it. */
async function hitCircuits(
  db: LedgerDb,
  { fromDay, toDay }: { readonly fromDay: number; readonly toDay: number },
  circuits: readonly string[],
  estates: ReadonlySet<string>,
): Promise<HitCircuit[]> {
  const found: HitCircuit[] = []
  for (let start = 0; start < circuits.length; start += circuitsPerStatementMax) {
    const rows = await db
      .selectFrom('roll_up_day')
      .select(['day', 'firm', 'circuit', 'estate', 'watched_homes', 'watched_area_tenths'])
      .where('circuit', 'in', circuits.slice(start, start + circuitsPerStatementMax))
      .where('day', '>=', fromDay)
      .where('day', '<=', toDay)
      .where('firm', '!=', nobody)
      .execute()
    const inside = rows.filter(({ estate, watched_homes }) => estates.has(estate) && watched_homes > 0)
    for (const stay of Map.groupBy(inside, ({ firm, circuit }) => `${firm}/${circuit}`).values()) {
      const days = Map.groupBy(stay, ({ day }) => day)
      const daily = [...days.values()].map((parts) => ({
        homes: parts.reduce((sum, part) => sum + part.watched_homes, 0),
        area: parts.reduce((sum, part) => sum + part.watched_area_tenths, 0),
      }))
      const [one] = stay
      if (!one) continue
      found.push({
        firm: one.firm,
        circuit: one.circuit,
        first: Math.min(...days.keys()),
        last: Math.max(...days.keys()),
        homes: Math.max(...daily.map(({ homes }) => homes)),
        area: Math.max(...daily.map(({ area }) => area)),
      })
    }
  }
  return found.sort((left, right) => (left.circuit < right.circuit ? -1 : 1))
}

async function estatesOf(db: LedgerDb, districts: readonly string[]): Promise<Set<string>> {
  const estates: string[] = []
  for (const district of districts) {
    const found = await sql<{ id: string }>`select id from territory as node
      where node.kind = 'estate' and ${counts('territory', 'node')} and node.id in ${territoryBelow(district)}`.execute(
      db,
    )
    estates.push(...found.rows.map(({ id }) => id))
  }
  return new Set(estates)
}

export function edgesWithin(policy: Policy, fromDay: number, toDay: number): SeasonEdge[] {
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
