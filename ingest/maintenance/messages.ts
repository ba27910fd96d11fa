import type { DiskForecast } from '#store/telemetry/disk-forecast.ts'

export interface MaintenanceWorkerData {
  readonly directory: string
  readonly retentionDays: number
}

export type ToMaintenanceWorker = { readonly type: 'maintain'; readonly now: number } | { readonly type: 'close' }

/** After each round; `error` where the round could not be finished. */
export interface FromMaintenanceWorker {
  readonly tookMs: number
  readonly forecast?: DiskForecast
  readonly error?: string
}
