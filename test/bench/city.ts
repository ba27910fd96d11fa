import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import {
  type CityFleet,
  cityFiles,
  importWithCommand,
  makeCityFleet,
  writeAreaCorrection,
  writeCityRegistry,
} from './city-data.ts'
import { type EdgeProcess, pausesOf, readersOf, startEdgeProcess, untilCaughtUp } from './edge-process.ts'
import { measureLive } from './live-latency.ts'
import { type LapReport, type LoadGenerator, startLoadGenerator } from './load-generator-process.ts'
import { type Measured, measure, rounded, warmUp } from './measure.ts'
import { processUsage } from './process-usage.ts'
import { keepUp } from './rate-control.ts'
import { profilesOption, seedOption } from './shared-options.ts'

/**
 * The whole city on one machine: its registry by command, a probe in every home, 4,200 readings a second at random,
 * an import of every home beside it, and the way back from SIGKILL. One JSON line a part.
 */
const options = {
  dwellings: {
    env: 'WARMCITY_BENCH_DWELLINGS',
    default: 2_500_000,
    schema: positiveInteger('the number of dwellings', 9_000_000),
    help: 'homes, each with a probe',
  } satisfies Option<number>,
  rate: {
    env: 'WARMCITY_BENCH_RATE',
    default: 4_200,
    schema: positiveInteger('the rate', 1_000_000),
    help: 'readings a second',
  } satisfies Option<number>,
  seconds: {
    env: 'WARMCITY_BENCH_SECONDS',
    default: 60,
    schema: positiveInteger('the time', 86_400),
    help: 'seconds of load, alone; with the import beside it, as long as the import takes',
  } satisfies Option<number>,
  seed: seedOption,
  liveHomes: {
    env: 'WARMCITY_BENCH_LIVE_HOMES',
    default: 200,
    schema: positiveInteger('the number of homes', 900),
    help: 'homes that become cold while a client of the api waits for their flags',
  } satisfies Option<number>,
  keep: {
    env: 'WARMCITY_BENCH_KEEP',
    schema: z.string().min(1),
    placeholder: 'DIR',
    help: 'folder in which the city is made, and from which it is taken next time',
  } satisfies Option<string>,
  profiles: profilesOption,
}

const windowMessages = 16
const warmUpSeconds = 5
const fillRate = 40_000
const fillBurst = 8
const caughtUpMsMax = 600_000
/** About what a reading takes in the journal: a second of load is what a reader may be behind at any time. */
const recordBytes = 140

const { dwellings, rate, seconds, seed, liveHomes, keep, profiles } = optionsOrExit(options)
const directory = keep ?? (await mkdtemp(join(tmpdir(), 'warmcity-city-')))
const files = cityFiles(directory)
const print = (name: string, figures: object) => console.log(JSON.stringify({ name, dwellings, ...figures }))

try {
  const fleet = await makeOrTakeCity()
  await run(fleet)
} finally {
  if (keep === undefined) await rm(directory, { recursive: true })
}

async function makeOrTakeCity(): Promise<CityFleet> {
  const fleetFile = join(directory, 'fleet.json')
  if (existsSync(fleetFile)) return JSON.parse(await readFile(fleetFile, 'utf8'))
  await mkdir(directory, { recursive: true })
  const startedAt = performance.now()
  const rows = await writeCityRegistry(seed, dwellings, files)
  const writeSeconds = (performance.now() - startedAt) / 1_000
  const imported = await importWithCommand(files.csv, files)
  print('city-registry', {
    rows,
    write_s: rounded(writeSeconds, 1),
    import_s: rounded(imported.seconds, 1),
    import_rss_mb: rounded(imported.rssMbMax),
  })
  const fleet = await makeCityFleet(files, Date.now())
  await writeFile(fleetFile, JSON.stringify(fleet))
  return fleet
}

async function run(fleet: CityFleet): Promise<void> {
  let edge = await startEdgeProcess({ data: files.data, ...(profiles !== undefined && { profiles }) })
  try {
    print('city-start', { ready_s: rounded(edge.readySeconds, 1), rss_mb: rounded(processUsage(edge.pid).rssMb) })
    await fill(edge, fleet)
    const load = await startLoad(edge, fleet, rate, 1)
    await warmUp(load, 5 * rate, warmUpSeconds)
    const alone = await measure(load, edge.pid, seconds)
    print('city-load', { ...loadFigures(alone), ...(await pausesOf(edge)) })
    await importBeside(edge, load, alone)
    await liveBeside(edge, fleet)
    edge = await killAndReturn(edge, load)
    await load.stop()
  } finally {
    await edge.stop()
  }
}

