import { type Metric, type MetricName, metrics } from './metric.ts'

/** QARTOD flags: https://ioos.noaa.gov/project/qartod/ . The numbers are stored. */
export const quality = { good: 1, unknown: 2, suspect: 3, fail: 4, missing: 9 } as const
export type QualityName = keyof typeof quality
export type QualityCode = (typeof quality)[QualityName]

export const qualityNames = Object.keys(quality) as QualityName[]

export const qualityNameByCode: Readonly<Record<number, QualityName>> = Object.fromEntries(
  qualityNames.map((name) => [quality[name], name]),
)

/**
 * What one value says of itself, without knowing the values before it (gross range test). Tests that need the
 * sequence belong to the watch, whose state is restored exactly; this one gives the same answer on every decoding.
 */
export function assessValue(metricName: MetricName, value: number): QualityCode {
  const metric: Metric = metrics[metricName]
  const [low, high] = metric.plausible
  if (value < low || value > high) return quality.fail
  if (metric.binary && value !== 0 && value !== 1) return quality.fail
  if (metric.sensorErrorValues?.includes(value)) return quality.fail
  if (metric.usual && (value < metric.usual[0] || value > metric.usual[1])) return quality.suspect
  return quality.good
}
