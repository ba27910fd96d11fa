import type { MetricName } from '#domain/metric.ts'
import { quality } from '#domain/quality.ts'
import type { Sample } from '#domain/reading.ts'
import type { AppendResult, Latest } from '#store/telemetry/telemetry-store.ts'
import type { TestReading } from './telemetry-batches.ts'

const dayMs = 86_400_000

interface Kept {
  readonly reading: TestReading & { readonly metric: MetricName }
  readonly day: number
}

/** What a telemetry store has to do, in the plainest way: one map, searched through for every answer. */
export function makeTelemetryModel(retentionDays: number) {
  const kept = new Map<string, Kept>()
  let lastDay = 0

  function of(device: string): Kept['reading'][] {
    return [...kept.values()].map((entry) => entry.reading).filter((reading) => reading.device === device)
  }

  return {
    append(readings: readonly TestReading[]): AppendResult {
      const result = { stored: 0, repeats: 0, corrections: 0 }
      for (const reading of readings) {
        const metric = reading.metric ?? 'indoor_temperature_c'
        lastDay = Math.max(lastDay, Math.floor((reading.receivedAt ?? reading.at) / dayMs))
        const key = `${reading.device} ${metric} ${reading.at}`
        const before = kept.get(key)
        if (before?.reading.value === reading.value) {
          result.repeats++
          continue
        }
        if (before) result.corrections++
        else result.stored++
        kept.set(key, { reading: { ...reading, metric }, day: lastDay })
      }
      return result
    },

    /** Days of receipt go when their last moment is past retention. */
    maintain(now: number): void {
      const floorDay = Math.floor((now - retentionDays * dayMs) / dayMs)
      for (const [key, { day }] of kept) if (day < floorDay) kept.delete(key)
      lastDay = Math.max(lastDay, floorDay)
    },

    readings(device: string, metric: MetricName, from: number, to: number, limit: number): Sample[] {
      return of(device)
        .filter((reading) => reading.metric === metric && reading.at >= from && reading.at < to)
        .sort((left, right) => left.at - right.at)
        .slice(0, limit)
        .map(sampleOf)
    },

    latest(device: string): Latest[] {
      const newest = new Map<MetricName, Latest>()
      for (const reading of of(device)) {
        const other = newest.get(reading.metric)
        if (other && other.at > reading.at) continue
        newest.set(reading.metric, { device, metric: reading.metric, ...sampleOf(reading) })
      }
      return [...newest.values()]
    },

    usage(): { readings: number; oldestAt?: number; newestAt?: number } {
      const times = [...kept.values()].map((entry) => entry.reading.at)
      if (times.length === 0) return { readings: 0 }
      return { readings: times.length, oldestAt: Math.min(...times), newestAt: Math.max(...times) }
    },
  }
}

function sampleOf(reading: TestReading): Sample {
  return { at: reading.at, value: reading.value, quality: reading.quality ?? quality.good }
}
