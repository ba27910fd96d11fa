import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { loadGatewayTopics } from '#store/ledger/gateway-topics.ts'
import { readVersion } from '#store/ledger/ledger-version.ts'
import type { GatewayTopicsWorkerData, ToGatewayTopicsWorker } from './gateway-topics-feed.ts'

/** How soon a new gateway is subscribed to. */
const registryPollMs = 500

const { ledger: ledgerTarget } = workerData as GatewayTopicsWorkerData
const ledger = await openLedger(ledgerTarget)
let version: number | undefined
let isClosing = false
let timer: NodeJS.Timeout | undefined

/** A ledger that does not answer is the readers' matter to report; here it is only asked again. */
async function look(): Promise<void> {
  try {
    const current = await readVersion(ledger.db, 'registry')
    if (current !== version) {
      parentPort?.postMessage(await loadGatewayTopics(ledger.db))
      version = current
    }
  } catch (error) {
    if (version === undefined) throw error
  }
  if (!isClosing) timer = setTimeout(() => void next(), registryPollMs)
}

let work = look()
const next = () => {
  work = look()
  return work
}

parentPort?.on('message', async (message: ToGatewayTopicsWorker) => {
  if (message !== 'close') return
  isClosing = true
  clearTimeout(timer)
  await work.catch(() => undefined)
  await ledger.close()
  parentPort?.close()
})
