import { Kysely, type Transaction } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { LedgerEngine } from './engine.ts'
import { isServerFailure } from './ledger-away.ts'
import { migrations } from './migrations/index.ts'
import type { PostgresTarget } from './postgres-engine.ts'
import type { LedgerSchema } from './schema.ts'
import { sqliteEngine } from './sqlite-engine.ts'
import { noteOrigin } from './stream-origin.ts'

/** Runs queries, inside a transaction or outside: every repository function takes one as its first argument. */
export type LedgerDb = Kysely<LedgerSchema>
export type LedgerTransaction = Transaction<LedgerSchema>

/** Where a ledger is: a SQLite file (":memory:" for tests), or a database of a PostgreSQL server. */
export type LedgerTarget = string | PostgresTarget

/** The relational truth: registry, identities, flags, signals, audit. */
export interface Ledger {
  readonly db: LedgerDb
  /**
   * Runs `work` in one write transaction: all of it becomes durable, or, when it throws, nothing. No other write
   * transaction runs at the same time, in this process or another: what `work` reads stays true until it commits.
   */
  write<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  /**
   * Like `write`, for rows that do not count yet: in a power cut, not in a crash, the newest of them may be lost until
   * a `write` follows. It spares a disk sync each, for which everybody else's syncs would have to wait. Others may
   * write at the same time.
   */
  stage<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  /**
   * Calls `onNews` when the stream of signals may have grown, whoever made it grow, until it is closed. A call may be
   * missed, and where nobody tells none comes: whoever must not miss anything looks now and then as well.
   */
  listen(onNews: () => void): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

/** Opens the ledger and brings its schema up to date; any number of processes may do so at once. */
export async function openLedger(target: LedgerTarget): Promise<Ledger> {
  const engine = await engineOf(target)
  const db = new Kysely<LedgerSchema>({ dialect: engine.dialect })
  const write: Ledger['write'] = (work) => engine.write(db, work)
  try {
    await migrate(db, engine)
    await noteOrigin(db, write, await engine.origin(db))
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { db, write, stage: (work) => engine.stage(db, work), listen: engine.listen, close: () => db.destroy() }
}

async function engineOf(target: LedgerTarget): Promise<LedgerEngine> {
  if (typeof target === 'string') return sqliteEngine(target)
  // Loaded only where it is used: most services have a file, and should start quickly.
  const { postgresEngine } = await import('./postgres-engine.ts')
  return postgresEngine(target)
}

async function migrate(db: LedgerDb, engine: LedgerEngine): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  if (isServerFailure(error)) throw error
  const reason = error instanceof Error ? error.message : String(error)
  throw new LedgerSchemaError(`The ledger in ${engine.name} could not be brought up to date: ${reason}`, {
    cause: error,
  })
}

/** The ledger is another version's, or whoever opens it may not change it. */
class LedgerSchemaError extends Error {
  readonly code = 'ledger_schema'
}
