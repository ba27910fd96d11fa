import type { MqttIdentity, Presence, Refusal } from '#domain/identity.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'

export interface RecordsWorkerData {
  readonly ledger: LedgerTarget
}

/** From the edge's main thread to the worker that may block on the ledger. */
export type ToRecordsWorker =
  | { readonly type: 'write'; readonly refusals: Refusal[]; readonly presence: Presence[] }
  | { readonly type: 'close' }

export type FromRecordsWorker =
  | { readonly type: 'identities'; readonly identities: MqttIdentity[] }
  /** The last `write` is durable: the next may come. */
  | { readonly type: 'written' }
  /** The ledger is away, and why; without a reason it is there again. */
  | { readonly type: 'away'; readonly reason: string | undefined }
