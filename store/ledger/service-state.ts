import type { LedgerDb } from './database.ts'

/** How far a reader of the journal has come, and what it counted since the beginning. */
export interface ReaderState {
  readonly reader: string
  /** Logical byte of the journal. */
  readonly position: number
  readonly counters: Readonly<Record<string, number>>
}

/** The readers whose effects are in the ledger. */
export async function readerStates(db: LedgerDb): Promise<ReaderState[]> {
  const rows = await db.selectFrom('reader_position').selectAll().orderBy('reader').execute()
  return rows.map(({ reader, position, counters }) => ({ reader, position, counters: JSON.parse(counters) }))
}
