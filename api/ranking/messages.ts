import type { Policy } from '#domain/policy.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import type { Ranking } from './ranking.ts'

/** What the ranking's thread is started with. */
export interface RankingWorkerData {
  readonly ledger: LedgerTarget
  readonly policy: Policy
  /** Where the readings are. */
  readonly telemetry: { readonly directory: string } | { readonly influx: InfluxTarget }
}

export type RankingTask = keyof Ranking

/** One task with what it is asked. */
export type RankingRequest = {
  readonly [Task in RankingTask]: {
    readonly number: number
    readonly task: Task
    readonly asked: Parameters<Ranking[Task]>[0]
  }
}[RankingTask]

export type ToRankingWorker = RankingRequest | { readonly task: 'stop' }

/** What the task of that number gave, or why it failed: an error loses its kind and its cause between threads. */
export type FromRankingWorker =
  | { readonly number: number; readonly given: unknown }
  | { readonly number: number; readonly failure: string; readonly ledgerAway: boolean }
