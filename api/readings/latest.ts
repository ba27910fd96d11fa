import { type MetricName, metrics } from '#domain/metric.ts'
import { type QualityName, qualityNameByCode } from '#domain/quality.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { stretchesAt } from './stretches.ts'

type PlaceKind = Parameters<typeof stretchesAt>[1]

/** The newest readings of a device since it stands at its place. */
export interface PlacedDevice {
  readonly device: string
  readonly since: number
  readonly latest: readonly LatestValue[]
}

interface LatestValue {
  readonly metric: MetricName
  readonly unit: string
  readonly at: number
  readonly value: number
  readonly quality: QualityName
}

/** What the devices that stand at a place now said last. */
export async function latestAt(
  db: LedgerDb,
  telemetry: TelemetryReader,
  place: { readonly kind: PlaceKind; readonly id: string },
  now: number,
): Promise<PlacedDevice[]> {
  const until = now + 1
  const stretches = await stretchesAt(db, place.kind, place.id, 0, until)
  const present = stretches.filter(({ to }) => to === until)
  return Promise.all(
    present.map(async ({ device, from }) => {
      const readings = await telemetry.latest(device)
      // What it measured before it came here belongs to another place.
      const here = readings.filter((reading) => reading.at >= from)
      const latest = here.map(({ metric, at, value, quality }) => ({
        metric,
        unit: metrics[metric].unit,
        at,
        value,
        quality: qualityNameByCode[quality] ?? 'unknown',
      }))
      return { device, since: from, latest }
    }),
  )
}
