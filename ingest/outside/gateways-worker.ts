import { parentPort, workerData } from 'node:worker_threads'
import type { WorkerHolding, WorkerShare } from '#domain/gateway-share.ts'
import { openLedger } from '#store/ledger/database.ts'
import { loadGatewayTopics } from '#store/ledger/gateway-topics.ts'
import { ingestWorkers, saveIngestWorker } from '#store/ledger/ingest-workers.ts'
import { readVersion } from '#store/ledger/ledger-version.ts'
import type { FromGatewaysWorker, GatewaysWorkerData, ToGatewaysWorker } from './gateways-feed.ts'

/** How soon a new gateway is subscribed to, and another worker's step is seen. */
const pollMs = 500

const { ledger: ledgerTarget, share } = workerData as GatewaysWorkerData
const ledger = await openLedger(ledgerTarget)
const tell = (message: FromGatewaysWorker) => parentPort?.postMessage(message)
let registryVersion: number | undefined
let workersSeen = ''
let isClosing = false
let timer: NodeJS.Timeout | undefined

/** What this worker has: as the ledger says, or its whole part at once where no other worker can have any of it. */
async function claim(): Promise<WorkerHolding> {
  const nothing: WorkerHolding = { worker: share.worker, workers: 0, handedOver: 0, subscribed: 0 }
  return ledger.write(async (transaction) => {
    const all = await ingestWorkers(transaction)
    const own = all.find(({ worker }) => worker === share.worker)
    if (own) return own
    if (share.worker > share.workers || !all.every((other) => isAlike(other, share))) return nothing
    const whole = { ...nothing, workers: share.workers }
    await saveIngestWorker(transaction, whole)
    return whole
  })
}

const isAlike = ({ workers, handedOver }: WorkerHolding, to: WorkerShare) =>
  workers === 0 || (handedOver || workers) === to.workers

async function look(): Promise<void> {
  const version = await readVersion(ledger.db, 'registry')
  if (version !== registryVersion) {
    tell({ type: 'topics', topics: await loadGatewayTopics(ledger.db) })
    registryVersion = version
  }
  const workers = await ingestWorkers(ledger.db)
  const text = JSON.stringify(workers)
  if (text !== workersSeen) tell({ type: 'workers', workers })
  workersSeen = text
}

/** What the other workers are still to be told. */
let toSay: WorkerHolding | undefined

async function say(): Promise<void> {
  const said = toSay
  if (!said) return
  await ledger.write((transaction) => saveIngestWorker(transaction, said))
  toSay = undefined
  tell({ type: 'saidSubscribed' })
}

/** A ledger that does not answer is the readers' matter to report; here it is only asked again. */
async function lookAgain(): Promise<void> {
  try {
    await say()
    await look()
  } catch {
    // In half a second it may be there.
  }
  if (!isClosing) {
    timer = setTimeout(() => {
      work = lookAgain()
    }, pollMs)
  }
}

const own = await claim()
await look()
tell({ type: 'joined', own })
let work = lookAgain()

parentPort?.on('message', async (message: ToGatewaysWorker) => {
  if (message.type === 'subscribed') {
    toSay = message.holding
    return
  }
  isClosing = true
  clearTimeout(timer)
  await work
  await ledger.close()
  parentPort?.close()
})
