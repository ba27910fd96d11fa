import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Selectable } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface AuditTables {
  /** One row: number and hash of the newest entry, locked by whoever appends. */
  audit_chain: { id: string; head: number; hash: string }
  audit_entry: {
    number: number
    at: number
    actor: string
    action: string
    subject: string
    /** JSON, kept to the letter: the hash covers this text. */
    detail: string
    previous_hash: string
    hash: string
  }
}

/** What a person (or the service itself, as `service/...`) changed. */
export interface AuditChange {
  /** Service's clock, epoch milliseconds. */
  readonly at: number
  /** Account id, or `service/{name}`, or `command-line`. */
  readonly actor: string
  /** Stable verb, e.g. `account.create`, `registry.import`. */
  readonly action: string
  /** What it was done to, e.g. `gateway/GW-0001`. */
  readonly subject: string
  /** Never a secret: the log is read by more people than those who may hold one. */
  readonly detail?: Readonly<Record<string, unknown>>
}

export interface AuditEntry extends Required<AuditChange> {
  readonly number: number
  readonly previousHash: string
  readonly hash: string
}

/** The hash before the first entry. */
export const auditGenesisHash = '0'.repeat(64)

/** Appends a change to the log, in the transaction that makes the change: neither is ever without the other. */
export async function appendAudit(transaction: LedgerTransaction, change: AuditChange): Promise<AuditEntry> {
  // The update comes first: it locks the chain, so that two writers cannot continue from the same entry.
  const chain = await transaction
    .updateTable('audit_chain')
    .set((expression) => ({ head: expression('head', '+', 1) }))
    .returning(['head', 'hash'])
    .executeTakeFirstOrThrow()
  const row = {
    number: chain.head,
    at: change.at,
    actor: change.actor,
    action: change.action,
    subject: change.subject,
    detail: JSON.stringify(change.detail ?? {}),
    previous_hash: chain.hash,
  }
  const hash = entryHash(row)
  await transaction
    .insertInto('audit_entry')
    .values({ ...row, hash })
    .execute()
  await transaction.updateTable('audit_chain').set({ hash }).execute()
  return fromRow({ ...row, hash })
}

function entryHash(row: Omit<Selectable<AuditTables['audit_entry']>, 'hash'>): string {
  const content = [row.number, row.at, row.actor, row.action, row.subject, row.detail, row.previous_hash]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly head: string }
  | { readonly ok: false; readonly number: number; readonly reason: AuditDamage }
type AuditDamage = 'missing' | 'changed' | 'chainBroken' | 'headChanged'

/** Keeps the check of a long log in constant memory. */
const auditVerifyPageRows = 1_000

/** Walks the whole log from its beginning and names the first entry that is missing or is not what was written. */
export async function verifyAudit(db: LedgerDb): Promise<AuditVerdict> {
  // The head is read first: entries that are appended meanwhile lie behind it and are not judged.
  const chain = await db.selectFrom('audit_chain').selectAll().executeTakeFirstOrThrow()
  let previous = auditGenesisHash
  let number = 0
  while (number < chain.head) {
    const rows = await db
      .selectFrom('audit_entry')
      .selectAll()
      .where('number', '>', number)
      .where('number', '<=', chain.head)
      .orderBy('number')
      .limit(auditVerifyPageRows)
      .execute()
    if (rows.length === 0) return { ok: false, number: number + 1, reason: 'missing' }
    for (const row of rows) {
      if (row.number !== number + 1) return { ok: false, number: number + 1, reason: 'missing' }
      if (row.previous_hash !== previous) return { ok: false, number: row.number, reason: 'chainBroken' }
      if (row.hash !== entryHash(row)) return { ok: false, number: row.number, reason: 'changed' }
      previous = row.hash
      number = row.number
    }
    // The process that checks may be serving requests too.
    await nextTurn()
  }
  if (previous !== chain.hash) return { ok: false, number, reason: 'headChanged' }
  return { ok: true, entries: number, head: previous }
}

export interface AuditFilter {
  readonly actor?: string
  readonly action?: string
  readonly subject?: string
  /** Entries with a smaller number: the page before (the list runs from the newest). */
  readonly before?: number
}

/** Entries that match, newest first. */
export async function listAudit(db: LedgerDb, filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
  let query = db.selectFrom('audit_entry').selectAll().orderBy('number', 'desc').limit(limit)
  if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor)
  if (filter.action !== undefined) query = query.where('action', '=', filter.action)
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject)
  if (filter.before !== undefined) query = query.where('number', '<', filter.before)
  return (await query.execute()).map(fromRow)
}

function fromRow(row: Selectable<AuditTables['audit_entry']>): AuditEntry {
  return {
    number: row.number,
    at: row.at,
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    detail: JSON.parse(row.detail),
    previousHash: row.previous_hash,
    hash: row.hash,
  }
}
