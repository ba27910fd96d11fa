import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { type Ledger, type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { emptyDatabase, usedDatabases } from './postgres-databases.ts'

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

export interface LedgerPlace {
  readonly target: LedgerTarget
  remove(): Promise<void>
}

/**
 * Where a new ledger can be, for those who open it several times or in several processes. "empty" is what nobody has
 * opened yet; "made" may be up to date already, which is quicker.
 */
export async function newLedgerPlace(state: 'empty' | 'made' = 'made'): Promise<LedgerPlace> {
  if (postgresUrl !== undefined) {
    return state === 'made' ? usedDatabases(postgresUrl).take() : emptyDatabase(postgresUrl)
  }
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'))
  return { target: join(folder, 'ledger.db'), remove: () => rm(folder, { recursive: true, force: true }) }
}
