import { randomInt } from 'node:crypto'
import {
  type ColumnDefinitionNode,
  CompiledQuery,
  type DatabaseConnection,
  DataTypeNode,
  type Dialect,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  type PostgresPoolClient,
  PostgresQueryCompiler,
  sql,
} from 'kysely'
import pg from 'pg'
import type { LedgerEngine } from './engine.ts'
import { ledgerFailure } from './ledger-away.ts'
import { streamChannel } from './triggers.ts'

/** A database of a PostgreSQL server, and who we are there. */
export interface PostgresTarget {
  /** postgres://user@host:port/database, as libpq understands it. */
  readonly url: string
  readonly password?: string
}

/** One writes, a few read: more would only wait for the same disk. */
const connectionsMax = 6
/** A server that takes longer to let us in is as good as away. */
const connectMsMax = 5_000
/** The other end is asked after this long without a word, and given up ten seconds later. */
const keepAliveMs = 10_000
/** Another writer may be in the middle of its transaction; far longer means that something is stuck. */
const lockMsMax = 120_000
/** Our own process works on in a transaction without a pause: this one was forgotten by its end of the line. */
const idleInTransactionMsMax = 60_000
/** How soon after its connection broke, and how late at most, a listener comes back. */
const listenAgainMsMin = 250
const listenAgainMsMax = 10_000

/** Any number that nobody else takes in this database: who holds it writes. */
const writerLock = 7_721_640_001

/**
 * Kysely on node-postgres.
 *
 * One writer at a time, as in SQLite: every write transaction takes one lock first, so that what a repository has
 * read stays true until it commits, and rows are locked in no order that could end in a deadlock. What is only staged
 * goes beside it. Reads wait for nobody.
 */
export function postgresEngine(target: PostgresTarget): LedgerEngine {
  const { host, port, database } = new pg.Client(clientConfig(target))
  const name = `PostgreSQL database "${database}" at ${host}:${port}`
  const inTurn = oneAtATime()
  return {
    name,
    dialect: postgresDialect(target, name),
    write: (db, work) =>
      inTurn(() =>
        db.transaction().execute(async (transaction) => {
          await sql`select pg_advisory_xact_lock(${sql.lit(writerLock)})`.execute(transaction)
          return work(transaction)
        }),
      ),
    stage: (db, work) =>
      db.transaction().execute(async (transaction) => {
        await sql`set local synchronous_commit = off`.execute(transaction)
        return work(transaction)
      }),
    async origin(db) {
      const found = await sql<{ origin: string }>`
        select concat_ws('/', (select system_identifier from pg_control_system()),
          (select timeline_id from pg_control_checkpoint()),
          (select oid from pg_database where datname = current_database())) as origin`.execute(db)
      return found.rows[0]?.origin
    },
    listen: (onNews) => listenAlways(target, onNews),
  }
}

/** Writers of one process wait here and not at the server, where each would take a connection from those who read. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = before.then(work)
    before = done.catch(() => {})
    return done
  }
}

function clientConfig({ url, password }: PostgresTarget): pg.ClientConfig {
  const whole = new URL(url)
  // Beside a connection string node-postgres does not look at a password.
  if (password !== undefined) whole.searchParams.set('password', password)
  return {
    connectionString: whole.href,
    application_name: 'warmcity',
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    lock_timeout: lockMsMax,
    idle_in_transaction_session_timeout: idleInTransactionMsMax,
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  }
}

function postgresDialect(target: PostgresTarget, name: string): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver() {
      const pool = new pg.Pool({ ...clientConfig(target), max: connectionsMax })
      // A connection that breaks while nobody uses it is replaced by the pool; while somebody does, the query fails.
      pool.on('error', () => {})
      pool.on('connect', (client) => client.on('error', () => {}))
      return new ReadCommittedDriver({
        pool: {
          options: pool.options,
          end: () => pool.end(),
          connect: () => pool.connect().then((client) => plainClient(client, name), rethrow(name)),
        },
      })
    },
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new LedgerQueryCompiler(),
  }
}

const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()

/** Kysely knows a connection by its object: one for each client. */
function plainClient(client: pg.PoolClient, name: string): PostgresPoolClient {
  const known = clients.get(client) ?? makePlainClient(client, name)
  clients.set(client, known)
  return known
}

function makePlainClient(client: pg.PoolClient, name: string): PostgresPoolClient {
  const query = (text: string, values: readonly unknown[] = []) =>
    client.query(text, values.map(bound)).catch(rethrow(name))
  return {
    // Kysely cancels a query by it; the types of node-postgres do not tell of it.
    processID: (client as { processID?: number }).processID ?? 0,
    release: (isBroken?: boolean) => client.release(isBroken),
    // Nothing here reads with a cursor, the other way to call it.
    query: query as unknown as PostgresPoolClient['query'],
  }
}

function rethrow(name: string) {
  return (error: unknown): never => {
    throw ledgerFailure(error, name)
  }
}

/** A server may be set to another level; then a statement would not see what was committed before it got its lock. */
class ReadCommittedDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin isolation level read committed'))
  }
}

const columnTypes: ReadonlyMap<unknown, string> = new Map([
  // Texts are ordered by their bytes, as in SQLite and in our own code: pages go by that order.
  ['text', 'text collate "C"'],
  ['blob', 'bytea'],
])

/** Types of columns as the migrations name them, in PostgreSQL's words. */
class LedgerQueryCompiler extends PostgresQueryCompiler {
  protected override visitColumnDefinition(node: ColumnDefinitionNode): void {
    const plain = DataTypeNode.is(node.dataType) ? node.dataType.dataType : ''
    const own = columnTypes.get(plain)
    super.visitColumnDefinition(own === undefined ? node : { ...node, dataType: sql.raw(own).toOperationNode() })
  }
}

/** Values as SQLite's columns take them: booleans are 0 and 1. */
function bound(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0
  // PostgreSQL's texts hold every character but this one.
  if (typeof value === 'string' && value.includes('\0')) return value.replaceAll('\0', '\uFFFD')
  return value
}

const { BOOL, INT8, NUMERIC } = pg.types.builtins

function typeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === INT8 || oid === NUMERIC) return exactNumber
  if (oid === BOOL) return (text) => (text === 't' ? 1 : 0)
  return pg.types.getTypeParser(oid, format as 'text')
}

/** Counts and times fit a number; one that does not would be read as another. */
function exactNumber(text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new RangeError(`The ledger holds ${text}, which no number of ours can hold exactly`)
  }
  return number
}

/** Listens as long as it is not closed. A broken connection is made again, and counts as news: some may have been missed. */
async function listenAlways(target: PostgresTarget, onNews: () => void): Promise<{ close(): Promise<void> }> {
  let closed = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let waitMs = listenAgainMsMin

  async function connect(): Promise<void> {
    const fresh = new pg.Client(clientConfig(target))
    client = fresh
    fresh.on('notification', onNews)
    fresh.on('error', () => {})
    fresh.once('end', again)
    try {
      await fresh.connect()
      await fresh.query(`listen ${streamChannel}`)
      waitMs = listenAgainMsMin
      onNews()
    } catch {
      // Ends here for good; whoever reads the ledger meets the same failure and tells it.
      await fresh.end().catch(() => {})
      again()
    }
  }

  function again(): void {
    if (closed || timer !== undefined) return
    // Hundreds of listeners must not all come back in the same moment.
    timer = setTimeout(
      () => {
        timer = undefined
        void connect()
      },
      randomInt(waitMs / 2, waitMs),
    )
    waitMs = Math.min(listenAgainMsMax, waitMs * 2)
  }

  await connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
