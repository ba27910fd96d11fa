import type { LedgerDb, LedgerTransaction } from './database.ts'

/** What is counted: readers compare the number with the one they saw, and load again when it rose. */
type VersionName =
  | 'registry'
  | 'registry_batch'
  | 'identities'
  | 'quarantine'
  | 'home_probe_page'
  | 'dwelling_day_change'
  | 'roll_up_waiting'

/** The present number; 0 before the first change. */
export async function readVersion(db: LedgerDb, name: VersionName): Promise<number> {
  const row = await db.selectFrom('ledger_version').select('version').where('name', '=', name).executeTakeFirst()
  return row?.version ?? 0
}

/** Raises the number in the transaction that makes the change, and returns it. */
export async function raiseVersion(transaction: LedgerTransaction, name: VersionName, by = 1): Promise<number> {
  const { version } = await transaction
    .insertInto('ledger_version')
    .values({ name, version: by })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((expression) => ({
        version: expression('ledger_version.version', '+', by),
      })),
    )
    .returning('version')
    .executeTakeFirstOrThrow()
  return version
}
