import { dropDaysBefore, dropEmptyBatches, joinDeviceNames } from './clearing.ts'
import { lockFolder } from './folder.ts'
import { dayMs } from './main-file.ts'
import { mergeAll } from './merge-jobs.ts'
import { defaultMergeLimits, type MergeLimits } from './merge-plan.ts'
import { type MergeShop, openMergeShop } from './merge-shop.ts'
import { TelemetryError } from './telemetry-error.ts'

/** Raw readings are kept for a month unless told otherwise; day summaries stay for ever elsewhere. */
const retentionDaysDefault = 30

export interface MaintenanceOptions {
  readonly directory: string
  /** Days of receipt that are kept whole. */
  readonly retentionDays?: number
  /** Smaller limits let a test see all levels of merges. */
  readonly mergeLimits?: MergeLimits
}

/** Merges and drops. */
export interface TelemetryMaintenance {
  /** Merges what was appended into device order and drops what is past retention; `now` is the service's clock. */
  maintain(now: number): Promise<void>
  /** Ends a merge that is going on, without an effect, and lets go of the files. */
  close(): Promise<void>
}

/**
 * Opens the merges of a folder, in any thread or process beside its writer; one at a time for a folder. Nothing
 * happens while no writer has made the main file.
 */
export function openSqliteTelemetryMaintenance(options: MaintenanceOptions): TelemetryMaintenance {
  const { directory, retentionDays = retentionDaysDefault, mergeLimits = defaultMergeLimits } = options
  let shop: MergeShop | undefined
  let closing = false
  let underWay: Promise<void> = Promise.resolve()

  async function maintain(now: number): Promise<void> {
    checkOpen()
    shop ??= openMergeShop(directory, mergeLimits, checkOpen)
    if (shop === undefined) return
    const lock = lockFolder(directory, 'maintenance', 'telemetry_maintenance_in_use', 'merges are already going on')
    try {
      shop.sweep()
      shop.remove(shop.guard((db) => dropDaysBefore(db, Math.floor((now - retentionDays * dayMs) / dayMs))))
      await mergeAll(shop, now)
      shop.guard(dropEmptyBatches)
      shop.guard(joinDeviceNames)
    } finally {
      lock.release()
    }
  }

  function checkOpen(): void {
    if (closing) throw new TelemetryError('telemetry_closed', 'The telemetry store is closed')
  }

  return {
    maintain(now) {
      const turn = underWay.then(() => maintain(now))
      underWay = turn.catch(() => undefined)
      return turn
    },
    async close() {
      closing = true
      await underWay
      shop?.close()
      shop = undefined
    },
  }
}
