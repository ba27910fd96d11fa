import { sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { type LocalDays, localDayAt, seasonEdges, seasonOn } from '#domain/season.ts'
import { openHours } from '#domain/supply-hours.ts'
import { type Interruption, interruptions, sumOutages } from '#domain/supply-outage.ts'
import { type LateCircuit, shutCircuits } from './circuit-supply.ts'
import type { LedgerDb } from './database.ts'
import { type SupplyChange, supplyChanges } from './late-supply.ts'
import { daysForNobody, supplyCounts } from './ranking-left-out.ts'
import { nobody } from './ranking-roll-up.ts'
import { counts, territoryBelow } from './registry-view.ts'
import { perStatement } from './statement-rows.ts'
import { stretchesWithout, stretchOf } from './supply-stretches.ts'

type Supply = Pick<FirmInput, 'outage' | 'edges'>

/**
 * Outages of firms, and how far their circuits were open at the season's edges, over the circuits that have a plant
 * sensor. Only circuits that were once without are looked at one by one. A silent plant sensor counts as no flow:
 * silence proves no heat. `watchedHomes` is how many homes a firm had on such circuits on an average day. With `asOf`,
 * what late readings changed after that time is taken back.
 */
export async function supplyReader(
  db: LedgerDb,
  policy: Policy,
  days: LocalDays,
  districts: readonly string[],
  asOf?: number,
): Promise<(firm: string, watchedHomes: number) => Supply> {
  const asked = await askedFor(db, policy, { days, districts, asOf })
  const interrupted = Map.groupBy(await allInterruptions(db, policy, asked), ({ firm }) => firm)
  const opened = await openedAtEdges(db, policy, asked)
  return (firm, watchedHomes) => {
    const edges = opened.get(firm)
    return {
      ...(watchedHomes > 0 && { outage: sumOutages(watchedHomes, interrupted.get(firm) ?? []) }),
      ...(edges && { edges }),
    }
  }
}

/** One interruption of a circuit's supply, while a firm had the circuit. */
export interface FirmInterruption extends Interruption {
  readonly firm: string
  readonly circuit: string
}

/** What is asked for of a firm: so many rows, of its circuits in some districts. */
interface OfFirm {
  readonly districts: readonly string[]
  readonly firm: string
  readonly limit: number
}

/** Interruptions of a firm's supply in a period, from the one that cost most dwelling-hours. */
export async function interruptionsOfFirm(
  db: LedgerDb,
  policy: Policy,
  days: LocalDays,
  { districts, firm, limit }: OfFirm,
): Promise<FirmInterruption[]> {
  const asked = await askedFor(db, policy, { days, districts })
  const cost = ({ homes, from, to }: Interruption) => homes * (to - from)
  return (await allInterruptions(db, policy, asked))
    .filter((interruption) => interruption.firm === firm)
    .sort((left, right) => cost(right) - cost(left) || left.from - right.from)
    .slice(0, limit)
}

/** Circuits of a firm that were late at the beginning of the season, then those that stopped early at its end. */
export async function shutAtEdges(
  db: LedgerDb,
  policy: Policy,
  days: LocalDays,
  { districts, firm, limit }: OfFirm,
): Promise<LateCircuit[]> {
  const counts = supplyCounts('circuit_supply', await daysForNobody(db, policy.season.zone, days))
  const found: LateCircuit[] = []
  for (const edge of edgesWithin(policy, days.fromDay, days.toDay)) {
    found.push(...(await shutCircuits(db, { ...edge, districts, firm, counts }, limit)))
  }
  return found
}

/** What is asked for: some days, without those that count for nobody, in some districts. */
interface Asked {
  readonly days: LocalDays
  readonly districts: readonly string[]
  readonly forNobody: ReadonlySet<number>
  /** What late readings changed, as it was at the time that is asked for. */
  readonly late: readonly SupplyChange[]
}

const askedFor = async (
  db: LedgerDb,
  { season }: Policy,
  { days, districts, asOf }: Pick<Asked, 'days' | 'districts'> & { readonly asOf?: number | undefined },
): Promise<Asked> => ({
  ...{ days, districts, forNobody: await daysForNobody(db, season.zone, days) },
  late: await supplyChanges(db, days, asOf),
})

/** Every interruption of circuits, for the firm that had the circuit; one that had it for a part of it, for that part. */
async function allInterruptions(db: LedgerDb, policy: Policy, asked: Asked): Promise<FirmInterruption[]> {
  const stretches = await stretchesWithout(db, policy, asked)
  return (await staysOn(db, asked, [...stretches.keys()])).flatMap(({ firm, circuit, homesOn }) =>
    inARow([...homesOn.keys()])
      .flatMap((days) => interruptions(stretches.get(circuit) ?? [], stretchOf(policy, days)))
      .map((stretch) => {
        const { day } = localDayAt(policy.season.zone, stretch.from)
        return { ...stretch, firm, circuit, homes: homesOn.get(day) ?? 0 }
      }),
  )
}

/** Days as periods without a gap. */
function inARow(days: readonly number[]): LocalDays[] {
  const rows: LocalDays[] = []
  for (const day of days.toSorted((left, right) => left - right)) {
    const before = rows.at(-1)
    if (before?.toDay === day - 1) rows[rows.length - 1] = { ...before, toDay: day }
    else rows.push({ fromDay: day, toDay: day })
  }
  return rows
}

/** Area times hours of each firm at the edges of the season, and how much of it was open. */
async function openedAtEdges(
  db: LedgerDb,
  policy: Policy,
  { days, districts, forNobody, late }: Asked,
): Promise<Map<string, NonNullable<Supply['edges']>>> {
  const edges = edgesWithin(policy, days.fromDay, days.toDay)
  if (edges.length === 0) return new Map()
  const within = edges.map(({ fromDay, toDay }) => sql`day between ${fromDay} and ${toDay}`)
  const counted = sql`(${sql.join(within, sql` or `)}) and district in (${sql.join(districts)}) and firm != ${nobody}
    and ${supplyCounts('circuit_supply', forNobody)}`
  const found = await sql<{ firm: string; whole: number; opened: number }>`
    select firm, sum(area_tenths * hours) as whole, sum(area_tenths * open_hours) as opened from circuit_supply
    where ${counted} group by firm having sum(hours) > 0`.execute(db)
  const opened = new Map(found.rows.map(({ firm, opened }) => [firm, opened]))
  for (const { day, circuit, hours: before } of late.filter(({ takenBack }) => takenBack)) {
    const { rows } = await sql<{ firm: string; area_tenths: number; hours: number; open_hours: number }>`
      select firm, area_tenths, hours, open_hours from circuit_supply
      where day = ${day} and circuit = ${circuit} and ${counted}`.execute(db)
    for (const { firm, area_tenths, hours, open_hours } of rows) {
      opened.set(firm, (opened.get(firm) ?? 0) + area_tenths * (openHours(before, hours) - open_hours))
    }
  }
  return new Map(
    found.rows.map(({ firm, whole }) => [firm, { areaHours: whole / 10, areaHoursOpen: (opened.get(firm) ?? 0) / 10 }]),
  )
}

/** A firm's days with a circuit, and the homes on it that day by day were connected and watched. */
interface Stay {
  readonly firm: string
  readonly circuit: string
  readonly homesOn: ReadonlyMap<number, number>
}

/** Which firm had which of the circuits on which days that count. */
async function staysOn(
  db: LedgerDb,
  { days, districts, forNobody }: Asked,
  circuits: readonly string[],
): Promise<Stay[]> {
  const estates = await estatesOf(db, districts)
  const stays: Stay[] = []
  for (const some of perStatement(circuits)) {
    const rows = await db
      .selectFrom('roll_up_day')
      .select(['day', 'firm', 'circuit', 'estate', 'watched_homes'])
      .where('circuit', 'in', some)
      .where('day', '>=', days.fromDay)
      .where('day', '<=', days.toDay)
      .where('firm', '!=', nobody)
      .where('watched_homes', '>', 0)
      .where(supplyCounts('roll_up_day', forNobody))
      .execute()
    const inside = rows.filter(({ estate }) => estates.has(estate))
    for (const ofStay of Map.groupBy(inside, ({ firm, circuit }) => `${firm}/${circuit}`).values()) {
      const [{ firm, circuit }] = ofStay as [(typeof ofStay)[number]]
      const homesOn = new Map<number, number>()
      for (const { day, watched_homes } of ofStay) homesOn.set(day, (homesOn.get(day) ?? 0) + watched_homes)
      stays.push({ firm, circuit, homesOn })
    }
  }
  return stays.sort((left, right) => (left.circuit < right.circuit ? -1 : 1))
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
function edgesWithin(policy: Policy, fromDay: number, toDay: number): LocalDays[] {
  const season = seasonOn(policy.season, fromDay) ?? seasonOn(policy.season, toDay)
  if (!season) return []
  const { start, end } = seasonEdges(season)
  return [start, end].filter((edge) => fromDay <= edge.fromDay && edge.toDay <= toDay)
}
