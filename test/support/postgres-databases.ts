import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { LedgerPlace } from './new-ledger.ts'
import { guardedRole } from './postgres-server.ts'

/** A database in which nobody has made anything. */
export async function emptyDatabase(serverUrl: string): Promise<LedgerPlace> {
  const name = randomUUID()
  await ask(urlOf(serverUrl, 'postgres'), `create database "${name}" template template0`)
  return {
    target: { url: urlOf(serverUrl, name) },
    remove: async () => void (await ask(urlOf(serverUrl, 'postgres'), `drop database "${name}" with (force)`)),
  }
}

/** Puts a copy in the place of a database to which nobody is connected, as a restore does. */
export async function replaceByCopy(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1)
  const server = urlOf(url, 'postgres')
  await ask(server, `create database "${name}-copy" template "${name}"`)
  await ask(server, `drop database "${name}"`)
  await ask(server, `alter database "${name}-copy" rename to "${name}"`)
}

/** A database of a role that may do nothing else and that has to give its password. */
export async function guardedDatabase(serverUrl: string, password: string): Promise<LedgerPlace> {
  const server = urlOf(serverUrl, 'postgres')
  const name = randomUUID()
  await ask(server, `create role ${guardedRole} login password '${password}'`)
  await ask(server, `create database "${name}" template template0 owner ${guardedRole}`)
  const url = new URL(urlOf(serverUrl, name))
  url.username = guardedRole
  return {
    target: { url: url.href, password },
    async remove() {
      await ask(server, `drop database "${name}" with (force)`)
      await ask(server, `drop role ${guardedRole}`)
    },
  }
}

interface UsedDatabase {
  readonly url: string
  /** What a new ledger holds, as JSON by table. */
  readonly beginning: ReadonlyMap<string, unknown>
}

const free: UsedDatabase[] = []

/** Databases that are brought back to their beginning after a test: making one takes far longer. */
export function usedDatabases(templateUrl: string): { take(): Promise<LedgerPlace> } {
  return {
    async take() {
      const database = free.pop() ?? (await makeDatabase(templateUrl))
      return {
        target: { url: database.url },
        async remove() {
          await bringBack(database)
          free.push(database)
        },
      }
    },
  }
}

async function makeDatabase(templateUrl: string): Promise<UsedDatabase> {
  const name = randomUUID()
  const template = new URL(templateUrl).pathname.slice(1)
  await ask(urlOf(templateUrl, 'postgres'), `create database "${name}" template "${template}"`)
  const url = urlOf(templateUrl, name)
  const beginning = new Map<string, unknown>()
  for (const table of await tablesOf(url)) {
    const [row] = await ask(url, `select jsonb_agg(to_jsonb(t)) as rows from "${table}" as t`)
    if (row?.rows) beginning.set(table, row.rows)
  }
  return { url, beginning }
}

const tablesOf = async (url: string): Promise<string[]> =>
  (await ask(url, `select tablename from pg_tables where schemaname = 'public'`)).map(({ tablename }) => tablename)

async function bringBack({ url, beginning }: UsedDatabase): Promise<void> {
  const tables = await tablesOf(url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    // Who still holds a lock has outlived its test.
    await client.query(`set lock_timeout = '5s'`)
    // No trigger may stand in the way, as the one does that keeps the audit log from being changed.
    await client.query('set session_replication_role = replica')
    await client.query(tables.map((table) => `delete from "${table}"`).join('; '))
    for (const [table, rows] of beginning) {
      const insert = `insert into "${table}" select * from jsonb_populate_recordset(null::"${table}", $1)`
      await client.query(insert, [JSON.stringify(rows)])
    }
  } finally {
    await client.end()
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = database
  return url.href
}

async function ask(url: string, text: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
