import { Worker } from 'node:worker_threads'
import type { Clock } from '#domain/time.ts'
import type { DiskForecast } from '#store/telemetry/disk-forecast.ts'
import type { FromMaintenanceWorker, MaintenanceWorkerData, ToMaintenanceWorker } from './messages.ts'

/** Small merges come due about every minute; a round with nothing to do costs next to nothing. */
const roundEveryMs = 60_000
/** The first round waits until the start, with its own work for the disk, is over. */
const firstRoundMs = 5_000

export interface MaintenanceOptions extends MaintenanceWorkerData {
  readonly clock: Clock
  /** Hears how the disk will fill, after every round. */
  onForecast(forecast: DiskForecast): void
  onFailure(error: Error): void
  readonly log: { warn(facts: object, message: string): void }
}

/** Merges of the telemetry store, beside its writer and off everybody's way. */
export interface Maintenance {
  counters(): Record<string, number>
  close(): Promise<void>
}

/** Starts the thread that merges and drops readings; a failed round is told and tried again at the next. */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { directory, retentionDays, clock, log } = options
  const workerData: MaintenanceWorkerData = { directory, retentionDays }
  const worker = new Worker(new URL('./maintenance-worker.ts', import.meta.url), { workerData })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const tell = (message: ToMaintenanceWorker) => worker.postMessage(message)
  const counts = { rounds: 0, failures: 0, roundMsMax: 0 }
  let last: DiskForecast | undefined

  const round = () => tell({ type: 'maintain', now: clock.now() })
  let timer = setTimeout(round, firstRoundMs)
  worker.on('error', (error: Error) => options.onFailure(error))
  worker.on('message', ({ tookMs, forecast, error }: FromMaintenanceWorker) => {
    counts.rounds++
    counts.roundMsMax = Math.max(counts.roundMsMax, tookMs)
    if (error !== undefined) {
      counts.failures++
      log.warn({ error }, 'a round of telemetry maintenance failed; readings are kept, queries get slower')
    }
    if (forecast) {
      last = forecast
      options.onForecast(forecast)
    }
    timer = setTimeout(round, roundEveryMs)
  })

  return {
    counters: () => ({ ...counts, ...forecastNumbers(last) }),
    async close() {
      clearTimeout(timer)
      tell({ type: 'close' })
      await ended
    },
  }
}

const forecastNumbers = (forecast: DiskForecast | undefined): Record<string, number> =>
  Object.fromEntries(Object.entries(forecast ?? {}).filter(([, value]) => typeof value === 'number'))
