import { type MetricName, metrics } from '#domain/metric.ts'
import { type QualityCode, quality } from '#domain/quality.ts'
import type { ReadingBatch } from '#domain/reading.ts'

/** One reading as tests write it; quality good and receipt at the event time unless said otherwise. */
export interface TestReading {
  readonly device: string
  readonly metric?: MetricName
  readonly at: number
  readonly value: number
  readonly quality?: QualityCode
  readonly receivedAt?: number
}

/** A batch as the decoder would make it, with a table of devices of its own. */
export function batchOf(readings: readonly TestReading[]): ReadingBatch {
  const deviceIds = [...new Set(readings.map((reading) => reading.device))]
  const numbers = new Map(deviceIds.map((id, index) => [id, index]))
  return {
    count: readings.length,
    deviceIds,
    device: Uint32Array.from(readings, (reading) => numbers.get(reading.device) ?? 0),
    metric: Uint8Array.from(readings, (reading) => metrics[reading.metric ?? 'indoor_temperature_c'].code),
    at: Float64Array.from(readings, (reading) => reading.at),
    value: Float64Array.from(readings, (reading) => reading.value),
    quality: Uint8Array.from(readings, (reading) => reading.quality ?? quality.good),
    receivedAt: Float64Array.from(readings, (reading) => reading.receivedAt ?? reading.at),
  }
}

export const numberedDevices = ['P-0', 'P-1', 'P-2', 'P-3', 'P-4']
const numberedFrom = Date.UTC(2026, 0, 15)

/** Readings of batch `number`: the same at every call, from four of five devices, three hours after the batch before. */
export function numberedReadings(number: number): TestReading[] {
  const at = numberedFrom + number * 3 * 3_600_000
  return numberedDevices
    .filter((_, index) => index !== number % 5)
    .map((device) => ({ device, at, value: number / 10 }))
}
