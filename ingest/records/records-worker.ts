import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { isServerFailure } from '#store/ledger/ledger-away.ts'
import { identitiesVersion, loadIdentities } from '#store/ledger/mqtt-identities.ts'
import { recordPresence } from '#store/ledger/presence.ts'
import { recordRefusals } from '#store/ledger/refusals.ts'
import type { FromRecordsWorker, RecordsWorkerData, ToRecordsWorker } from './messages.ts'

/** A revoked gateway's session lives at most this much longer. */
const identitiesPollMs = 250
/** A ledger that is away is asked ever more slowly, up to this. */
const retryMsMax = 5_000

const { ledger: ledgerTarget } = workerData as RecordsWorkerData
const ledger = await openLedger(ledgerTarget)
const tell = (message: FromRecordsWorker) => parentPort?.postMessage(message)

let version: number | undefined
async function refreshIdentities(): Promise<void> {
  const current = await identitiesVersion(ledger.db)
  if (current === version) return
  tell({ type: 'identities', identities: await loadIdentities(ledger.db) })
  version = current
}

let away: string | undefined
function tellAway(reason: string | undefined): void {
  if (reason === away) return
  away = reason
  tell({ type: 'away', reason })
}

const closing = new AbortController()

/** Does a job, again and again while the ledger is away; at the end it is tried once. */
async function untilDone(job: () => Promise<void>): Promise<void> {
  for (let retryMs = identitiesPollMs; ; retryMs = Math.min(retryMsMax, retryMs * 2)) {
    try {
      await job()
      return tellAway(undefined)
    } catch (error) {
      if (!isServerFailure(error)) throw error
      tellAway(error.message)
      if (closing.signal.aborted) return
      // Many edges must not all come back to a server in the moment in which it starts.
      await pause(retryMs * (0.5 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => {})
    }
  }
}

let work: Promise<void> = untilDone(refreshIdentities)
// One thing at a time. A rejection is not caught: it ends the worker with its reason, and the edge with it.
const enqueue = (job: () => Promise<void>) => {
  work = work.then(job)
}
let refreshing = false
const timer = setInterval(() => {
  if (refreshing) return
  refreshing = true
  enqueue(async () => {
    await untilDone(refreshIdentities)
    refreshing = false
  })
}, identitiesPollMs)

parentPort?.on('message', (message: ToRecordsWorker) => {
  if (message.type === 'close') {
    clearInterval(timer)
    closing.abort()
    enqueue(() => ledger.close())
    enqueue(async () => parentPort?.close())
    return
  }
  const { refusals, presence } = message
  enqueue(async () => {
    await untilDone(() =>
      ledger.write(async (transaction) => {
        await recordRefusals(transaction, refusals)
        await recordPresence(transaction, presence)
      }),
    )
    tell({ type: 'written' })
  })
})
