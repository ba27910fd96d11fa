import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openLedger } from '#store/ledger/database.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { makeCityClock } from '../../commands/clock.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { processUsage } from '../bench/process-usage.ts'
import type { SmallCity } from '../bench/small-city.ts'
import { makeSmallCityData } from '../bench/small-city-data.ts'
import { startInfluxd } from '../support/influxd.ts'
import { type Audit, audit } from './audit.ts'
import { mqttPortOf, startEdgeUnderProof } from './edge-under-proof.ts'
import {
  beginsAt,
  daysMax,
  dwellingsDefault,
  gateways,
  messagesPerDwellingDay,
  nightAnchor,
  reportingIntervalSeconds,
  samplingIntervalSeconds,
} from './proof-run.ts'
import { readersCaughtUp } from './readers.ts'
import { makeTraffic } from './traffic.ts'

/** What happened in a stretch of the run. */
export interface Stretch {
  readonly seconds: number
  readonly ackedMessages: number
  /** Longest time in which no PUBACK was seen by one who looks every `lookMs`. */
  readonly ackGapMsMax: number
  /** Signals that the stream grew by. */
  readonly signals: number
  readonly rssMbMax: number
}

export interface OutageResult {
  readonly audit: Audit
  readonly before: Stretch
  readonly outage: Stretch
  readonly after: Stretch
  /** From the return of InfluxDB until all readers had taken everything. */
  readonly drainSeconds: number
}

const besideSeconds = 20
const lookMs = 100
const drainMsMax = 120_000

/** Publishes at QoS 1 while InfluxDB is stopped for a time, lets everything arrive, and compares what is stored. */
export async function runOutage(outageSeconds: number): Promise<OutageResult> {
  const city: SmallCity = { dwellings: dwellingsDefault, gateways, samplingIntervalSeconds, reportingIntervalSeconds }
  const work = await mkdtemp(join(tmpdir(), 'warmcity-outage-'))
  const data = join(work, 'data')
  const influxd = await startInfluxd()
  const target = { url: influxd.url, database: 'warmcity' }
  await setUpInflux(target, 0)
  const clock = makeCityClock(nightAnchor(0))
  const secrets = await makeSmallCityData(city, data, clock.now())
  const edge = startEdgeUnderProof({ data, clock, mqttPort: 0, influxUrl: influxd.url })
  const nextNight = async (days: number) => {
    clock.setAnchor(nightAnchor(days))
    await edge.setClock(clock.anchor())
  }
  const seconds = outageSeconds + 2 * besideSeconds
  const traffic = makeTraffic({
    ...{ city, beginsAt, daysMax, secrets, now: clock.now, dayOver: nextNight },
    messagesPerSecond: (daysMax * dwellingsDefault * messagesPerDwellingDay) / seconds,
  })
  const ledger = await openLedger(dataFolder(data).ledger)
  const signals = async () => (await ledger.db.selectFrom('stream').select('head').executeTakeFirst())?.head ?? 0

  async function watchFor(stretchSeconds: number): Promise<Stretch> {
    const [ackedBefore, signalsBefore, begunMs] = [traffic.sent.ackedMessages(), await signals(), performance.now()]
    let [acked, ackedMs, ackGapMsMax, rssMbMax] = [ackedBefore, begunMs, 0, 0]
    while (performance.now() - begunMs < stretchSeconds * 1_000) {
      await pause(lookMs)
      ackGapMsMax = Math.max(ackGapMsMax, performance.now() - ackedMs)
      if (traffic.sent.ackedMessages() > acked) ackedMs = performance.now()
      acked = traffic.sent.ackedMessages()
      rssMbMax = Math.max(rssMbMax, processUsage(edge.pid).rssMb)
    }
    return {
      seconds: (performance.now() - begunMs) / 1_000,
      ackedMessages: acked - ackedBefore,
      ackGapMsMax,
      signals: (await signals()) - signalsBefore,
      rssMbMax,
    }
  }

  try {
    traffic.begin(await mqttPortOf(edge))
    const before = await watchFor(besideSeconds)
    await influxd.stop()
    const outage = await watchFor(outageSeconds)
    await influxd.start()
    const backMs = performance.now()
    const after = await watchFor(besideSeconds)
    await traffic.finish(drainMsMax)
    await nextNight(daysMax)
    await readersCaughtUp(edge, drainMsMax)
    const drainSeconds = (performance.now() - backMs) / 1_000
    await edge.stop()
    const openTelemetry = () => openInfluxTelemetry({ target, directory: dataFolder(data).telemetry, usageMsMax: 0 })
    return { audit: await audit(dataFolder(data), traffic, openTelemetry), before, outage, after, drainSeconds }
  } finally {
    traffic.close()
    await ledger.close()
    await edge.stop()
    await influxd.remove()
    await rm(work, { recursive: true, force: true })
  }
}
