import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ReadingBatch } from '#domain/reading.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { startInfluxd } from '../support/influxd.ts'
import { measureMosquitto } from './engines-mosquitto.ts'
import { processUsage } from './process-usage.ts'

/*
 * Readings a second into SQLite and into an InfluxDB of its own, one after the other, durable, by the same batches:
 * every device reports in turn, every ten minutes of its own time. CPU of this process and of the server apart.
 * SQLite's merges run in a thread of their own beside an edge and are not part of this; InfluxDB's are.
 * Then durable messages a second through a Mosquitto, by a whole edge.
 *   node test/bench/engines.ts --devices 100000 --seconds 10 --batch 65536 --engines sqlite,influxdb,mosquitto
 */
const { values: flags } = parseArgs({
  options: {
    devices: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' },
    /** Readings an append; 65,536 is what the edge gathers when it has to catch up. */
    batch: { type: 'string', default: '65536' },
    engines: { type: 'string', default: 'sqlite,influxdb,mosquitto' },
    /** Messages a second through Mosquitto to begin with. */
    rate: { type: 'string', default: '20000' },
    /** Folder for processor profiles of the edge behind Mosquitto. */
    profiles: { type: 'string' },
  },
})
const devices = Number(flags.devices)
const batchSize = Number(flags.batch)
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
  const endMs = begunMs + Number(flags.seconds) * 1_000
  let appends = 0
  let slowestMs = 0
  while (performance.now() < endMs) {
    const batch = batchNumber(appends++)
    const appendMs = performance.now()
    await store.append(batch, appends, {})
    slowestMs = Math.max(slowestMs, performance.now() - appendMs)
  }
  const seconds = (performance.now() - begunMs) / 1_000
  const after = usage()
  const cores = (from = 0, to = 0) => Number(((to - from) / seconds).toFixed(2))
  console.log(
    JSON.stringify({
      name: 'engines',
      engine,
      devices,
      batch: batchSize,
      readings_per_second: Math.round((appends * batchSize) / seconds),
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

const wanted = flags.engines.split(',')

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
  const { seconds, rate, profiles } = flags
  const bench = {
    devices,
    seconds: Number(seconds),
    firstRate: Number(rate),
    ...(profiles !== undefined && { profiles }),
  }
  console.log(JSON.stringify(await measureMosquitto(bench)))
}
