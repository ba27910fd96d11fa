import { randomUUID } from 'node:crypto'
import type { Ledger, LedgerDb } from './database.ts'

/**
 * Notes where the ledger is. One that was put back from a copy gives numbers again that were given before, to other
 * signals: it becomes another stream, so that everybody who followed the old one begins anew.
 */
export async function noteOrigin(db: LedgerDb, write: Ledger['write'], origin: string | undefined): Promise<void> {
  if (origin === undefined || (await knownOrigin(db)) === origin) return
  await write(async (transaction) => {
    const known = await knownOrigin(transaction)
    if (known === origin) return
    const id = known === null ? {} : { id: randomUUID() }
    await transaction
      .updateTable('stream')
      .set({ origin, ...id })
      .execute()
  })
}

async function knownOrigin(db: LedgerDb): Promise<string | null> {
  const { origin } = await db.selectFrom('stream').select('origin').executeTakeFirstOrThrow()
  return origin
}
