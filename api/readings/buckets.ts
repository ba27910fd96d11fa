import type { MetricName } from '#domain/metric.ts'
import { quality } from '#domain/quality.ts'
import type { Sample } from '#domain/reading.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { ProblemError } from '../problems.ts'
import type { Stretch } from './stretches.ts'

/** What was measured at a place in from <= t < to. */
export interface Bucket {
  readonly from: number
  readonly to: number
  /** Readings of any quality. */
  readonly count: number
  /** Of good and unknown readings only; absent where there are none. */
  readonly min?: number
  readonly mean?: number
  readonly max?: number
  readonly quality: { readonly good: number; readonly unknown: number; readonly suspect: number; readonly fail: number }
}

const samplesPerReadMax = 5_000
/** A month of a sensor that measures every five seconds; more is a job for an export. */
const samplesReadMax = 500_000

/** Sums readings up over intervals that begin at `origin`; intervals without any reading are left out. */
export async function bucketReadings(
  telemetry: TelemetryReader,
  stretches: readonly Stretch[],
  metric: MetricName,
  intervalMs: number,
  origin: number,
): Promise<Bucket[]> {
  const sums = new Map<number, Sum>()
  let read = 0
  for (const stretch of stretches) {
    let from = stretch.from
    for (;;) {
      const samples = await telemetry.readings(stretch.device, metric, from, stretch.to, samplesPerReadMax)
      for (const sample of samples)
        add(sums, origin + Math.floor((sample.at - origin) / intervalMs) * intervalMs, sample)
      read += samples.length
      if (read > samplesReadMax)
        throw new ProblemError('validation', `More than ${samplesReadMax} readings: narrow the time`)
      const last = samples.at(-1)
      if (!last || samples.length < samplesPerReadMax) break
      from = last.at + 1
    }
  }
  return [...sums].sort(([left], [right]) => left - right).map(([from, sum]) => toBucket(from, from + intervalMs, sum))
}

interface Sum {
  usable: number
  total: number
  min: number
  max: number
  good: number
  unknown: number
  suspect: number
  fail: number
}

function add(sums: Map<number, Sum>, from: number, sample: Sample): void {
  const sum = sums.get(from) ?? {
    usable: 0,
    total: 0,
    min: Infinity,
    max: -Infinity,
    good: 0,
    unknown: 0,
    suspect: 0,
    fail: 0,
  }
  sums.set(from, sum)
  if (sample.quality === quality.good) sum.good += 1
  else if (sample.quality === quality.suspect) sum.suspect += 1
  else if (sample.quality === quality.fail) sum.fail += 1
  else sum.unknown += 1
  if (sample.quality === quality.suspect || sample.quality === quality.fail) return
  sum.usable += 1
  sum.total += sample.value
  sum.min = Math.min(sum.min, sample.value)
  sum.max = Math.max(sum.max, sample.value)
}

function toBucket(from: number, to: number, sum: Sum): Bucket {
  const { good, unknown, suspect, fail } = sum
  return {
    from,
    to,
    count: good + unknown + suspect + fail,
    ...(sum.usable > 0 && { min: sum.min, mean: sum.total / sum.usable, max: sum.max }),
    quality: { good, unknown, suspect, fail },
  }
}
