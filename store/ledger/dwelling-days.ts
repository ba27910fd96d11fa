import type { Selectable } from 'kysely'
import type { DwellingDay } from '#domain/dwelling-day.ts'
import type { LedgerDb } from './database.ts'

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

/** Keeps a statement under SQLite's limit of bound values. */
const daysPerStatementMax = 500

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
