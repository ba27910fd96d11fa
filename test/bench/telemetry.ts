import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { ReadingBatch } from '#domain/reading.ts'
import { defaultMergeLimits } from '#store/telemetry/sqlite/merge-plan.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { rounded } from './measure.ts'
import { seedOption } from './shared-options.ts'

/**
 * Measures the SQLite telemetry store: devices report every ten minutes in an order that changes from round to round.
 * Prints JSON lines. With `--hours` the limits of merges shrink with the number of devices, so that a fiftieth of the
 * city makes the same number of files as the whole: `--devices 50000 --hours 71 --batch 84 --maintain 420`.
 */
const flags = optionsOrExit({
  devices: {
    env: 'WARMCITY_BENCH_DEVICES',
    default: 2_500_000,
    schema: positiveInteger('the number of devices', 10_000_000),
    help: 'devices, each with one metric',
  } satisfies Option<number>,
  seconds: {
    env: 'WARMCITY_BENCH_SECONDS',
    default: 15,
    schema: positiveInteger('the time', 86_400),
    help: 'seconds of appending and merging',
  } satisfies Option<number>,
  hours: {
    env: 'WARMCITY_BENCH_HOURS',
    schema: positiveInteger('the number of hours', 10_000),
    help: "hours of the city's time to write, in place of seconds",
  } satisfies Option<number>,
  batch: {
    env: 'WARMCITY_BENCH_BATCH',
    default: 1_680,
    schema: positiveInteger('the batch', 1_000_000),
    help: 'readings an append; the default is what the city sends in 400 ms',
  } satisfies Option<number>,
  maintain: {
    env: 'WARMCITY_BENCH_MAINTAIN',
    default: 21_000,
    schema: positiveInteger('the number of readings', 1_000_000_000),
    help: 'readings between two rounds of maintenance; the default is what the city sends in the five seconds of the service',
  } satisfies Option<number>,
  directory: {
    env: 'WARMCITY_BENCH_KEEP',
    schema: z.string().min(1),
    placeholder: 'DIR',
    help: 'folder for the store, which is kept',
  } satisfies Option<string>,
  seed: seedOption,
})
const { devices, batch: batchSize } = flags
const roundMs = 600_000
const startAt = Date.UTC(2026, 0, 15)

const deviceIds = Array.from({ length: devices }, (_, index) => `P-${String(index).padStart(7, '0')}`)
let { seed } = flags
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

/** Every device once a round, in an order that a step without common divisor gives. */
function* load(): Generator<{ batch: ReadingBatch; now: number }> {
  const temperature = Float64Array.from({ length: devices }, () => 200 + Math.floor(random() * 50))
  const phase = Float64Array.from({ length: devices }, () => random())
  for (let sent = 0, place = 0; ; ) {
    const count = batchSize
    const batch = {
      count,
      deviceIds,
      device: new Uint32Array(count),
      metric: new Uint8Array(count).fill(1),
      at: new Float64Array(count),
      value: new Float64Array(count),
      quality: new Uint8Array(count).fill(1),
      receivedAt: new Float64Array(count),
    }
    let now = 0
    for (let row = 0; row < count; row++, sent++) {
      place = (place + 1_000_003) % devices
      const round = Math.floor(sent / devices)
      now = startAt + round * roundMs + Math.floor(((sent % devices) / devices) * roundMs)
      temperature[place] += random() < 0.3 ? Math.round(random() * 2 - 1) : 0
      batch.device[row] = place
      // A probe's own clock: whole milliseconds, some seconds before the receipt.
      batch.at[row] = now - Math.floor(phase[place] * 2_000 + random() * 1_000)
      batch.value[row] = temperature[place] / 10
      batch.receivedAt[row] = now
    }
    yield { batch, now }
  }
}

function print(figures: Record<string, unknown>): void {
  console.log(JSON.stringify({ name: 'telemetry', devices, ...figures }))
}

function bytesWritten(): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

function percentile(sorted: number[], share: number): number {
  return rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))], 2)
}

/** A gateway with 300 devices sends a day again, after its newer readings: each has to be looked for in the files. */
async function replayDay(store: TelemetryStore, now: number): Promise<void> {
  const replayed = Array.from({ length: 300 }, () => Math.floor(random() * devices))
  const perDevice = 144
  const startedAt = performance.now()
  let slowestMs = 0
  for (const device of replayed) {
    const before = performance.now()
    const batch: ReadingBatch = {
      count: perDevice,
      deviceIds,
      device: new Uint32Array(perDevice).fill(device),
      metric: new Uint8Array(perDevice).fill(1),
      at: Float64Array.from({ length: perDevice }, (_, index) => now - (index + 1) * roundMs),
      value: new Float64Array(perDevice).fill(20),
      quality: new Uint8Array(perDevice).fill(1),
      receivedAt: new Float64Array(perDevice).fill(now),
    }
    await store.append(batch, 0, {})
    slowestMs = Math.max(slowestMs, performance.now() - before)
  }
  const perSecond = Math.round((replayed.length * perDevice * 1000) / (performance.now() - startedAt))
  print({ figure: 'replay_of_a_day', per_second: perSecond, slowest_append_ms: rounded(slowestMs, 1) })
}

