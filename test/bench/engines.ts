import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { ReadingBatch } from '#domain/reading.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { startInfluxd } from '../support/influxd.ts'
import { measureMosquitto } from './engines-mosquitto.ts'
import { processUsage } from './process-usage.ts'
import { profilesOption } from './shared-options.ts'

/**
 * Readings a second into SQLite and into an InfluxDB of its own, one after the other, durable, by the same batches:
 * every device reports in turn, every ten minutes of its own time. CPU of this process and of the server apart.
 * SQLite's merges run in a thread of their own beside an edge and are not part of this; InfluxDB's are.
 * Then durable messages a second through a Mosquitto, by a whole edge.
 */
const {
  devices,
  seconds,
  batch: batchSize,
  engines,
  rate,
  profiles,
} = optionsOrExit({
  devices: {
    env: 'WARMCITY_BENCH_DEVICES',
    default: 100_000,
    schema: positiveInteger('the number of devices', 10_000_000),
    help: 'devices, each with one metric',
  } satisfies Option<number>,
  seconds: {
    env: 'WARMCITY_BENCH_SECONDS',
    default: 10,
    schema: positiveInteger('the time', 86_400),
    help: 'seconds of each engine',
  } satisfies Option<number>,
  batch: {
    env: 'WARMCITY_BENCH_BATCH',
    default: 65_536,
    schema: positiveInteger('the batch', 1_000_000),
    help: 'readings an append; the default is what the edge gathers when it has to catch up',
  } satisfies Option<number>,
  engines: {
    env: 'WARMCITY_BENCH_ENGINES',
    default: 'sqlite,influxdb,mosquitto',
    schema: z.string().min(1),
    placeholder: 'NAMES',
    help: 'what is measured, one after the other',
  } satisfies Option<string>,
  rate: {
    env: 'WARMCITY_BENCH_RATE',
    default: 20_000,
    schema: positiveInteger('the rate', 10_000_000),
    help: 'messages a second through Mosquitto to begin with',
  } satisfies Option<number>,
  profiles: profilesOption,
})
const roundMs = 600_000
const startAt = Date.UTC(2026, 0, 15)
const deviceIds = Array.from({ length: devices }, (_, index) => `P-${String(index).padStart(7, '0')}`)

function batchNumber(number: number): ReadingBatch {
  const rows = Array.from({ length: batchSize }, (_, row) => number * batchSize + row)
  const at = (sent: number) => startAt + Math.floor((sent / devices) * roundMs)
  return {
    count: batchSize,
    deviceIds,
    device: Uint32Array.from(rows, (sent) => sent % devices),
    metric: new Uint8Array(batchSize).fill(1),
    at: Float64Array.from(rows, at),
    value: Float64Array.from(rows, (sent) => 18 + (sent % 61) / 10),
    quality: new Uint8Array(batchSize).fill(1),
    receivedAt: Float64Array.from(rows, at),
  }
}

async function measure(engine: string, store: TelemetryStore, serverPid?: number): Promise<void> {
  const usage = () => ({ own: processUsage(process.pid), server: serverPid ? processUsage(serverPid) : undefined })
  const before = usage()
  const begunMs = performance.now()
  const endMs = begunMs + seconds * 1_000
  let appends = 0
  let slowestMs = 0
  while (performance.now() < endMs) {
    const batch = batchNumber(appends++)
    const appendMs = performance.now()
    await store.append(batch, appends, {})
    slowestMs = Math.max(slowestMs, performance.now() - appendMs)
  }
  const took = (performance.now() - begunMs) / 1_000
  const after = usage()
  const cores = (from = 0, to = 0) => Number(((to - from) / took).toFixed(2))
  console.log(
    JSON.stringify({
      name: 'engines',
      engine,
      devices,
      batch: batchSize,
      readings_per_second: Math.round((appends * batchSize) / took),
      slowest_append_ms: Math.round(slowestMs),
      own_cores: cores(before.own.cpuSeconds, after.own.cpuSeconds),
      ...(after.server && {
        server_cores: cores(before.server?.cpuSeconds, after.server.cpuSeconds),
        server_rss_mb: Math.round(after.server.rssMb),
      }),
      own_rss_mb: Math.round(after.own.rssMb),
    }),
  )
  await store.close()
}

const wanted = engines.split(',')

async function stores(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-engines-'))
  const influxd = wanted.includes('influxdb') ? await startInfluxd() : undefined
  try {
    if (wanted.includes('sqlite')) {
      await measure('sqlite', await openSqliteTelemetry({ directory: join(directory, 'sqlite'), retentionDays: 30 }))
    }
    if (!influxd) return
    const target = { url: influxd.url, database: 'warmcity' }
    await setUpInflux(target, 0)
    await measure('influxdb', await openInfluxTelemetry({ target, directory: join(directory, 'influx') }), influxd.pid)
  } finally {
    await influxd?.remove()
    await rm(directory, { recursive: true, force: true })
  }
}

await stores()
if (wanted.includes('mosquitto')) {
  const bench = { devices, seconds, firstRate: rate, ...(profiles !== undefined && { profiles }) }
  console.log(JSON.stringify(await measureMosquitto(bench)))
}
