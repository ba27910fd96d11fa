import type { LocalDay, LocalDays } from '#domain/season.ts'
import { openHours, type SupplyHours } from '#domain/supply-hours.ts'
import { hourMs } from '#domain/time.ts'
import { type CircuitOfDay, insertCircuitSupply, sumOpenings } from './circuit-supply.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { merkleRoot } from './digest.ts'
import { raiseVersion } from './ledger-version.ts'
import { perStatement } from './statement-rows.ts'

/**
 * Readings of plants that come when the hours of their day were read already: the watch marks the day, the hours are
 * read again, and what that changes is written down.
 */
export interface LateSupplyTables {
  /** Days of plant sensors that wait to be read again, and when the reading came for which they do. */
  supply_late: { day: number; device: string; marked_at: number }
  /**
   * What late readings changed of a circuit's hours, `before` and `after` as "heard flowing warm"; nothing before where
   * the circuit is new to the day. The numbers are those of the changes of homes, without a gap, and the seals of days
   * are over both.
   */
  circuit_supply_change: {
    number: number
    day: number
    circuit: string
    before: string
    after: string
    read_at: number
  }
}

export interface LateSupply {
  readonly day: number
  readonly device: string
  readonly markedAt: number
}

/** Marks days of sensors as to be read again; a day that is marked is marked once, with the newest time. */
export async function markLateSupply(transaction: LedgerTransaction, late: readonly LateSupply[]): Promise<void> {
  const newest = new Map(late.map((mark) => [`${mark.day}/${mark.device}`, mark]))
  const rows = [...newest.values()].map(({ day, device, markedAt }) => ({ day, device, marked_at: markedAt }))
  for (const some of perStatement(rows)) {
    await transaction
      .insertInto('supply_late')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['day', 'device'])
          .doUpdateSet((expression) => ({ marked_at: expression.ref('excluded.marked_at') })),
      )
      .execute()
  }
}

/** Marks that were made before a time, those of the oldest days first, at most `limit`. */
export async function lateSupply(db: LedgerDb, before: number, limit: number): Promise<LateSupply[]> {
  const rows = await db
    .selectFrom('supply_late')
    .selectAll()
    .where('marked_at', '<', before)
    .orderBy('day')
    .orderBy('device')
    .limit(limit)
    .execute()
  return rows.map(({ day, device, marked_at: markedAt }) => ({ day, device, markedAt }))
}

/** Forgets marks, but for those that were made anew meanwhile. */
export async function doneWithLateSupply(transaction: LedgerTransaction, done: readonly LateSupply[]): Promise<void> {
  for (const { day, device, markedAt } of done) {
    await transaction
      .deleteFrom('supply_late')
      .where('day', '=', day)
      .where('device', '=', device)
      .where('marked_at', '=', markedAt)
      .execute()
  }
}

/**
 * Puts right the hours of circuits on a day that was read, and writes down what that changes. A circuit of which nothing
 * was read, because the registry learns only now that a sensor tells of it, is new to the day.
 */
export async function correctCircuitSupply(
  transaction: LedgerTransaction,
  { day }: LocalDay,
  circuits: readonly CircuitOfDay[],
  now: number,
): Promise<void> {
  const read = await transaction.selectFrom('supply_day').select('hours').where('day', '=', day).executeTakeFirst()
  if (!read) return
  let corrected = false
  for (const circuit of circuits) {
    const kept = await transaction
      .selectFrom('circuit_supply')
      .selectAll()
      .where('day', '=', day)
      .where('circuit', '=', circuit.circuit)
      .executeTakeFirst()
    const [before, after] = [kept ? hoursText(kept) : '', hoursText(circuit.supply)]
    if (before === after) continue
    if (kept) await setHours(transaction, kept, circuit.supply)
    else await insertCircuitSupply(transaction, day, [circuit], read.hours)
    const number = await raiseVersion(transaction, 'dwelling_day_change')
    await transaction
      .insertInto('circuit_supply_change')
      .values({ number, day, circuit: circuit.circuit, before, after, read_at: now })
      .execute()
    corrected = true
  }
  if (corrected) await sumOpenings(transaction, day)
}

async function setHours(
  transaction: LedgerTransaction,
  { day, circuit, hours }: { readonly day: number; readonly circuit: string; readonly hours: number },
  supply: SupplyHours,
): Promise<void> {
  await transaction
    .updateTable('circuit_supply')
    .set({ ...supply, open_hours: openHours(supply, hours) })
    .where('day', '=', day)
    .where('circuit', '=', circuit)
    .execute()
}

/** A circuit's hours of a day that late readings changed. */
export interface SupplyChange {
  readonly day: number
  readonly circuit: string
  /** As they were read first. */
  readonly first: SupplyHours
  /** As they were at the time that is asked for. */
  readonly hours: SupplyHours
  /** Whether they were changed after that time. */
  readonly takenBack: boolean
}

/** What late readings changed in a period, as it was at a time, or as it is. */
export async function supplyChanges(
  db: LedgerDb,
  { fromDay, toDay }: LocalDays,
  asOf = Number.POSITIVE_INFINITY,
): Promise<SupplyChange[]> {
  const rows = await db
    .selectFrom('circuit_supply_change')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .orderBy('number')
    .execute()
  return [...Map.groupBy(rows, ({ day, circuit }) => `${day}/${circuit}`).values()].map((changes) => {
    const [first] = changes as [(typeof changes)[number]]
    const until = changes.filter(({ read_at }) => read_at <= asOf)
    return {
      ...{ day: first.day, circuit: first.circuit, first: hoursFrom(first.before) },
      hours: hoursFrom(until.at(-1)?.after ?? first.before),
      takenBack: until.length < changes.length,
    }
  })
}

/**
 * The root over the hours of a day's circuits: as they are, or, where `upTo` is given, as they were before the changes
 * that are numbered after it. Empty where the day was not read to its end, or the changes do not lead to what is there.
 */
export async function supplyRoot(
  db: LedgerDb,
  { day, beginsAt, endsAt }: LocalDay,
  upTo = Number.MAX_SAFE_INTEGER,
): Promise<string> {
  const read = await db.selectFrom('supply_day').select('hours').where('day', '=', day).executeTakeFirst()
  if (!read || read.hours * hourMs < endsAt - beginsAt) return ''
  const rows = await db
    .selectFrom('circuit_supply')
    .select(['circuit', 'heard', 'flowing', 'warm'])
    .where('day', '=', day)
    .execute()
  const hours = new Map(rows.map((row) => [row.circuit, hoursText(row)]))
  const changes = await db
    .selectFrom('circuit_supply_change')
    .selectAll()
    .where('day', '=', day)
    .where('number', '>', upTo)
    .orderBy('number', 'desc')
    .execute()
  for (const { circuit, before, after } of changes) {
    if (hours.get(circuit) !== after) return ''
    if (before === '') hours.delete(circuit)
    else hours.set(circuit, before)
  }
  return merkleRoot([...hours].map(([circuit, text]) => `circuit ${circuit} ${text}`).sort())
}

const hoursText = ({ heard, flowing, warm }: SupplyHours): string => `${heard} ${flowing} ${warm}`

function hoursFrom(text: string): SupplyHours {
  const [heard = 0, flowing = 0, warm = 0] = text.split(' ').map(Number)
  return { heard, flowing, warm }
}
