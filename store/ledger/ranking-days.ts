import { setTimeout as pause } from 'node:timers/promises'
import { type Selectable, sql } from 'kysely'
import { type Policy, policyAt } from '#domain/policy.ts'
import { type LocalDays, localDayNumbered, seasonOn } from '#domain/season.ts'
import { hourMs } from '#domain/time.ts'
import type { Ledger, LedgerDb, LedgerTransaction } from './database.ts'
import { firstKeptDay } from './day-pages.ts'
import { beginSealing, sealDay } from './day-seal.ts'
import { pageTrees } from './day-tree.ts'
import { giveCircuit, sumFirms } from './firm-days.ts'
import { supplyRoot } from './late-supply.ts'
import { readVersion } from './ledger-version.ts'
import { circuitFirms, nobody, noonOf, outdoorMean, rollUpBuildings } from './ranking-roll-up.ts'
import type { SumColumns } from './ranking-sums.ts'
import { registryVersion } from './registry-batches.ts'
import { type RegistryChanges, registryChanges } from './registry-changes.ts'
import { counts } from './registry-view.ts'
import { daysWaiting, doneWith, waitingOn } from './roll-up-waiting.ts'
import { perStatement } from './statement-rows.ts'
import { moveSupply, supplyMoves } from './supply-places.ts'

export interface RankingDayTables {
  ranking_day: {
    day: number
    /** Merkle root of the dwelling-days as they were when the day was sealed, never changed after; empty before. */
    root: string
    leaves: number
    /** Changes by late readings that are sealed with the day: numbers after the one, up to the other, and their root. */
    changes_after: number
    changes_upto: number
    changes_root: string
    /** Root over the hours of circuits as they were then; empty where they had not been read. */
    supply_root: string
    outdoor_c: number | null
    /** The registry as it was when the roll-ups were made or last found to follow from it. */
    registry_version: number
    sealed_at: number
    rolled_up_at: number
  }
  roll_up_day: SumColumns & { day: number; circuit: string; building: string; estate: string; firm: string }
  firm_day: SumColumns & { day: number; firm: string; district: string }
}

/** After a day closes, its summaries are still on their way from the journal for a moment. */
const sealsAfterMs = 3 * hourMs
/** Between two days that are looked at again, so that a season in a row leaves the machine to the gateways. */
const betweenDaysMs = 20
/** Days of the season within a period that are over, and old enough that their summaries are there. */
export function sealableDays(policy: Policy, fromDay: number, toDay: number, now: number): number[] {
  const days: number[] = []
  for (let day = fromDay; day <= toDay; day += 1) {
    const { beginsAt, endsAt } = localDayNumbered(policy.season.zone, day)
    const { rules } = policyAt(policy, beginsAt)
    if (endsAt + rules.dayClosesAfterMs + sealsAfterMs > now) break
    if (seasonOn(policy.season, day)) days.push(day)
  }
  return days
}

export interface DayWork {
  readonly ledger: Ledger
  readonly policy: Policy
  readonly now: number
  /** Called first in each transaction: throws where the work went to somebody else. */
  readonly guard?: (transaction: LedgerTransaction) => Promise<void>
}

/**
 * Seals the days of a period that are over, and rolls up again what no longer follows from dwelling-days, registry
 * and exclusions: the buildings and circuits that are touched, not the city. Every transaction is short. Returns how
 * many days it touched.
 */
export async function bringDaysUpToDate(work: DayWork, period: LocalDays): Promise<number> {
  const { db } = work.ledger
  const version = await registryVersion(db)
  const known = new Map((await rankingDays(db, period)).map((row) => [row.day, row]))
  const waiting = await daysWaiting(db, period)
  const changes = changesSince(db, version)
  const first = await firstKeptDay(db)
  if (first === undefined) return 0
  let touched = 0
  const days = sealableDays(work.policy, Math.max(first, period.fromDay), period.toDay, work.now)
  // A day that is over is sealed before older ones are looked at again, which may take long.
  for (const day of days.toSorted((left, right) => Number(known.has(left)) - Number(known.has(right)))) {
    const row = known.get(day)
    if (row?.registry_version === version && !waiting.has(day)) continue
    const changed = row && (await changes(row.registry_version))
    const worked =
      !changed || changed.everything
        ? await rollUpWhole(work, day, version, row === undefined)
        : await rollUpTouched(work, day, version, changed)
    if (worked) touched += 1
    if (row) await pause(betweenDaysMs)
  }
  return touched
}

/** Days mostly have the same version behind them: the comparison is made once. */
function changesSince(db: LedgerDb, version: number): (from: number) => Promise<RegistryChanges> {
  const made = new Map<number, Promise<RegistryChanges>>()
  return (from) => {
    const changes = made.get(from) ?? registryChanges(db, from, version)
    made.set(from, changes)
    return changes
  }
}

