import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely, sql, type Transaction } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations/index.ts'
import type { LedgerSchema } from './schema.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** Runs queries, inside a transaction or outside: every repository function takes one as its first argument. */
export type LedgerDb = Kysely<LedgerSchema>
export type LedgerTransaction = Transaction<LedgerSchema>

/** The relational truth: registry, identities, flags, signals, audit. */
export interface Ledger {
  readonly db: LedgerDb
  /** Runs `work` in one write transaction: all of it becomes durable, or, when it throws, nothing. */
  write<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  /**
   * Like `write`, for rows that do not count yet: in a power cut, not in a crash, the newest of them may be lost until
   * a `write` follows. It spares a disk sync each, for which everybody else's syncs would have to wait.
   */
  stage<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Opens the ledger in a file (":memory:" for tests) and brings its schema up to date. */
export async function openLedger(path: string): Promise<Ledger> {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const db = new Kysely<LedgerSchema>({ dialect: sqliteDialect(path) })
  await migrate(db)
  return {
    db,
    write: (work) => db.transaction().execute(work),
    stage: (work) =>
      db.connection().execute(async (connection) => {
        await sql`pragma synchronous = normal`.execute(connection)
        try {
          return await connection.transaction().execute(work)
        } finally {
          await sql`pragma synchronous = full`.execute(connection)
        }
      }),
    close: () => db.destroy(),
  }
}

async function migrate(db: LedgerDb): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('The ledger could not be brought up to date', { cause: error })
}
