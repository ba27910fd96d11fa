import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { ledgerFileFailure } from './ledger-away.ts'

/** Another process may hold the write lock for one short transaction; far longer means that something is stuck. */
const busyTimeoutMs = 10_000
const statementsCachedMax = 500
/** A list of values gives another statement for each of its lengths: hundreds of them would hold tens of megabytes. */
const statementCharsCachedMax = 700

/** Kysely on node:sqlite: one connection, one transaction at a time, prepared statements kept. */
export function sqliteDialect(path: string): Dialect {
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new SerialSqliteDriver(openDatabase(path)),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

interface LedgerDatabase extends SqliteDatabase {
  isInTransaction(): boolean
}

function openDatabase(path: string): LedgerDatabase {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false })
  // FULL: what a person changed and what a client was told must survive a power cut, not only a crash.
  // LIKE as everywhere else: a scope must not reach into a place whose id differs in case.
  // A larger cache and rarer checkpoints: an import whose ids come in random order touches pages all over the tables.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA case_sensitive_like = ON;
  `)
  const statements = new Map<string, StatementSync>()
  function named<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw ledgerFileFailure(error, path)
    }
  }
  return {
    close: () => database.close(),
    isInTransaction: () => database.isTransaction,
    prepare(sql) {
      const isKept = sql.length <= statementCharsCachedMax
      const statement = (isKept ? statements.get(sql) : undefined) ?? named(() => database.prepare(sql))
      if (isKept) {
        statements.delete(sql)
        statements.set(sql, statement)
        if (statements.size > statementsCachedMax) statements.delete(statements.keys().next().value as string)
      }
      const used = <T>(result: T): T => {
        if (!isKept) finalize(statement)
        return result
      }
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => used(named(() => statement.all(...bind(parameters)))),
        run: (parameters) => used(named(() => statement.run(...bind(parameters)))),
        iterate: (parameters) => statement.iterate(...bind(parameters)),
      }
    },
  }
}

/** Frees what the statement holds of SQLite's memory, which no garbage collection knows of. */
function finalize(statement: object): void {
  const dispose = Symbol.dispose in statement ? statement[Symbol.dispose] : undefined
  if (typeof dispose === 'function') dispose.call(statement)
}

function bind(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map((value) => {
    if (value === undefined) return null
    if (typeof value === 'boolean') return value ? 1 : 0
    return value as SQLInputValue
  })
}

/**
 * Kysely's own adapter would run migrations without a transaction, and two processes that open a new ledger into each
 * other; SQLite's definitions of tables belong to a transaction like everything else.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * Kysely's own driver hands the one connection to everybody at once, so that two transactions of one process would
 * run into each other. This one lends it to one borrower at a time, and takes the write lock when a transaction
 * begins, because a read that later upgrades fails when somebody wrote in between.
 */
class SerialSqliteDriver extends SqliteDriver {
  readonly #database: LedgerDatabase
  #lastBorrower: Promise<void> = Promise.resolve()
  readonly #release = new WeakMap<DatabaseConnection, () => void>()

  constructor(database: LedgerDatabase) {
    super({ database })
    this.#database = database
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#lastBorrower
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#lastBorrower = promise
    await before
    const connection = await super.acquireConnection()
    this.#release.set(connection, resolve)
    return connection
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // SQLite has done it already where the disk is full; to ask again would fail, and hide why.
    if (this.#database.isInTransaction()) await super.rollbackTransaction(connection)
  }

  override async releaseConnection(): Promise<void> {
    const connection = await super.acquireConnection()
    this.#release.get(connection)?.()
  }
}
