import { setTimeout as pause } from 'node:timers/promises'
import { type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { LedgerAwayError } from '#store/ledger/ledger-away.ts'

const retryMsMin = 250
const retryMsMax = 5_000

/**
 * Resolves when the ledger's server answers and its schema is up to date; a file needs no waiting. Tells why it waits,
 * once for each reason. Rejects where waiting does not help: a wrong password, a database that is not there.
 */
export async function ledgerThere(target: LedgerTarget, onWaiting: (reason: string) => void): Promise<void> {
  if (typeof target === 'string') return
  let told: string | undefined
  for (let retryMs = retryMsMin; ; retryMs = Math.min(retryMsMax, retryMs * 2)) {
    try {
      return await (await openLedger(target)).close()
    } catch (error) {
      if (!(error instanceof LedgerAwayError)) throw error
      if (error.message !== told) onWaiting(error.message)
      told = error.message
      // Many services must not all come back to a server in the moment in which it starts.
      await pause(retryMs * (0.5 + Math.random() / 2))
    }
  }
}
