import type { MqttIdentity, Presence, Refusal } from '#domain/identity.ts'

export interface RecordsWorkerData {
  readonly ledgerPath: string
}

/** From the edge's main thread to the worker that may block on the ledger. */
export type ToRecordsWorker =
  | { readonly type: 'write'; readonly refusals: Refusal[]; readonly presence: Presence[] }
  | { readonly type: 'close' }

export interface FromRecordsWorker {
  readonly type: 'identities'
  readonly identities: MqttIdentity[]
}
