import type { Policy } from '#domain/policy.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import type { DaysAsked } from './days.ts'

/** What the ranking's thread is started with. */
export interface RankingWorkerData {
  readonly ledger: LedgerTarget
  readonly policy: Policy
  /** Where the readings are. */
  readonly telemetry: { readonly directory: string } | { readonly influx: InfluxTarget }
}

export type ToRankingWorker =
  | { readonly type: 'bring'; readonly request: number; readonly asked: DaysAsked }
  | { readonly type: 'supply'; readonly request: number; readonly now: number }
  | { readonly type: 'stop' }

/** The answer to one request; `failure` is the error's text, because an error loses its cause between threads. */
export interface FromRankingWorker {
  readonly request: number
  readonly days?: number
  readonly failure?: string
}