const share = flags.hours === undefined ? 1 : devices / 2_500_000
const mergeLimits = {
  ...defaultMergeLimits,
  batchRowsDue: defaultMergeLimits.batchRowsDue * share,
  newestRowsDueMin: defaultMergeLimits.newestRowsDueMin * share,
}

const rssBefore = process.memoryUsage.rss()
const directory = flags.directory ?? (await mkdtemp(join(tmpdir(), 'telemetry-bench-')))
try {
  const batches = load()
  batches.next()
  const rssWithLoad = process.memoryUsage.rss()
  let store = await openSqliteTelemetry({ directory, mergeLimits })
  const written = { append: 0, maintain: 0, first: 0 }
  const spent = { append: 0, maintain: 0 }
  const appendMs: number[] = []
  let readings = 0
  let sinceMaintain = 0
  let now = 0
  const endAt = performance.now() + flags.seconds * 1000
  const goal = flags.hours === undefined ? undefined : flags.hours * (3_600_000 / roundMs) * devices
  while (goal === undefined ? performance.now() < endAt : readings < goal) {
    const next = batches.next().value as { batch: ReadingBatch; now: number }
    now = next.now
    const before = { at: performance.now(), bytes: bytesWritten() }
    await store.append(next.batch, readings, { readings })
    const took = performance.now() - before.at
    spent.append += took
    appendMs.push(took)
    readings += next.batch.count
    written[readings <= devices ? 'first' : 'append'] += bytesWritten() - before.bytes
    sinceMaintain += next.batch.count
    if (sinceMaintain < flags.maintain) continue
    sinceMaintain = 0
    const middle = { at: performance.now(), bytes: bytesWritten() }
    await store.maintain(now)
    spent.maintain += performance.now() - middle.at
    written.maintain += bytesWritten() - middle.bytes
  }
  appendMs.sort((left, right) => left - right)
  const later = Math.max(0, readings - devices)
  print({
    figure: 'append',
    readings,
    per_second: Math.round((readings / spent.append) * 1000),
    p50_ms: percentile(appendMs, 0.5),
    p99_ms: percentile(appendMs, 0.99),
    merge_per_second: Math.round((readings / spent.maintain) * 1000),
  })
  print({
    figure: 'bytes_written_per_reading',
    first_round: rounded(written.first / Math.min(readings, devices), 1),
    later_rounds: later > 0 ? rounded(written.append / later, 1) : null,
    merges: rounded(written.maintain / readings, 1),
  })
  const usage = await store.usage()
  print({ figure: 'kept', readings: usage.readings, bytes_per_reading: rounded(usage.bytes / usage.readings, 2) })
  print({
    figure: 'memory',
    store_mb: Math.round((process.memoryUsage.rss() - rssWithLoad) / 2 ** 20),
    load_generator_mb: Math.round((rssWithLoad - rssBefore) / 2 ** 20),
  })
  await store.close()

  const openAt = performance.now()
  store = await openSqliteTelemetry({ directory })
  print({ figure: 'open', ms: Math.round(performance.now() - openAt) })
  const reader = openSqliteTelemetryReader({ directory })
  const firstAt = performance.now()
  await reader.latest(deviceIds[0])
  print({ figure: 'first_question', ms: rounded(performance.now() - firstAt, 1) })
  for (const question of ['readings', 'latest'] as const) {
    const times: number[] = []
    for (let asked = 0; asked < 300; asked++) {
      const device = deviceIds[Math.floor(random() * devices)]
      const askedAt = performance.now()
      if (question === 'latest') await reader.latest(device)
      else await reader.readings(device, 'indoor_temperature_c', now - 48 * 3_600_000, now + 1, 10_000)
      times.push(performance.now() - askedAt)
    }
    times.sort((left, right) => left - right)
    print({ figure: question, p50_ms: percentile(times, 0.5), p99_ms: percentile(times, 0.99) })
  }
  await reader.close()
  await replayDay(store, now)
  await store.close()
} finally {
  if (flags.directory === undefined) await rm(directory, { recursive: true, force: true })
}
