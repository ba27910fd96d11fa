import type { LedgerDb } from './database.ts'

/** A seal as the audit log has it: with its place in the chain of hashes. */
export interface Seal {
  readonly date: string
  readonly sealedAt: number
  readonly root: string
  readonly leaves: number
  readonly changesRoot: string
  readonly changesUpTo: number
  /** Number and hash of the entry in the audit log. */
  readonly entry: number
  readonly entryHash: string
}

/** Seals of days, the newest first, from the audit log. */
export async function sealsLogged(db: LedgerDb, before: number, limit: number): Promise<Seal[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .selectAll()
    .where('action', '=', 'ranking.seal')
    .orderBy('number', 'desc')
    .where('number', '<', before)
    .limit(limit)
    .execute()
  return rows.map(({ at, subject, detail, number, hash }) => {
    const { root, leaves, changes_root: changesRoot, changes_upto: changesUpTo } = JSON.parse(detail)
    const date = subject.slice('day/'.length)
    return { date, sealedAt: at, root, leaves, changesRoot, changesUpTo, entry: number, entryHash: hash }
  })
}

/** Of seals that somebody kept, those that the audit log does not have any more as they were. */
export async function sealsLost(
  db: LedgerDb,
  kept: readonly Pick<Seal, 'date' | 'entry' | 'entryHash'>[],
): Promise<readonly string[]> {
  const lost: string[] = []
  for (const { date, entry, entryHash } of kept) {
    const row = await db.selectFrom('audit_entry').select('hash').where('number', '=', entry).executeTakeFirst()
    if (row?.hash !== entryHash) lost.push(date)
  }
  return lost
}
