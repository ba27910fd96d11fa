import type { MetricName } from '#domain/metric.ts'
import { type QualityName, qualityNameByCode } from '#domain/quality.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import type { Stretch } from './stretches.ts'

interface PlacedSample {
  readonly at: number
  readonly value: number
  readonly quality: QualityName
  readonly device: string
}

interface RawPage {
  readonly items: PlacedSample[]
  /** Time from which the next page goes on. */
  readonly next?: number
}

/**
 * Readings of all devices of a place in order of time, at most about `limit`: readings of one instant are never torn
 * apart, so that a page can go on from a time.
 */
export async function rawReadings(
  telemetry: TelemetryReader,
  stretches: readonly Stretch[],
  metric: MetricName,
  from: number,
  limit: number,
): Promise<RawPage> {
  const found: PlacedSample[] = []
  for (const stretch of stretches) {
    const begin = Math.max(from, stretch.from)
    if (begin >= stretch.to) continue
    for (const { at, value, quality } of await telemetry.readings(
      stretch.device,
      metric,
      begin,
      stretch.to,
      limit + 1,
    )) {
      found.push({ at, value, quality: qualityNameByCode[quality] ?? 'unknown', device: stretch.device })
    }
  }
  found.sort((left, right) => left.at - right.at || (left.device < right.device ? -1 : 1))
  const surplus = found[limit]
  if (!surplus) return { items: found }
  const whole = found.filter((sample) => sample.at < surplus.at)
  if (whole.length > 0) return { items: whole, next: surplus.at }
  return { items: found.filter((sample) => sample.at === surplus.at), next: surplus.at + 1 }
}
