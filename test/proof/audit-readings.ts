import type { MetricName } from '#domain/metric.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import type { SentReading } from './feed.ts'
import type { SentLedger } from './sent-ledger.ts'
import type { Tally } from './tally.ts'

const samplesMax = 1_000_000

/** Compares every stored reading of every device with what was sent. */
export async function auditReadings(
  reader: TelemetryReader,
  sent: SentLedger,
  count: Tally,
): Promise<{ readonly stored: number }> {
  const acked = bySeries(sent.ackedReadings())
  const unacked = bySeries(sent.unackedReadings())
  let stored = 0
  let kept = 0
  for (const series of new Set([...acked.keys(), ...unacked.keys()])) {
    const [device = '', metric = ''] = series.split(' ')
    const samples = await reader.readings(device, metric as MetricName, 0, Number.MAX_SAFE_INTEGER, samplesMax)
    kept += samples.length
    const wanted = acked.get(series) ?? []
    const found = wanted.some(({ at }) => at === undefined)
      ? compareUntimed(wanted, samples, count)
      : compareTimed(wanted, unacked.get(series) ?? [], samples, count)
    stored += found
    count.missing('readings', wanted.length - found)
  }
  const usage = await reader.usage()
  count.compare('readings that the store counts', kept, usage.readings)
  return { stored }
}

function bySeries(readings: readonly SentReading[]): Map<string, SentReading[]> {
  return Map.groupBy(readings, ({ device, metric }) => `${device} ${metric}`)
}

interface StoredSample {
  readonly at: number
  readonly value: number
}

function compareTimed(
  wanted: readonly SentReading[],
  possible: readonly SentReading[],
  samples: readonly StoredSample[],
  count: Tally,
): number {
  const left = new Map(samples.map(({ at, value }) => [at, value]))
  count.duplicated('readings of one time', samples.length - left.size)
  let found = 0
  for (const { at = 0, value } of wanted) {
    if (left.get(at) === value) found++
    left.delete(at)
  }
  for (const { at = 0 } of possible) left.delete(at)
  count.duplicated('readings that nobody sent', left.size)
  return found
}

/** Without a time of their own, readings are told apart by their value: each value was sent once. */
function compareUntimed(wanted: readonly SentReading[], samples: readonly StoredSample[], count: Tally): number {
  const stored = new Map<number, number>()
  for (const { value } of samples) stored.set(value, (stored.get(value) ?? 0) + 1)
  for (const times of stored.values()) count.duplicated('readings without a time', times - 1)
  return wanted.filter(({ value }) => stored.has(value)).length
}
