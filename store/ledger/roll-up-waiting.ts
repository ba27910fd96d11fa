import type { LedgerDb, LedgerTransaction } from './database.ts'
import { raiseVersion } from './ledger-version.ts'
import { perStatement } from './statement-rows.ts'

/** Buildings whose roll-up of a day no longer follows from what it is made of. */
export interface RollUpWaitingTables {
  roll_up_waiting: { day: number; building: string; number: number }
}

/** Has buildings rolled up again on days; what was asked for before is asked for once. */
export async function haveRolledUpAgain(
  transaction: LedgerTransaction,
  places: readonly { readonly day: number; readonly building: string }[],
): Promise<void> {
  if (places.length === 0) return
  const number = await raiseVersion(transaction, 'roll_up_waiting')
  for (const some of perStatement(places)) {
    await transaction
      .insertInto('roll_up_waiting')
      .values(some.map(({ day, building }) => ({ day, building, number })))
      .onConflict((conflict) => conflict.columns(['day', 'building']).doUpdateSet({ number }))
      .execute()
  }
}

/** What waits on a day, and the number up to which it was asked for: what is asked for later has a higher one. */
export async function waitingOn(
  db: LedgerDb,
  day: number,
): Promise<{ readonly buildings: readonly string[]; readonly upTo: number }> {
  const rows = await db.selectFrom('roll_up_waiting').selectAll().where('day', '=', day).orderBy('building').execute()
  return {
    buildings: rows.map(({ building }) => building),
    upTo: rows.reduce((most, { number }) => Math.max(most, number), 0),
  }
}

/** Forgets what was done; a day that was rolled up whole has nothing left that was asked for before. */
export async function doneWith(transaction: LedgerTransaction, day: number, upTo: number): Promise<void> {
  await transaction.deleteFrom('roll_up_waiting').where('day', '=', day).where('number', '<=', upTo).execute()
}

/** Days of a period on which something waits. */
export async function daysWaiting(
  db: LedgerDb,
  { fromDay, toDay }: { readonly fromDay: number; readonly toDay: number },
): Promise<Set<number>> {
  const rows = await db
    .selectFrom('roll_up_waiting')
    .select('day')
    .distinct()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .execute()
  return new Set(rows.map(({ day }) => day))
}
