import type { LedgerDb } from './database.ts'

export interface ReaderPositionTables {
  reader_position: { reader: string; position: number; counters: string }
}

export interface ReaderProgress {
  /** Journal position of the first record that is not yet applied. */
  position: number
  counters: Record<string, number>
}

/** How far a journal reader has come; position 0 for one that never saved. */
export async function readProgress(db: LedgerDb, reader: string): Promise<ReaderProgress> {
  const row = await db.selectFrom('reader_position').selectAll().where('reader', '=', reader).executeTakeFirst()
  return row ? { position: row.position, counters: JSON.parse(row.counters) } : { position: 0, counters: {} }
}

/** Saves a reader's position; call it in the transaction that holds the effects of what was read. */
export async function saveProgress(db: LedgerDb, reader: string, progress: ReaderProgress): Promise<void> {
  const row = { position: progress.position, counters: JSON.stringify(progress.counters) }
  await db
    .insertInto('reader_position')
    .values({ reader, ...row })
    .onConflict((conflict) => conflict.column('reader').doUpdateSet(row))
    .execute()
}
