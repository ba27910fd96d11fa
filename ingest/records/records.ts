import { Worker } from 'node:worker_threads'
import type { MqttIdentity, Presence, Refusal } from '#domain/identity.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { FromRecordsWorker, RecordsWorkerData, ToRecordsWorker } from './messages.ts'

/** A storm of connects must not fill the memory: what is over is counted, not kept. */
const pendingMax = 20_000
/** Records are for people to read later; a moment's delay makes one transaction of many. */
const flushAfterMs = 200

/** Keeps what the broker tells about sessions, and brings it who may connect, without blocking its thread. */
export interface Records {
  refused(refusal: Refusal): void
  presence(presence: Presence): void
  counters(): { dropped: number }
  /** Writes what is pending and ends the worker. */
  close(): Promise<void>
}

interface RecordsOptions {
  readonly ledger: LedgerTarget
  /** Called with all identities at the start and after every change. */
  onIdentities(identities: MqttIdentity[]): void
  /** Called when records can no longer be kept; the edge should stop. */
  onFailure(error: Error): void
}

/** Starts the records worker; resolves when the first identities have been handed over. */
export async function startRecords(options: RecordsOptions): Promise<Records> {
  const workerData: RecordsWorkerData = { ledger: options.ledger }
  const worker = new Worker(new URL('./records-worker.ts', import.meta.url), { workerData })
  const tell = (message: ToRecordsWorker) => worker.postMessage(message)
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let refusals: Refusal[] = []
  let presence: Presence[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined

  const flush = () => {
    timer = undefined
    if (refusals.length + presence.length === 0) return
    tell({ type: 'write', refusals, presence })
    refusals = []
    presence = []
  }
  const schedule = () => {
    timer ??= setTimeout(flush, flushAfterMs)
  }

  await new Promise<void>((resolve, reject) => {
    worker.on('error', (error: Error) => {
      reject(error)
      options.onFailure(error)
    })
    worker.on('message', (message: FromRecordsWorker) => {
      options.onIdentities(message.identities)
      resolve()
    })
  })

  return {
    refused(refusal) {
      if (refusals.length >= pendingMax) dropped += 1
      else refusals.push(refusal)
      schedule()
    },
    presence(change) {
      if (presence.length >= pendingMax) dropped += 1
      else presence.push(change)
      schedule()
    },
    counters: () => ({ dropped }),
    async close() {
      clearTimeout(timer)
      flush()
      tell({ type: 'close' })
      await ended
    },
  }
}