async function startLoad(
  edge: EdgeProcess,
  { gateways }: CityFleet,
  messagesPerSecond: number,
  burst: number,
): Promise<LoadGenerator> {
  const load = startLoadGenerator({
    ...{ host: '127.0.0.1', port: edge.mqttPort, window: windowMessages, seed, reconnects: true, clockOffsetMs: 0 },
    ...{ messagesPerSecond, burst, gateways, deviceFile: files.deviceFile },
  })
  await load.connected
  return load
}

/** Every probe speaks once, so that the city is known to the watch and the stores as it is on any day. */
async function fill(edge: EdgeProcess, fleet: CityFleet): Promise<void> {
  const startedAt = performance.now()
  const load = await startLoad(edge, fleet, fillRate, fillBurst)
  const control = keepUp(edge, load, fillRate)
  const before = processUsage(edge.pid)
  const { readings } = await readersOf(edge)
  while ((await load.acked()) < dwellings) {
    await control.adjust()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  const { ackedInAll } = await load.stop()
  const caughtUp = await untilCaughtUp(edge, readings + ackedInAll, caughtUpMsMax)
  const after = processUsage(edge.pid)
  print('city-fill', {
    readings: ackedInAll,
    seconds: rounded((performance.now() - startedAt) / 1_000, 1),
    store_lag_s: rounded(caughtUp.telemetrySeconds, 2),
    rss_mb: rounded(after.rssMb),
    bytes_per_reading: rounded((after.writtenBytes - before.writtenBytes) / ackedInAll, 1),
  })
}

function loadFigures({ lap, writtenBytes, rssMb, cpuSeconds }: Measured): object {
  return {
    seconds: rounded(lap.seconds),
    messages_per_second: rounded(lap.messagesPerSecond),
    puback_p50_ms: rounded(lap.latency.p50Ms, 1),
    puback_p99_ms: rounded(lap.latency.p99Ms, 1),
    rss_mb: rounded(rssMb),
    cpu_s: rounded(cpuSeconds, 1),
    bytes_per_reading: rounded(writtenBytes / lap.acked, 1),
    generator_cpu_s: rounded(lap.cpuSeconds, 1),
    connections_lost: lap.lost,
  }
}

/** An import with as many rows as there are homes, each with a change, in a process of its own. */
async function importBeside(edge: EdgeProcess, load: LoadGenerator, alone: Measured): Promise<void> {
  const correction = await writeAreaCorrection(files, 0.1 + 9 * Math.random())
  await load.lap()
  const imported = await importWithCommand(correction, files)
  const lap: LapReport = await load.lap()
  print('city-import-beside', {
    import_s: rounded(imported.seconds, 1),
    import_rss_mb: rounded(imported.rssMbMax),
    messages_per_second: rounded(lap.messagesPerSecond),
    puback_p99_ms: rounded(lap.latency.p99Ms, 1),
    puback_p99_moved_ms: rounded(lap.latency.p99Ms - alone.lap.latency.p99Ms, 1),
    rss_mb: rounded(processUsage(edge.pid).rssMb),
  })
}

async function liveBeside(edge: EdgeProcess, { apart }: CityFleet): Promise<void> {
  const live = await measureLive({ data: files.data, mqttPort: edge.mqttPort, homes: liveHomes, ...apart })
  print('city-live', {
    homes: live.homes,
    flags_arrived: live.arrived,
    publish_to_socket_p50_ms: rounded(live.latency.p50Ms),
    publish_to_socket_p99_ms: rounded(live.latency.p99Ms),
  })
}

/** Kills the edge under load; gives the one that took its place. */
async function killAndReturn(edge: EdgeProcess, load: LoadGenerator): Promise<EdgeProcess> {
  const resumed = load.resumed()
  const killedAt = Date.now()
  const mqttPort = edge.mqttPort
  await edge.kill()
  const back = await startEdgeProcess({ data: files.data, mqttPort })
  const firstPubackSeconds = ((await resumed) - killedAt) / 1_000
  await untilCaughtUp(back, 0, caughtUpMsMax, rate * recordBytes)
  print('city-kill', {
    ready_s: rounded(back.readySeconds, 1),
    first_puback_s: rounded(firstPubackSeconds, 1),
    watch_caught_up_s: rounded((Date.now() - killedAt) / 1_000, 1),
    rss_mb: rounded(processUsage(back.pid).rssMb),
  })
  return back
}
