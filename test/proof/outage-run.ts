import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type LedgerTarget, openLedger } from '#store/ledger/database.ts'
import { LedgerAwayError } from '#store/ledger/ledger-away.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { makeCityClock } from '../../commands/clock.ts'
import { type DataFolder, dataFolder } from '../../commands/data-folder.ts'
import { processUsage } from '../bench/process-usage.ts'
import type { SmallCity } from '../bench/small-city.ts'
import { makeSmallCityData } from '../bench/small-city-data.ts'
import { type Audit, audit } from './audit.ts'
import { type EdgeOptions, mqttPortOf, startEdgeUnderProof } from './edge-under-proof.ts'
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
import { startTelling, type Told } from './told-people.ts'
import { makeTraffic } from './traffic.ts'

/** A server that the edge works with, and that is stopped and started again. */
export interface StoppedServer {
  /** How the edge is told of it. */
  readonly edge: Pick<EdgeOptions, 'influxUrl' | 'ledgerUrl'>
  readonly ledger?: LedgerTarget
  /** A folder on the disk that the data folder is to lie on. */
  readonly disk?: string
  stop(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
  /** Where the readings are, when they are not in the folder. */
  readonly openTelemetry?: (folder: DataFolder) => Promise<TelemetryStore>
}

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
  readonly told: Told
  readonly before: Stretch
  readonly outage: Stretch
  readonly after: Stretch
  /** From the return of the server until all readers had taken everything. */
  readonly drainSeconds: number
  /** From the return of the server until the stream of signals grew; where it went on all the time, no more than usual. */
  readonly firstSignalSeconds: number
}

const besideSeconds = 20
const lookMs = 100
const drainMsMax = 120_000

/** Publishes at QoS 1 while a server is stopped for a time, lets everything arrive, and compares what is stored. */
export async function runOutage(outageSeconds: number, server: StoppedServer): Promise<OutageResult> {
  const city: SmallCity = { dwellings: dwellingsDefault, gateways, samplingIntervalSeconds, reportingIntervalSeconds }
  const work = await mkdtemp(join(server.disk ?? tmpdir(), 'warmcity-outage-'))
  const data = join(work, 'data')
  const folder = { ...dataFolder(data), ...(server.ledger !== undefined && { ledger: server.ledger }) }
  const clock = makeCityClock(nightAnchor(0))
  const secrets = await makeSmallCityData(city, data, clock.now(), server.ledger)
  const edge = startEdgeUnderProof({ data, clock, mqttPort: 0, ...server.edge })
  const nextNight = async (days: number) => {
    clock.setAnchor(nightAnchor(days))
    await Promise.all([edge, told.api].map((service) => service.setClock(clock.anchor())))
  }
  const seconds = outageSeconds + 2 * besideSeconds
  const traffic = makeTraffic({
    ...{ city, beginsAt, daysMax, secrets, now: clock.now, dayOver: nextNight },
    messagesPerSecond: (daysMax * dwellingsDefault * messagesPerDwellingDay) / seconds,
  })
  const ledger = await openLedger(folder.ledger)
  const told = await startTelling({ data, clock, ledger, edge: server.edge })
  let headKnown = 0
  /** While the ledger is away nobody can look, and nothing can grow. */
  async function signals(): Promise<number> {
    try {
      headKnown = (await ledger.db.selectFrom('stream').select('head').executeTakeFirstOrThrow()).head
    } catch (error) {
      if (!(error instanceof LedgerAwayError)) throw error
    }
    return headKnown
  }

  async function signalsGrow(): Promise<number> {
    const begunMs = performance.now()
    const before = await signals()
    while ((await signals()) === before && performance.now() - begunMs < drainMsMax) await pause(lookMs)
    return (performance.now() - begunMs) / 1_000
  }

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
    await server.stop()
    const outage = await watchFor(outageSeconds)
    await server.start()
    const backMs = performance.now()
    const [after, firstSignalSeconds] = await Promise.all([watchFor(besideSeconds), signalsGrow()])
    await traffic.finish(drainMsMax)
    await nextNight(daysMax)
    await readersCaughtUp(edge, drainMsMax)
    const people = await told.result(drainMsMax)
    const drainSeconds = (performance.now() - backMs) / 1_000
    await edge.stop()
    const { openTelemetry } = server
    const found = await audit(folder, traffic, openTelemetry && (() => openTelemetry(folder)))
    return { audit: found, told: people, before, outage, after, drainSeconds, firstSignalSeconds }
  } finally {
    traffic.close()
    await told.close()
    await ledger.close()
    await edge.stop()
    await rm(work, { recursive: true, force: true })
    await server.remove()
  }
}
