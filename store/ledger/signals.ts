import { type Selectable, sql } from 'kysely'
import type { Scope } from '#domain/account.ts'
import type { Signal, SignalKind } from '#domain/signal.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { perStatement } from './statement-rows.ts'

export interface SignalTables {
  /** One row: its lock is what gives signals their numbers in the order of the commits. */
  stream: { id: string; head: number; origin: string | null }
  signal: {
    number: number
    key: string
    at: number
    kind: string
    subject_kind: string
    subject: string
    history: number
    of_dwelling: number
    /** Territory node ids from the city down, each between slashes: "/harbin/nangang/". */
    territory: string
    firm: string | null
    payload: string
  }
}

/**
 * Appends signals and gives them the next numbers. A key that the stream already holds is skipped: replaying a
 * history appends nothing. Returns what was appended, in order.
 */
export async function appendSignals(
  transaction: LedgerTransaction,
  signals: Omit<Signal, 'number'>[],
): Promise<Signal[]> {
  if (signals.length === 0) return []
  // Locks the counter until the transaction ends: only then is it certain which keys the stream holds.
  await transaction
    .updateTable('stream')
    .set((expression) => ({ head: expression.ref('head') }))
    .execute()
  const fresh = await withoutKnownKeys(transaction, signals)
  if (fresh.length === 0) return []
  const { head } = await transaction
    .updateTable('stream')
    .set((expression) => ({ head: expression('head', '+', fresh.length) }))
    .returning('head')
    .executeTakeFirstOrThrow()
  const first = head - fresh.length + 1
  const numbered = fresh.map((signal, index) => ({ number: first + index, ...signal }))
  for (const some of perStatement(numbered)) await transaction.insertInto('signal').values(some.map(toRow)).execute()
  return numbered
}

async function withoutKnownKeys(db: LedgerDb, signals: Omit<Signal, 'number'>[]): Promise<Omit<Signal, 'number'>[]> {
  const byKey = new Map(signals.map((signal) => [signal.key, signal]))
  for (const some of perStatement([...byKey.keys()])) {
    const known = await db.selectFrom('signal').select('key').where('key', 'in', some).execute()
    for (const { key } of known) byKey.delete(key)
  }
  return [...byKey.values()]
}

/** Who asks for signals: what lies in scope, and single homes only with the right to see them. */
export interface SignalAudience {
  readonly scope: Scope
  readonly dwellings: boolean
}

/** The stream as one audience sees it: its signals after a number, and the number up to which nothing is missing. */
export interface SignalPage {
  readonly streamId: string
  readonly signals: Signal[]
  /** Everything up to this number was considered: the next request starts after it. */
  readonly through: number
  /** Newest number of the whole stream. */
  readonly head: number
}

/** Signals with a number above `after`, oldest first, at most `limit`, filtered to what the audience may see. */
export async function signalsAfter(
  db: LedgerDb,
  after: number,
  audience: SignalAudience,
  limit: number,
): Promise<SignalPage> {
  const stream = await db.selectFrom('stream').selectAll().executeTakeFirstOrThrow()
  let query = db
    .selectFrom('signal')
    .selectAll()
    .where('number', '>', after)
    .where('number', '<=', stream.head)
    .orderBy('number')
    .limit(limit)
  if (audience.scope.kind === 'territory') {
    // An id may hold "_", which LIKE would take for any character: another district's signals would slip in.
    const pattern = `%/${audience.scope.id.replace(/[\\%_]/g, '\\$&')}/%`
    query = query.where(sql<boolean>`territory like ${pattern} escape '\\'`)
  }
  if (audience.scope.kind === 'firm') query = query.where('firm', '=', audience.scope.id)
  if (!audience.dwellings) query = query.where('of_dwelling', '=', 0)
  const rows = await query.execute()
  const last = rows.at(-1)
  return {
    streamId: stream.id,
    signals: rows.map(fromRow),
    through: last && rows.length === limit ? last.number : stream.head,
    head: stream.head,
  }
}

/** Newest number of the stream. */
export async function streamHead(db: LedgerDb): Promise<number> {
  return (await db.selectFrom('stream').select('head').executeTakeFirstOrThrow()).head
}

export interface StreamExtent {
  readonly streamId: string
  /** Number of the oldest signal that is kept; head + 1 where none is. */
  readonly oldest: number
  /** Newest number. */
  readonly head: number
}

/** What the stream holds: who wants to go on from before `oldest` has missed something for good. */
export async function streamExtent(db: LedgerDb): Promise<StreamExtent> {
  const stream = await db.selectFrom('stream').selectAll().executeTakeFirstOrThrow()
  const first = await db.selectFrom('signal').select('number').orderBy('number').limit(1).executeTakeFirst()
  return { streamId: stream.id, oldest: first?.number ?? stream.head + 1, head: stream.head }
}

/**
 * Drops the oldest signals up to the first that is not older than `before`, at most `limit`; returns how many. The
 * numbers go on from where they were.
 */
export async function forgetSignals(transaction: LedgerTransaction, before: number, limit: number): Promise<number> {
  const oldest = await transaction
    .selectFrom('signal')
    .select(['number', 'at'])
    .orderBy('number')
    .limit(limit)
    .execute()
  const kept = oldest.findIndex(({ at }) => at >= before)
  const gone = kept === -1 ? oldest : oldest.slice(0, kept)
  const last = gone.at(-1)
  if (last) await transaction.deleteFrom('signal').where('number', '<=', last.number).execute()
  return gone.length
}

function toRow(signal: Signal): SignalTables['signal'] {
  return {
    number: signal.number,
    key: signal.key,
    at: signal.at,
    kind: signal.kind,
    subject_kind: signal.subjectKind,
    subject: signal.subject,
    history: signal.history ? 1 : 0,
    of_dwelling: signal.ofDwelling ? 1 : 0,
    territory: `/${signal.territory.join('/')}/`,
    firm: signal.firm ?? null,
    payload: JSON.stringify(signal.payload),
  }
}

function fromRow(row: Selectable<SignalTables['signal']>): Signal {
  return {
    number: row.number,
    key: row.key,
    at: row.at,
    kind: row.kind as SignalKind,
    subjectKind: row.subject_kind,
    subject: row.subject,
    history: row.history === 1,
    ofDwelling: row.of_dwelling === 1,
    territory: row.territory.split('/').filter(Boolean),
    firm: row.firm ?? undefined,
    payload: JSON.parse(row.payload),
  }
}
