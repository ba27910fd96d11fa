import { existsSync } from 'node:fs'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import type { DataFolder } from './data-folder.ts'

/** Most likely the folder's name was mistyped: a new, empty ledger would answer with nothing. */
class NoServiceError extends Error {
  readonly code = 'no_service_here'
}

/** Opens the ledger of a folder for one piece of work. Only an import may be the first thing in a new folder. */
export async function withLedger<T>(
  folder: DataFolder,
  mayBegin: 'known' | 'new',
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  if (mayBegin === 'known' && typeof folder.ledger === 'string' && !existsSync(folder.ledger)) {
    throw new NoServiceError(`${folder.path} holds no ledger: name the data folder of a service with --data`)
  }
  const ledger = await openLedger(folder.ledger)
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}
