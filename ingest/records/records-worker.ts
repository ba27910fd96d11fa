import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { identitiesVersion, loadIdentities } from '#store/ledger/mqtt-identities.ts'
import { recordPresence } from '#store/ledger/presence.ts'
import { recordRefusals } from '#store/ledger/refusals.ts'
import type { FromRecordsWorker, RecordsWorkerData, ToRecordsWorker } from './messages.ts'

/** A revoked gateway's session lives at most this much longer. */
const identitiesPollMs = 250

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

let work: Promise<void> = refreshIdentities()
// One thing at a time. A rejection is not caught: it ends the worker with its reason, and the edge with it.
const enqueue = (job: () => Promise<void>) => {
  work = work.then(job)
}
const timer = setInterval(() => enqueue(refreshIdentities), identitiesPollMs)

parentPort?.on('message', (message: ToRecordsWorker) => {
  if (message.type === 'close') {
    clearInterval(timer)
    enqueue(() => ledger.close())
    enqueue(async () => parentPort?.close())
    return
  }
  enqueue(async () => {
    await ledger.write(async (transaction) => {
      await recordRefusals(transaction, message.refusals)
      await recordPresence(transaction, message.presence)
    })
  })
})
