import type { TelemetryUsage } from './telemetry-store.ts'

/** Above this share of a disk databases and journals begin to suffer, and there is still time to act. */
const usedShareMax = 0.8
/** The rate of a shorter time says nothing about a day. */
const spanMsMin = 3_600_000
const dayMs = 86_400_000

export interface DiskForecastInput {
  readonly usage: TelemetryUsage
  readonly retentionDays: number
  /** The disk that holds the store. */
  readonly diskBytes: number
  readonly freeBytes: number
}

export interface DiskForecast {
  /** Share of the disk that is used, by whatever. */
  readonly usedShare: number
  /** True when the share is above 80 %: somebody should act. */
  readonly isWarning: boolean
  /** Bytes that a day of readings takes at the present rate; undefined in the first hour. */
  readonly bytesPerDay?: number
  /** Bytes that the readings take when the oldest of them begin to be dropped. */
  readonly bytesAtRetention?: number
  /** Days until the disk is 80 % full; undefined when the retention time comes first, or nothing is known yet. */
  readonly daysUntilFull?: number
}

/** Tells how the disk of a telemetry store fills up, from what it holds and since when. */
export function forecastDisk({ usage, retentionDays, diskBytes, freeBytes }: DiskForecastInput): DiskForecast {
  const usedBytes = diskBytes - freeBytes
  const usedShare = diskBytes > 0 ? usedBytes / diskBytes : 1
  const roomBytes = Math.max(0, usedShareMax * diskBytes - usedBytes)
  const now = { usedShare, isWarning: usedShare > usedShareMax }
  const spanMs = spanOf(usage)
  if (spanMs < spanMsMin) return now
  const bytesPerDay = usage.bytes / (spanMs / dayMs)
  // A day is dropped whole when its last moment is past retention: up to one day more than that is kept.
  const daysToGrow = Math.max(0, retentionDays + 1 - spanMs / dayMs)
  const daysUntilFull = roomBytes / bytesPerDay
  return {
    ...now,
    bytesPerDay,
    bytesAtRetention: usage.bytes + bytesPerDay * daysToGrow,
    ...(daysUntilFull <= daysToGrow || now.isWarning ? { daysUntilFull } : {}),
  }
}

/** Time over which the readings came in; by their own times where receipts are not known. */
function spanOf({ receivedFrom, receivedTo, oldestAt, newestAt }: TelemetryUsage): number {
  const from = receivedFrom ?? oldestAt ?? 0
  return (receivedTo ?? newestAt ?? from) - from
}
