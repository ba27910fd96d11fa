import { sql } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import type { RankingDayTables } from './ranking-days.ts'
import { addSums, emptySums, type SumColumns, sumColumns } from './ranking-sums.ts'
import { districtFinder } from './registry-districts.ts'
import { perStatement } from './statement-rows.ts'

/** Adds a day up by firm and district: for the firms that are named, or for all. */
export async function sumFirms(transaction: LedgerTransaction, day: number, firms?: readonly string[]): Promise<void> {
  if (firms?.length === 0) return
  const rows = await firmDays(transaction, day, firms)
  let old = transaction.deleteFrom('firm_day').where('day', '=', day)
  if (firms) old = old.where('firm', 'in', firms)
  await old.execute()
  for (const some of perStatement(rows)) {
    await transaction.insertInto('firm_day').values(some).execute()
  }
}

/** What a day's roll-ups are by firm and district. */
export async function firmDays(
  db: LedgerDb,
  day: number,
  firms?: readonly string[],
): Promise<RankingDayTables['firm_day'][]> {
  const sums = sql.join(sumColumns.map((column) => sql`sum(${sql.ref(column)}) as ${sql.ref(column)}`))
  const some = firms ? sql`and firm in (${sql.join(firms)})` : sql``
  const found = await sql<SumColumns & { firm: string; estate: string }>`
    select firm, estate, ${sums} from roll_up_day where day = ${day} ${some} group by firm, estate`.execute(db)
  const districtOf = await districtFinder(db)
  const rows = new Map<string, RankingDayTables['firm_day']>()
  for (const { firm, estate, ...more } of found.rows) {
    const district = districtOf(estate)
    const key = `${firm}/${district}`
    const row = rows.get(key) ?? { day, firm, district, ...emptySums }
    addSums(row, more)
    rows.set(key, row)
  }
  return [...rows.values()]
}

/** Counts a circuit's day for a firm; gives the firms for which that makes a difference. */
export async function giveCircuit(
  transaction: LedgerTransaction,
  day: number,
  circuit: string,
  firm: string,
): Promise<string[]> {
  const before = await transaction
    .selectFrom('roll_up_day')
    .select('firm')
    .distinct()
    .where('circuit', '=', circuit)
    .where('day', '=', day)
    .where('firm', '!=', firm)
    .execute()
  if (before.length === 0) return []
  await transaction
    .updateTable('roll_up_day')
    .set({ firm })
    .where('circuit', '=', circuit)
    .where('day', '=', day)
    .execute()
  return [firm, ...before.map((row) => row.firm)]
}
