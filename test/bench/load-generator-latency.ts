/**
 * Counts durations in buckets that are 1/32 of their power of two wide, so that a percentile is right to about 3 %
 * and the memory is the same after a second and after a day. The unit is a microsecond, the range 0 to 71 minutes.
 */
const stepsPerOctave = 32
const octaves = 27

export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export function latencyHistogram() {
  const buckets = new Float64Array(stepsPerOctave * (octaves + 1))
  let count = 0
  let maxMs = 0

  function percentileMs(fraction: number): number {
    let left = Math.ceil(count * fraction)
    for (let index = 0; index < buckets.length; index++) {
      left -= buckets[index] ?? 0
      if (left <= 0) return Math.min(bucketEndUs(index) / 1000, maxMs)
    }
    return maxMs
  }

  return {
    add(milliseconds: number) {
      count++
      if (milliseconds > maxMs) maxMs = milliseconds
      buckets[bucketOf(milliseconds * 1000)]++
    },
    summary: (): LatencySummary => ({
      count,
      p50Ms: count === 0 ? 0 : percentileMs(0.5),
      p99Ms: count === 0 ? 0 : percentileMs(0.99),
      maxMs,
    }),
    clear() {
      buckets.fill(0)
      count = maxMs = 0
    },
  }
}

function bucketOf(microseconds: number): number {
  const whole = microseconds | 0
  if (whole < stepsPerOctave) return Math.max(whole, 0)
  const octave = 26 - Math.clz32(whole)
  return stepsPerOctave * (octave + 1) + ((whole >>> octave) - stepsPerOctave)
}

function bucketEndUs(index: number): number {
  if (index < stepsPerOctave) return index + 1
  const octave = Math.floor(index / stepsPerOctave) - 1
  return ((index % stepsPerOctave) + stepsPerOctave + 1) * 2 ** octave
}
