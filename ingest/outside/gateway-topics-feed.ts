import { Worker } from 'node:worker_threads'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { GatewayTopics } from '#store/ledger/gateway-topics.ts'

export interface GatewayTopicsWorkerData {
  readonly ledger: LedgerTarget
}

export type ToGatewayTopicsWorker = 'close'

export interface GatewayTopicsFeedOptions extends GatewayTopicsWorkerData {
  /** Called with all gateways and topics at the start and after every change of the registry. */
  onTopics(topics: GatewayTopics): void
  /** Called when changes can no longer be seen; the edge should stop. */
  onFailure(error: Error): void
}

/** Reads the registry in a thread of its own; resolves when the first topics have been handed over. */
export async function startGatewayTopicsFeed(options: GatewayTopicsFeedOptions): Promise<{ close(): Promise<void> }> {
  const workerData: GatewayTopicsWorkerData = { ledger: options.ledger }
  const worker = new Worker(new URL('./gateway-topics-worker.ts', import.meta.url), { workerData })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    worker.on('error', (error: Error) => {
      reject(error)
      options.onFailure(error)
    })
    worker.on('message', (topics: GatewayTopics) => {
      options.onTopics(topics)
      resolve()
    })
  })
  return {
    async close() {
      const message: ToGatewayTopicsWorker = 'close'
      worker.postMessage(message)
      await ended
    },
  }
}
