import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { gatewayTopic } from '#domain/topics.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { startAedesAlone } from './aedes-process.ts'
import { pausesOf, startEdgeProcess, untilCaughtUp } from './edge-process.ts'
import { type LapReport, type LoadGateway, type LoadGenerator, startLoadGenerator } from './load-generator-process.ts'
import { measure, rounded, warmUp } from './measure.ts'
import { keepUp } from './rate-control.ts'
import { profilesOption, seedOption } from './shared-options.ts'
import { gatewayId, homesOfGateway, probeId, type SmallCity } from './small-city.ts'
import { makeSmallCityData } from './small-city-data.ts'

/**
 * Durable ingest: one probe and one metric a message, QoS 1, devices in random order, from the PUBLISH to telemetry
 * and watch, beside stock aedes that keeps nothing. The load generator shares the processor.
 */
const options = {
  seconds: {
    env: 'WARMCITY_BENCH_SECONDS',
    default: 120,
    schema: positiveInteger('the time', 86_400),
    help: 'seconds of load on the edge; aedes alone gets at most 30',
  } satisfies Option<number>,
  devices: {
    env: 'WARMCITY_BENCH_DEVICES',
    default: 100_000,
    schema: positiveInteger('the number of devices', 9_000_000),
    help: 'probes, one a dwelling',
  } satisfies Option<number>,
  gateways: {
    env: 'WARMCITY_BENCH_GATEWAYS',
    default: 200,
    schema: positiveInteger('the number of gateways', 20_000),
    help: 'gateways, one connection each',
  } satisfies Option<number>,
  window: {
    env: 'WARMCITY_BENCH_WINDOW',
    default: 64,
    schema: positiveInteger('the window', 65_535),
    help: 'unacknowledged messages of a gateway, at most',
  } satisfies Option<number>,
  rate: {
    env: 'WARMCITY_BENCH_RATE',
    default: 'sustainable',
    schema: z.union([z.literal('sustainable'), positiveInteger('the rate', 10_000_000)]) as z.ZodType<number | string>,
    placeholder: 'N',
    help: 'messages a second; or "sustainable": as many as the stores keep up with',
  } satisfies Option<number | string>,
  seed: seedOption,
  profiles: profilesOption,
}

const aedesSecondsMax = 30
/** Every device has spoken at least once by then, or nearly so. */
const warmUpSecondsMax = 20
const firstRate = 60_000
/** Messages that a gateway passes on at once. */
const burst = 8
const caughtUpMsMax = 600_000

const { seconds, devices, gateways, window, rate, seed, profiles } = optionsOrExit(options)
const city: SmallCity = {
  dwellings: devices,
  gateways,
  samplingIntervalSeconds: 600,
  reportingIntervalSeconds: 600,
}

const work = await mkdtemp(join(tmpdir(), 'warmcity-bench-'))
try {
  await writeDeviceFile(join(work, 'devices'))
  console.log(JSON.stringify(await aedesAlone()))
  console.log(JSON.stringify(await wholeEdge()))
} finally {
  await rm(work, { recursive: true })
}

/** Each gateway's own probes, gateway by gateway; within a gateway the generator shuffles them. */
async function writeDeviceFile(path: string): Promise<void> {
  const gatewayNumbers = Array.from({ length: gateways }, (_, gateway) => gateway)
  const probes = gatewayNumbers.flatMap((gateway) => homesOfGateway(city, gateway).map(probeId))
  await writeFile(path, `${probes.join('\n')}\n`)
}

function fleet(secrets?: ReadonlyMap<string, string>): LoadGateway[] {
  return Array.from({ length: gateways }, (_, index) => {
    const id = gatewayId(index)
    const secret = secrets?.get(id)
    const gateway = { id, topic: gatewayTopic(id, 'readings'), devices: homesOfGateway(city, index).length }
    return secret === undefined ? gateway : { ...gateway, secret }
  })
}

async function startLoad(port: number, secrets?: ReadonlyMap<string, string>): Promise<LoadGenerator> {
  const paced = secrets !== undefined
  const load = startLoadGenerator({
    ...{ host: '127.0.0.1', port, window, seed, reconnects: false, clockOffsetMs: 0 },
    ...(paced && { messagesPerSecond: typeof rate === 'number' ? rate : firstRate, burst }),
    gateways: fleet(secrets),
    deviceFile: join(work, 'devices'),
  })
  await load.connected
  return load
}

async function aedesAlone(): Promise<object> {
  const aedes = await startAedesAlone()
  const load = await startLoad(aedes.port)
  await warmUp(load, 2 * devices, warmUpSecondsMax)
  const measured = await measure(load, aedes.pid, Math.min(seconds, aedesSecondsMax))
  await load.stop()
  await aedes.stop()
  return {
    name: 'aedes-alone',
    devices,
    messages_per_second: rounded(measured.lap.messagesPerSecond),
    store_lag_s: null,
    rss_mb: rounded(measured.rssMb),
    cpu_s: rounded(measured.cpuSeconds, 1),
    bytes_per_reading: null,
    ...circumstances(measured.lap),
  }
}

async function wholeEdge(): Promise<object> {
  const data = join(work, 'data')
  const secrets = await makeSmallCityData(city, data, Date.now())
  const edge = await startEdgeProcess({ data, ...(profiles !== undefined && { profiles }) })
  try {
    const load = await startLoad(edge.mqttPort, secrets)
    const control = typeof rate === 'number' ? undefined : keepUp(edge, load, firstRate)
    await warmUp(load, 8 * devices, warmUpSecondsMax, control?.adjust)
    const measured = await measure(load, edge.pid, seconds, control?.adjust)
    const { ackedInAll: acked } = await load.stop()
    const caughtUp = await untilCaughtUp(edge, acked, caughtUpMsMax)
    return {
      name: 'ingest',
      devices,
      messages_per_second: rounded(measured.lap.messagesPerSecond),
      store_lag_s: rounded(caughtUp.telemetrySeconds, 2),
      rss_mb: rounded(measured.rssMb),
      cpu_s: rounded(measured.cpuSeconds, 1),
      bytes_per_reading: rounded(measured.writtenBytes / measured.lap.acked, 1),
      watch_lag_s: rounded(caughtUp.watchSeconds, 2),
      rss_first_half_mb: rounded(measured.rssFirstHalfMb),
      rss_second_half_mb: rounded(measured.rssSecondHalfMb),
      readings_acked: acked,
      ...(await pausesOf(edge)),
      ...circumstances(measured.lap),
    }
  } finally {
    await edge.stop()
  }
}

/** Under which load the figures came about, and what the generator itself took. */
function circumstances({ seconds: measuredSeconds, latency, cpuSeconds, lost }: LapReport): object {
  return {
    seconds: rounded(measuredSeconds),
    gateways,
    window,
    puback_p50_ms: rounded(latency.p50Ms, 1),
    puback_p99_ms: rounded(latency.p99Ms, 1),
    generator_cpu_s: rounded(cpuSeconds, 1),
    connections_lost: lost,
  }
}
