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
  /** Why records wait, for the readiness probe; empty while they are written. */
  notReady(): string[]
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
  let writing = false
  let away: string | undefined

  const flush = () => {
    timer = undefined
    // One write is on its way at a time: while the ledger is away, what comes waits here, within its bound.
    if (writing || refusals.length + presence.length === 0) return
    tell({ type: 'write', refusals, presence })
    writing = true
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
      if (message.type === 'identities') {
        options.onIdentities(message.identities)
        resolve()
      } else if (message.type === 'away') away = message.reason
      else {
        writing = false
        if (refusals.length + presence.length > 0) schedule()
      }
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
    notReady: () => (away === undefined ? [] : [`who may connect and who was refused waits: ${away}`]),
    async close() {
      clearTimeout(timer)
      // What is under way is finished, or given up, before this.
      writing = false
      flush()
      tell({ type: 'close' })
      await ended
    },
  }
}
