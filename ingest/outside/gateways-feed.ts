import { Worker } from 'node:worker_threads'
import type { WorkerHolding, WorkerShare } from '#domain/gateway-share.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { GatewayTopics } from '#store/ledger/gateway-topics.ts'

export interface GatewaysWorkerData {
  readonly ledger: LedgerTarget
  readonly share: WorkerShare
}

export type ToGatewaysWorker =
  | { readonly type: 'subscribed'; readonly holding: WorkerHolding }
  | { readonly type: 'close' }

export type FromGatewaysWorker =
  | { readonly type: 'topics'; readonly topics: GatewayTopics }
  | { readonly type: 'workers'; readonly workers: readonly WorkerHolding[] }
  | { readonly type: 'joined'; readonly own: WorkerHolding }
  | { readonly type: 'saidSubscribed' }

interface GatewaysFeedOptions extends GatewaysWorkerData {
  /** Called when the ledger can no longer be followed; the edge should stop. */
  onFailure(error: Error): void
}

/** Which gateways there are, and which worker has which of them, as the ledger says it. */
export interface GatewaysFeed {
  /** What this worker had when the feed was opened. */
  readonly own: WorkerHolding
  topics(): GatewayTopics
  workers(): readonly WorkerHolding[]
  /** Called whenever one of the two is another. */
  onChange(listener: () => void): void
  /** Tells the other workers to which part we are subscribed. */
  saySubscribed(holding: WorkerHolding): Promise<void>
  close(): Promise<void>
}

/** Reads the ledger in a thread of its own; resolves when this worker knows what it has. */
export async function openGatewaysFeed({ ledger, share, onFailure }: GatewaysFeedOptions): Promise<GatewaysFeed> {
  const workerData: GatewaysWorkerData = { ledger, share }
  const worker = new Worker(new URL('./gateways-worker.ts', import.meta.url), { workerData })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const joined = Promise.withResolvers<WorkerHolding>()
  const tell = (message: ToGatewaysWorker) => worker.postMessage(message)
  let topics: GatewayTopics = { gateways: [], foreign: [] }
  let workers: readonly WorkerHolding[] = []
  let changed: () => void = () => {}
  let said: (() => void) | undefined
  let isOpen = false

  worker.on('error', (error: Error) => {
    joined.reject(error)
    if (isOpen) onFailure(error)
  })
  worker.on('message', (message: FromGatewaysWorker) => {
    if (message.type === 'topics') topics = message.topics
    else if (message.type === 'workers') workers = message.workers
    else if (message.type === 'joined') joined.resolve(message.own)
    else said?.()
    if (message.type === 'topics' || message.type === 'workers') changed()
  })
  const own = await joined.promise
  isOpen = true
  return {
    own,
    topics: () => topics,
    workers: () => workers,
    onChange(listener) {
      changed = listener
    },
    saySubscribed: (holding) =>
      new Promise((resolve) => {
        said = resolve
        tell({ type: 'subscribed', holding })
      }),
    async close() {
      tell({ type: 'close' })
      await ended
    },
  }
}
