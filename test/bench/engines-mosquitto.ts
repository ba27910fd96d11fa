import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gatewayTopic } from '#domain/topics.ts'
import { startMosquitto } from '../support/mosquitto-server.ts'
import { type EdgeProcess, startEdgeProcess, untilCaughtUp } from './edge-process.ts'
import { type LoadGenerator, startLoadGenerator } from './load-generator-process.ts'
import { rounded } from './measure.ts'
import { processUsage } from './process-usage.ts'
import { gatewayId, homesOfGateway, probeId, type SmallCity } from './small-city.ts'
import { makeSmallCityData } from './small-city-data.ts'

interface MosquittoBench {
  readonly devices: number
  readonly seconds: number
  /** Messages a second to begin with. */
  readonly firstRate: number
  /** Folder for processor profiles of the edge. */
  readonly profiles?: string
}

const gateways = 200
const window = 64
const burst = 8
const warmUpSeconds = 8
/** Mosquitto acks before anybody has read: what is behind by more than this has to be waited for. */
const behindSecondsMax = 0.5
const slower = 0.9
const faster = 1.08
const caughtUpMsMax = 120_000

/**
 * Durable messages a second through a Mosquitto of its own: one probe and one metric a message, QoS 1 on both sides,
 * counted when the edge has them on its disk. The rate is raised until the edge is behind. Load generator, Mosquitto
 * and edge share the processor.
 */
export async function measureMosquitto({ devices, seconds, firstRate, profiles }: MosquittoBench): Promise<object> {
  const city: SmallCity = { dwellings: devices, gateways, samplingIntervalSeconds: 600, reportingIntervalSeconds: 600 }
  const work = await mkdtemp(join(tmpdir(), 'warmcity-engines-'))
  const mosquitto = await startMosquitto()
  let edge: EdgeProcess | undefined
  let load: LoadGenerator | undefined
  try {
    const data = join(work, 'data')
    await makeSmallCityData(city, data, Date.now())
    edge = await startEdgeProcess({ data, outsideBroker: mosquitto.url, ...(profiles !== undefined && { profiles }) })
    await subscribed(edge, 3 * gateways)
    load = await startLoad(city, mosquitto.port, join(work, 'devices'), firstRate)
    const control = keepNear(edge, load, firstRate)
    for (let second = 0; second < warmUpSeconds; second++) await Promise.all([pause(1_000), control.adjust()])
    const usage = (pid: number) => processUsage(pid)
    const pids = { edge: edge.pid, mosquitto: mosquitto.pid }
    const before = {
      edge: usage(pids.edge),
      mosquitto: usage(pids.mosquitto),
      durable: await durableOf(edge),
      at: performance.now(),
    }
    await load.lap()
    for (let second = 0; second < seconds; second++) await Promise.all([pause(1_000), control.adjust()])
    const durable = (await durableOf(edge)) - before.durable
    const took = (performance.now() - before.at) / 1_000
    const after = { edge: usage(pids.edge), mosquitto: usage(pids.mosquitto) }
    const lap = await load.lap()
    const { ackedInAll } = await load.stop()
    const caughtUp = await untilCaughtUp(edge, ackedInAll, caughtUpMsMax)
    const cores = (one: 'edge' | 'mosquitto') => rounded((after[one].cpuSeconds - before[one].cpuSeconds) / took, 2)
    return {
      name: 'engines',
      engine: 'mosquitto',
      devices,
      gateways,
      durable_messages_per_second: Math.round(durable / took),
      published_per_second: Math.round(lap.messagesPerSecond),
      own_cores: cores('edge'),
      server_cores: cores('mosquitto'),
      generator_cores: rounded(lap.cpuSeconds / took, 2),
      own_rss_mb: Math.round(after.edge.rssMb),
      server_rss_mb: Math.round(after.mosquitto.rssMb),
      behind_at_end_s: rounded(control.behindSeconds(), 2),
      store_lag_s: rounded(caughtUp.telemetrySeconds, 2),
    }
  } finally {
    load?.kill()
    await edge?.stop()
    await mosquitto.remove()
    await rm(work, { recursive: true, force: true })
  }
}

async function startLoad(city: SmallCity, port: number, deviceFile: string, messagesPerSecond: number) {
  const homes = Array.from({ length: gateways }, (_, gateway) => homesOfGateway(city, gateway))
  await writeFile(deviceFile, `${homes.flatMap((some) => some.map(probeId)).join('\n')}\n`)
  const load = startLoadGenerator({
    ...{
      host: '127.0.0.1',
      port,
      window,
      seed: 1,
      reconnects: false,
      clockOffsetMs: 0,
      messagesPerSecond,
      burst,
      deviceFile,
    },
    gateways: homes.map((some, index) => {
      const id = gatewayId(index)
      return { id, topic: gatewayTopic(id, 'readings'), devices: some.length }
    }),
  })
  await load.connected
  return load
}

const figure = async (edge: EdgeProcess, name: string) =>
  (await edge.metrics()).get(`warmcity_outside_broker_${name}`) ?? 0
const durableOf = (edge: EdgeProcess) => figure(edge, 'deliveries_accepted')

async function subscribed(edge: EdgeProcess, filters: number): Promise<void> {
  while ((await figure(edge, 'subscribed')) < filters) await pause(50)
}

/** Finds the rate at which the edge takes from the broker what publishers bring to it. */
function keepNear(edge: EdgeProcess, load: LoadGenerator, firstRate: number) {
  let rate = firstRate
  let behindSeconds = 0
  let before: { at: number; durable: number; acked: number } | undefined
  return {
    behindSeconds: () => behindSeconds,
    async adjust() {
      const [acked, durable] = await Promise.all([load.acked(), durableOf(edge)])
      const now = { at: performance.now(), durable, acked }
      if (before !== undefined) {
        const passed = (now.at - before.at) / 1_000
        const durablePerSecond = (durable - before.durable) / passed
        const publishedPerSecond = (acked - before.acked) / passed
        const behindBefore = behindSeconds
        behindSeconds = Math.max(0, acked - durable) / Math.max(1, durablePerSecond)
        if (behindSeconds > behindSecondsMax && behindSeconds > behindBefore * 0.9) rate *= slower
        else if (publishedPerSecond < rate * 0.85) rate *= slower
        else if (behindSeconds < behindSecondsMax) rate *= faster
        load.setRate(Math.round(rate))
        const figures = [durablePerSecond, publishedPerSecond, behindSeconds * 1_000, rate].map(Math.round)
        console.error(
          `  ${figures[0]} durable and ${figures[1]} published a second, ${figures[2]} ms behind; next ${figures[3]}`,
        )
      }
      before = now
    },
  }
}
