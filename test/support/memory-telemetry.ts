import type { MetricName } from '#domain/metric.ts'
import { type QualityCode, quality } from '#domain/quality.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'

/** Readings in memory, for tests of what asks for readings. */
export function memoryTelemetry() {
  const kept: { device: string; metric: MetricName; at: number; value: number; quality: QualityCode }[] = []
  const reader: TelemetryReader = {
    async readings(device, metric, from, to, limit) {
      return kept
        .filter((reading) => reading.device === device && reading.metric === metric)
        .filter((reading) => reading.at >= from && reading.at < to)
        .sort((left, right) => left.at - right.at)
        .slice(0, limit)
        .map(({ at, value, quality: code }) => ({ at, value, quality: code }))
    },
    async latest(device) {
      const newest = new Map<MetricName, (typeof kept)[number]>()
      for (const reading of kept.filter((one) => one.device === device)) {
        if ((newest.get(reading.metric)?.at ?? -Infinity) < reading.at) newest.set(reading.metric, reading)
      }
      return [...newest.values()]
    },
    usage: async () => ({ bytes: kept.length * 20, readings: kept.length }),
    close: async () => {},
  }
  return {
    reader,
    add(device: string, metric: MetricName, at: number, value: number, code: QualityCode = quality.good) {
      kept.push({ device, metric, at, value, quality: code })
    },
  }
}
