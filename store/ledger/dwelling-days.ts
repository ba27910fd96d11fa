import { type Selectable, sql } from 'kysely'
import type { DwellingDay } from '#domain/dwelling-day.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { digestOf } from './digest.ts'

export interface DwellingDayTables {
  dwelling_day: {
    day: number
    dwelling: string
    device: string
    covered_ms: number
    below_target_ms: number
    below_16_ms: number
    below_12_ms: number
    deficit_target_kh: number
    deficit_16_kh: number
    deficit_12_kh: number
    min_c: number | null
    mean_c: number | null
    /** Journal position of the reading that made the row wrong until it is computed again; null where it is right. */
    stale_since: number | null
  }
}

export interface StoredDwellingDay extends DwellingDay {
  /** True where readings came out of order or late and the row waits to be computed again. */
  readonly stale: boolean
}

/** Keeps a statement under SQLite's limit of bound values, and one statement text for all full chunks. */
const daysPerStatementMax = 500

/** A summary to write; `staleSince` is the journal position of what made it wrong already. */
export interface ClosedDay extends DwellingDay {
  readonly staleSince?: number
}

/** Writes the summaries of closed days. One that is there is replaced, and stays stale if it was. */
export async function saveDwellingDays(transaction: LedgerTransaction, days: readonly ClosedDay[]): Promise<void> {
  for (let start = 0; start < days.length; start += daysPerStatementMax) {
    const rows = days
      .slice(start, start + daysPerStatementMax)
      .map(
        (day) =>
          sql`(${sql.join([
            day.day,
            day.dwelling,
            day.device,
            day.coveredMs,
            day.belowTargetMs,
            day.below16Ms,
            day.below12Ms,
            day.deficitTargetKh,
            day.deficit16Kh,
            day.deficit12Kh,
            day.minC ?? null,
            day.meanC ?? null,
            day.staleSince ?? null,
          ])})`,
      )
    await sql`insert into dwelling_day (day, dwelling, device, covered_ms, below_target_ms, below_16_ms, below_12_ms,
        deficit_target_kh, deficit_16_kh, deficit_12_kh, min_c, mean_c, stale_since) values ${sql.join(rows)}
      on conflict (day, dwelling, device) do update set ${sql.join(
        summed.map((column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`),
      )}, stale_since = coalesce(excluded.stale_since, dwelling_day.stale_since)`.execute(transaction)
  }
}

const summed = [
  'covered_ms',
  'below_target_ms',
  'below_16_ms',
  'below_12_ms',
  'deficit_target_kh',
  'deficit_16_kh',
  'deficit_12_kh',
  'min_c',
  'mean_c',
]

/** A day of one home and probe. */
export interface DayKey {
  readonly day: number
  readonly dwelling: string
  readonly device: string
}

/** Marks a closed day as wrong because of a reading at a journal position; a day without a row gets an empty one. */
export async function markDayStale(transaction: LedgerTransaction, key: DayKey, position: number): Promise<void> {
  await transaction
    .insertInto('dwelling_day')
    .values({
      ...key,
      covered_ms: 0,
      below_target_ms: 0,
      below_16_ms: 0,
      below_12_ms: 0,
      deficit_target_kh: 0,
      deficit_16_kh: 0,
      deficit_12_kh: 0,
      min_c: null,
      mean_c: null,
      stale_since: position,
    })
    .onConflict((conflict) => conflict.columns(['day', 'dwelling', 'device']).doUpdateSet({ stale_since: position }))
    .execute()
}

/** Days that wait to be computed again and were made wrong before a journal position, at most `limit`. */
export async function staleDays(
  db: LedgerDb,
  before: number,
  limit: number,
): Promise<(DayKey & { readonly staleSince: number })[]> {
  const rows = await db
    .selectFrom('dwelling_day')
    .select(['day', 'dwelling', 'device', 'stale_since'])
    .where('stale_since', '<', before)
    .orderBy('stale_since')
    .limit(limit)
    .execute()
  return rows.map(({ day, dwelling, device, stale_since }) => ({ day, dwelling, device, staleSince: stale_since ?? 0 }))
}

/** What a dwelling-day counts as in the tree of its day; empty where nothing was measured. */
export function dayLeaf(row: Selectable<DwellingDayTables['dwelling_day']>): string {
  if (row.covered_ms === 0) return ''
  const { stale_since: _, ...content } = row
  return digestOf(content)
}

/** Writes a summary that was computed again, unless more readings made the day wrong meanwhile. */
export async function replaceStaleDay(
  transaction: LedgerTransaction,
  day: DwellingDay,
  staleSince: number,
): Promise<void> {
  const before = await transaction
    .selectFrom('dwelling_day')
    .selectAll()
    .where('day', '=', day.day)
    .where('dwelling', '=', day.dwelling)
    .where('device', '=', day.device)
    .executeTakeFirst()
  const after = await transaction
    .updateTable('dwelling_day')
    .set({
      covered_ms: day.coveredMs,
      below_target_ms: day.belowTargetMs,
      below_16_ms: day.below16Ms,
      below_12_ms: day.below12Ms,
      deficit_target_kh: day.deficitTargetKh,
      deficit_16_kh: day.deficit16Kh,
      deficit_12_kh: day.deficit12Kh,
      min_c: day.minC ?? null,
      mean_c: day.meanC ?? null,
      stale_since: null,
    })
    .where('day', '=', day.day)
    .where('dwelling', '=', day.dwelling)
    .where('device', '=', day.device)
    .where('stale_since', '=', staleSince)
    .returningAll()
    .executeTakeFirst()
  if (!before || !after || dayLeaf(before) === dayLeaf(after)) return
  // A list that was published from this day is told later why the day is no longer what it was.
  await transaction
    .insertInto('dwelling_day_change')
    .values({
      day: day.day,
      dwelling: day.dwelling,
      device: day.device,
      before_leaf: dayLeaf(before),
      after_leaf: dayLeaf(after),
      position: staleSince,
    })
    .execute()
  await transaction.updateTable('ranking_day').set({ stale: 1 }).where('day', '=', day.day).execute()
}

/** Local date "2026-01-15" as days since 1970-01-01, and back. */
export const dayNumber = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000
export const dayText = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** Summaries of a home from one local day to another, both included, oldest first; a row for each probe. */
export async function dwellingDays(
  db: LedgerDb,
  dwelling: string,
  fromDay: number,
  toDay: number,
): Promise<StoredDwellingDay[]> {
  const days = Array.from({ length: Math.max(0, toDay - fromDay + 1) }, (_, index) => fromDay + index)
  const found: StoredDwellingDay[] = []
  // The key begins with the day, so naming the days makes each look-up one descent of the index.
  for (let start = 0; start < days.length; start += daysPerStatementMax) {
    const rows = await db
      .selectFrom('dwelling_day')
      .selectAll()
      .where('day', 'in', days.slice(start, start + daysPerStatementMax))
      .where('dwelling', '=', dwelling)
      .orderBy('day')
      .orderBy('device')
      .execute()
    found.push(...rows.map(fromRow))
  }
  return found
}

function fromRow(row: Selectable<DwellingDayTables['dwelling_day']>): StoredDwellingDay {
  return {
    dwelling: row.dwelling,
    device: row.device,
    day: row.day,
    coveredMs: row.covered_ms,
    belowTargetMs: row.below_target_ms,
    below16Ms: row.below_16_ms,
    below12Ms: row.below_12_ms,
    deficitTargetKh: row.deficit_target_kh,
    deficit16Kh: row.deficit_16_kh,
    deficit12Kh: row.deficit_12_kh,
    ...(row.min_c !== null && { minC: row.min_c }),
    ...(row.mean_c !== null && { meanC: row.mean_c }),
    stale: row.stale_since !== null,
  }
}
