import type { Delivery } from '#domain/delivery.ts'
import type { WorkerHolding, WorkerShare } from '#domain/gateway-share.ts'
import type { Policy } from '#domain/policy.ts'
import type { LedgerTarget } from '#store/ledger/database.ts'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import type { SqliteTelemetryOptions } from '#store/telemetry/sqlite/store.ts'
import type { GatewayErrors } from './gateway-errors.ts'

/** What the pipeline's thread is started with. */
export interface PipelineWorkerData {
  readonly ledger: LedgerTarget
  readonly telemetry: Pick<SqliteTelemetryOptions, 'directory' | 'retentionDays'> & {
    /** Readings go there; the folder then holds only how far they are. */
    readonly influx?: InfluxTarget
  }
  readonly watchDirectory: string
  /** The city's rules. */
  readonly policy: Policy
  /** Where several workers share the city: what this one has when it starts. */
  readonly holding?: WorkerHolding
  /** Others have parts of the city, too. */
  readonly sharesCity?: boolean
  /** There is no journal yet, or none any more: what a reader had not taken of it is lost. */
  readonly journalIsNew?: boolean
}

/** A quarantined delivery that a person wants to go through again. */
export interface DeliveryToSendAgain {
  readonly quarantineId: number
  readonly delivery: Delivery
}

/** From the edge's main thread to the pipeline. */
export type ToPipeline =
  | { readonly type: 'start'; readonly journalDirectory: string; readonly durableEnd: SharedArrayBuffer }
  /** Answered with `settled` when the effect of everything before `position` is durable. */
  | { readonly type: 'settle'; readonly request: number; readonly position: number }
  /** The journal did not take these; they may be asked for again. */
  | { readonly type: 'notSentAgain'; readonly quarantineIds: readonly number[] }
  /** Answered with `held`. To be asked when everything of the gateways that go away is settled. */
  | { readonly type: 'giveAway'; readonly request: number; readonly share: WorkerShare }
  | { readonly type: 'takeIn'; readonly request: number; readonly share: WorkerShare }
  | { readonly type: 'stop'; readonly position: number; readonly timeoutMs: number }

/** From the pipeline to the edge's main thread. */
export type FromPipeline =
  /** The stores are open; the readers want to continue from these positions. */
  | { readonly type: 'opened'; readonly neededFrom: readonly number[]; readonly registryVersion: number }
  | {
      readonly type: 'progress'
      /** Nobody will read again what lies before it. */
      readonly releasePosition: number
      /** By reader: the effect of everything before it is durable. */
      readonly positions: Readonly<Record<string, number>>
      readonly counters: Record<string, number>
      /** Readers that wait after a failure, and why. */
      readonly failing: readonly { readonly reader: string; readonly reason: string }[]
    }
  | { readonly type: 'registryVersion'; readonly version: number }
  | { readonly type: 'gatewayErrors'; readonly gateway: string; readonly message: GatewayErrors }
  | { readonly type: 'signals'; readonly head: number }
  /** To be published on a topic of a foreign format, for the gateway that asked to hear it. */
  | { readonly type: 'command'; readonly topic: string; readonly payload: Uint8Array }
  | { readonly type: 'sendAgain'; readonly deliveries: readonly DeliveryToSendAgain[] }
  | { readonly type: 'settled'; readonly request: number }
  /** What we have now, or why nothing was changed. */
  | { readonly type: 'held'; readonly request: number; readonly holding?: WorkerHolding; readonly failure?: string }
  | { readonly type: 'stopped' }
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly fields: object
      readonly message: string
    }
