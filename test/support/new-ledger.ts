import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { type Ledger, type LedgerTarget, openLedger } from '#store/ledger/database.ts'

const postgresUrl: string | undefined = inject('postgresUrl')

/** Which database the tests of this run use; `vitest.config.ts` says which files run on both. */
export const ledgerEngine = postgresUrl === undefined ? 'SQLite' : 'PostgreSQL'

/** A new, empty ledger, nobody else's, that is gone when it is closed. */
export async function newLedger(): Promise<Ledger> {
  if (postgresUrl === undefined) return openLedger(':memory:')
  const place = await newLedgerPlace()
  const ledger = await openLedger(place.target)
  return {
    ...ledger,
    async close() {
      await ledger.close()
      await place.remove()
    },
  }
}

/**
 * Where a new ledger can be, for those who open it several times or in several processes. "empty" is what nobody has
 * opened yet; "made" may be up to date already, which is quicker.
 */
export async function newLedgerPlace(
  state: 'empty' | 'made' = 'made',
): Promise<{ target: LedgerTarget; remove(): Promise<void> }> {
  if (postgresUrl === undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
    return { target: join(folder, 'ledger.db'), remove: () => rm(folder, { recursive: true, force: true }) }
  }
  const name = randomUUID()
  await ask(postgresUrl, `create database "${name}" template ${state === 'made' ? 'ledger' : 'template0'}`)
  const url = new URL(postgresUrl)
  url.pathname = name
  return {
    target: { url: url.href },
    remove: () => ask(postgresUrl, `drop database "${name}" with (force)`),
  }
}

/** What is done to databases from outside. */
export const postgresDatabases = {
  /** Puts a copy in the place of a database to which nobody is connected, as a restore does. */
  async replaceByCopy(url: string): Promise<void> {
    const name = new URL(url).pathname.slice(1)
    await ask(url, `create database "${name}-copy" template "${name}"`)
    await ask(url, `drop database "${name}"`)
    await ask(url, `alter database "${name}-copy" rename to "${name}"`)
  },
}

async function ask(serverUrl: string, text: string): Promise<void> {
  const url = new URL(serverUrl)
  url.pathname = 'postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}