async function rollUpWhole(work: DayWork, day: number, version: number, isNew: boolean): Promise<boolean> {
  const { upTo } = await waitingOn(work.ledger.db, day)
  if (isNew) await writeGuarded(work, (transaction) => beginSealing(transaction, day, work.now))
  await rollUpPieces(work, day)
  const bounds = localDayNumbered(work.policy.season.zone, day)
  // The hours of its supply may have been read before the registry knew what it knows now.
  const moves = await supplyMoves(work.ledger.db, bounds, { sensed: new Set() })
  await writeGuarded(work, async (transaction) => {
    // What the registry no longer has was not rolled up again.
    await sql`delete from roll_up_day where day = ${day} and not exists (
      select 1 from building where building.id = roll_up_day.building and ${counts('building', 'building')})`.execute(
      transaction,
    )
    await sumFirms(transaction, day)
    await moveSupply(transaction, day, moves, work.now)
    await doneWith(transaction, day, upTo)
    await keepVersion(transaction, work, day, version)
  })
  if (isNew) {
    const seen = await readVersion(work.ledger.db, 'dwelling_day_change')
    const trees = await pageTrees(work.ledger.db, day)
    const supply = await supplyRoot(work.ledger.db, bounds)
    await writeGuarded(work, (transaction) => sealDay(transaction, { day, trees, seen, supply, now: work.now }))
  }
  return true
}

/** Rolls up the places that are touched on a day. False where nothing that the day has is touched. */
async function rollUpTouched(work: DayWork, day: number, version: number, changes: RegistryChanges): Promise<boolean> {
  const { db } = work.ledger
  const bounds = localDayNumbered(work.policy.season.zone, day)
  const noon = noonOf(bounds)
  const upToNoon = (places: ReadonlyMap<string, number>) =>
    [...places].filter(([, since]) => since <= noon).map(([place]) => place)
  const { buildings: asked, upTo } = await waitingOn(db, day)
  const watched = upToNoon(changes.watched)
  const onWatched = await buildingsOn(db, day, watched)
  const changed = upToNoon(changes.buildings)
  const buildings = [...new Set([...asked, ...changed, ...onWatched])].sort()
  const circuits = upToNoon(changes.circuits)
  const { firms, circuits: rolledUp } = await rollUpPieces(work, day, buildings)
  const supplied = [...circuits, ...watched, ...(changed.length > 0 ? rolledUp : [])]
  const moves = await supplyMoves(db, bounds, {
    ...(!changes.territory && { circuits: [...new Set(supplied)] }),
    sensed: new Set(watched),
  })
  const firmOf = circuits.length === 0 ? undefined : await circuitFirms(db, noon)
  // What a power cut takes of it is made again: no sync, for which acks would have to wait.
  await work.ledger.stage(async (transaction) => {
    await work.guard?.(transaction)
    for (const circuit of firmOf ? circuits : []) {
      const firm = firmOf?.(circuit) ?? nobody
      for (const touched of await giveCircuit(transaction, day, circuit, firm)) firms.add(touched)
    }
    await moveSupply(transaction, day, moves, work.now)
    await sumFirms(transaction, day, changes.territory ? undefined : [...firms])
    await doneWith(transaction, day, upTo)
    await keepVersion(transaction, work, day, version)
  })
  return buildings.length > 0 || firms.size > 0 || changes.territory
}

interface Touched {
  readonly firms: Set<string>
  readonly circuits: Set<string>
}

/** Writes roll-ups of buildings, some at a time; gives the firms and circuits that had or have homes in them. */
async function rollUpPieces(work: DayWork, day: number, named?: readonly string[]): Promise<Touched> {
  const touched: Touched = { firms: new Set(), circuits: new Set() }
  if (named?.length === 0) return touched
  for await (const { buildings, places } of rollUpBuildings(work.ledger.db, work.policy, day, named)) {
    // They count when the day is finished, and are made again if that does not come.
    await work.ledger.stage(async (transaction) => {
      await work.guard?.(transaction)
      const before = await transaction
        .deleteFrom('roll_up_day')
        .where('day', '=', day)
        .where('building', 'in', buildings)
        .returning(['firm', 'circuit'])
        .execute()
      for (const { firm, circuit } of [...before, ...places]) {
        touched.firms.add(firm)
        touched.circuits.add(circuit)
      }
      for (const some of perStatement(places)) {
        await transaction.insertInto('roll_up_day').values(some).execute()
      }
    })
  }
  return touched
}

/** One transaction, for as long as the work is ours. */
const writeGuarded = <T>(
  { ledger, guard }: DayWork,
  write: (transaction: LedgerTransaction) => Promise<T>,
): Promise<T> =>
  ledger.write(async (transaction) => {
    await guard?.(transaction)
    return write(transaction)
  })

async function buildingsOn(db: LedgerDb, day: number, circuits: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const some of perStatement(circuits)) {
    const rows = await db
      .selectFrom('roll_up_day')
      .select('building')
      .distinct()
      .where('circuit', 'in', some)
      .where('day', '=', day)
      .execute()
    found.push(...rows.map(({ building }) => building))
  }
  return found
}

async function keepVersion(
  transaction: LedgerTransaction,
  { policy, now }: DayWork,
  day: number,
  version: number,
): Promise<void> {
  const outdoorC = await outdoorMean(transaction, localDayNumbered(policy.season.zone, day))
  await transaction
    .updateTable('ranking_day')
    .set({ outdoor_c: outdoorC ?? null, registry_version: version, rolled_up_at: now })
    .where('day', '=', day)
    .execute()
}

/** The sealed days of a period. */
export function rankingDays(
  db: LedgerDb,
  { fromDay, toDay }: LocalDays,
): Promise<Selectable<RankingDayTables['ranking_day']>[]> {
  return db
    .selectFrom('ranking_day')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .where('root', '!=', '')
    .orderBy('day')
    .execute()
}
