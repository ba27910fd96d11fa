import { statfs } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { type DiskForecast, forecastDisk } from '#store/telemetry/disk-forecast.ts'
import { openSqliteTelemetryMaintenance } from '#store/telemetry/sqlite/maintenance.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import type { FromMaintenanceWorker, MaintenanceWorkerData, ToMaintenanceWorker } from './messages.ts'

const { directory, retentionDays } = workerData as MaintenanceWorkerData
const maintenance = openSqliteTelemetryMaintenance({ directory, retentionDays })
const reader = openSqliteTelemetryReader({ directory })

async function forecast(): Promise<DiskForecast> {
  const [usage, disk] = await Promise.all([reader.usage(), statfs(directory)])
  return forecastDisk({
    usage,
    retentionDays,
    diskBytes: disk.blocks * disk.bsize,
    freeBytes: disk.bavail * disk.bsize,
  })
}

async function round(now: number): Promise<FromMaintenanceWorker> {
  const begun = performance.now()
  const tookMs = () => Math.round(performance.now() - begun)
  try {
    await maintenance.maintain(now)
    return { tookMs: tookMs(), forecast: await forecast() }
  } catch (error) {
    return { tookMs: tookMs(), error: (error as Error).message }
  }
}

let closing = false
parentPort?.on('message', async (message: ToMaintenanceWorker) => {
  if (message.type === 'maintain') {
    const done = await round(message.now)
    if (!closing) parentPort?.postMessage(done)
    return
  }
  closing = true
  await maintenance.close()
  await reader.close()
  parentPort?.close()
})
