import { sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { localDayNumbered, seasonOn } from '#domain/season.ts'
import { isCold } from '#domain/supply-hours.ts'
import { type CircuitSupply, interruptions, type Stretch, sumOutages } from '#domain/supply-outage.ts'
import { hourMs } from '#domain/time.ts'
import { coldSupply } from './circuit-supply.ts'
import type { LedgerDb } from './database.ts'
import { nobody } from './ranking-roll-up.ts'
import { counts, territoryBelow } from './registry-view.ts'

/** At either end of a season, days for which it matters who was late and who stopped early. */
const edgeDays = 10

interface Days {
  readonly fromDay: number
  readonly toDay: number
}
type Supply = Pick<FirmInput, 'outage' | 'edges'>

/**
 * Outages of firms, and how far their circuits were open at the season's edges, over the circuits that have a plant
 * sensor. Only circuits that were once without are looked at one by one. A silent plant sensor counts as no flow:
 * silence proves no heat. `watchedHomes` is how many homes a firm had on such circuits on an average day.
 */
export async function supplyReader(
  db: LedgerDb,
  policy: Policy,
  days: Days,
  districts: readonly string[],
): Promise<(firm: string, watchedHomes: number) => Supply> {
  const supplies = Map.groupBy(await suppliesWithout(db, policy, days, districts), ({ firm }) => firm)
  const opened = await openedAtEdges(db, policy, days, districts)
  const period = stretchOf(policy, days)
  return (firm, watchedHomes) => {
    const edges = opened.get(firm)
    return {
      ...(watchedHomes > 0 && { outage: { ...sumOutages(supplies.get(firm) ?? [], period), homes: watchedHomes } }),
      ...(edges && { edges }),
    }
  }
}

/** One interruption of a circuit's supply, with the homes that were without. */
export interface Interruption extends Stretch {
  readonly circuit: string
  readonly homes: number
}

/** Interruptions of a firm's supply in a period, from the one that cost most dwelling-hours. */
export async function interruptionsOfFirm(
  db: LedgerDb,
  policy: Policy,
  days: Days,
  { districts, firm, limit }: { readonly districts: readonly string[]; readonly firm: string; readonly limit: number },
): Promise<Interruption[]> {
  const period = stretchOf(policy, days)
  const cost = ({ homes, from, to }: Interruption) => homes * (to - from)
  return (await suppliesWithout(db, policy, days, districts))
    .filter((supply) => supply.firm === firm)
    .flatMap(({ circuit, homes, without }) =>
      interruptions(without, period).map((stretch) => ({ ...stretch, circuit, homes })),
    )
    .sort((left, right) => cost(right) - cost(left) || left.from - right.from)
    .slice(0, limit)
}

const stretchOf = ({ season }: Policy, { fromDay, toDay }: Days): Stretch => ({
  from: localDayNumbered(season.zone, fromDay).beginsAt,
  to: localDayNumbered(season.zone, toDay).endsAt,
})

interface FirmSupply extends CircuitSupply {
  readonly firm: string
  readonly circuit: string
}

/** Circuits that were once without, each for as long as a firm had it. */
async function suppliesWithout(
  db: LedgerDb,
  policy: Policy,
  days: Days,
  districts: readonly string[],
): Promise<FirmSupply[]> {
  const stretches = await stretchesWithout(db, policy, days)
  const hit = await hitCircuits(db, days, [...stretches.keys()], await estatesOf(db, districts))
  return hit.map(({ firm, circuit, first, last, homes, area }) => {
    const own = stretchOf(policy, { fromDay: first, toDay: last })
    const without = (stretches.get(circuit) ?? []).map(({ from, to }) => ({
      from: Math.max(from, own.from),
      to: Math.min(to, own.to),
    }))
    return { firm, circuit, homes, heatedAreaM2: area / 10, without }
  })
}

/** Area times hours of each firm at the edges of the season, and how much of it was open. */
async function openedAtEdges(
  db: LedgerDb,
  policy: Policy,
  days: Days,
  districts: readonly string[],
): Promise<Map<string, NonNullable<Supply['edges']>>> {
  const edges = edgesWithin(policy, days.fromDay, days.toDay)
  if (edges.length === 0) return new Map()
  const within = edges.map(({ fromDay, toDay }) => sql`day between ${fromDay} and ${toDay}`)
  const found = await sql<{ firm: string; whole: number; opened: number }>`
    select firm, sum(area_tenths * hours) as whole, sum(area_tenths * open_hours) as opened from circuit_supply
    where (${sql.join(within, sql` or `)}) and district in (${sql.join(districts)}) and firm != ${nobody}
    group by firm having sum(hours) > 0`.execute(db)
  return new Map(
    found.rows.map(({ firm, whole, opened }) => [firm, { areaHours: whole / 10, areaHoursOpen: opened / 10 }]),
  )
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

/** The first and the last days of the season, as far as they lie in a period. */
export function edgesWithin(policy: Policy, fromDay: number, toDay: number): Days[] {
  const season = seasonOn(policy.season, fromDay) ?? seasonOn(policy.season, toDay)
  if (!season) return []
  return [
    { fromDay: season.firstDay, toDay: season.firstDay + edgeDays - 1 },
    { fromDay: season.lastDay - edgeDays + 1, toDay: season.lastDay },
  ].filter((edge) => fromDay <= edge.fromDay && edge.toDay <= toDay)
}

const supplyRules = ['noFlow', 'plantSilent']

/** When circuits had no flow, by what the watch flagged on them or on their substation, or no useful temperature. */
async function stretchesWithout(
  db: LedgerDb,
  policy: Policy,
  days: { readonly fromDay: number; readonly toDay: number },
): Promise<Map<string, Stretch[]>> {
  const { from, to } = stretchOf(policy, days)
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
  for (const { day, circuit, ...hours } of await coldSupply(db, days)) {
    const { beginsAt, endsAt } = localDayNumbered(policy.season.zone, day)
    const ofCircuit = stretches.get(circuit) ?? []
    for (let from = beginsAt, hour = 0; from < endsAt; from += hourMs, hour += 1) {
      if (isCold(hours, hour)) ofCircuit.push({ from, to: from + hourMs })
    }
    stretches.set(circuit, ofCircuit)
  }
  return stretches
}
