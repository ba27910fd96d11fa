import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { decideExclusion, proposeExclusion } from '#store/ledger/ranking-exclusions.ts'
import {
  listContent,
  openObjections,
  publishList,
  type RankingList,
  rankingLists,
} from '#store/ledger/ranking-lists.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import { openInfluxFacts } from '#store/telemetry/influx/facts.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { startFactsMirror } from '../../api/facts-mirror.ts'
import { makeMetrics } from '../../api/metrics.ts'
import { metricsText } from '../../api/routes/metrics.ts'
import { type Broker, startBroker } from '../../broker/broker.ts'
import { draftDemoRanking } from '../../commands/demo-ranking.ts'
import { startEdgeHttp } from '../../commands/edge-http.ts'
import { writeFigures } from '../../commands/figure-mirror.ts'
import { showJournalAges } from '../../commands/journal-ages.ts'
import { type Ingest, startIngest } from '../../ingest/ingest.ts'
import { type City, makeCity } from '../../simulators/city.ts'
import { simulateCity } from '../../simulators/simulate.ts'
import { emptyTelemetry } from './api.ts'

/** Everything that dashboards ask about, brought into an InfluxDB by what brings it there in a running service. */
export interface FilledInflux {
  readonly city: City
  readonly from: number
  readonly to: number
}

interface FillOptions {
  readonly target: InfluxTarget
  readonly seed: number
  readonly dwellings: number
  readonly hours: number
}

const harbin = cityPolicies.harbin as Policy
/** A January evening: probes tell of their batteries at eight. */
const to = Date.parse('2026-01-15T22:00:00+08:00')
const log = { info() {}, warn() {}, error() {} }

/** Lets a simulated city live for some hours before an edge that writes into InfluxDB; publishes a list, plans work. */
export async function fillInflux({ target, seed, dwellings, hours }: FillOptions): Promise<FilledInflux> {
  const from = to - hours * hourMs
  const folder = await mkdtemp(join(tmpdir(), 'city-in-influx-'))
  const city = makeCity({ seed, dwellings })
  await setUpInflux(target, 0)
  const ledger = await openLedger(join(folder, 'ledger.db'))
  try {
    const imported = await importRegistry(ledger, { rows: city.registry }, { actor: 'test', now: () => from })
    if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
    await publishAList(ledger, city, seed, from)
    await planWork(ledger, city, from)
    await live(ledger, folder, city, target, from)
  } finally {
    await ledger.close()
    await rm(folder, { recursive: true })
  }
  return { city, from, to }
}

async function live(ledger: Ledger, folder: string, city: City, target: InfluxTarget, from: number): Promise<void> {
  let now = from
  const clock = {
    now: () => now,
    anchor: () => ({ cityMs: now, wallMs: now, speed: 1, simulated: true, catchingUp: false }),
  }
  const fail = (error: Error) => {
    throw error
  }
  const ingest = await startIngest({
    ledger: join(folder, 'ledger.db'),
    telemetry: { directory: join(folder, 'telemetry'), influx: target },
    watchDirectory: join(folder, 'watch'),
    policy: harbin,
    journal: { directory: join(folder, 'journal') },
    clock,
    onGatewayErrors: () => {},
    onSignals: () => {},
    onFailure: fail,
    log,
  })
  const broker = await startBroker({
    sink: ingest.sink,
    clock,
    listen: { tcp: { host: '127.0.0.1', port: 0 } },
    allowPlaintext: false,
    onRefusal: () => {},
    onPresence: () => {},
    log,
  })
  try {
    await publishDays(ingest, broker, ledger, city, target, from, (at) => {
      now = at
      ingest.clockMoved()
    })
  } finally {
    await broker.close()
    await ingest.stop()
  }
}

/** Publishes what the city's gateways send, and writes figures and facts each hour, as the services do. */
async function publishDays(
  ingest: Ingest,
  broker: Broker,
  ledger: Ledger,
  city: City,
  target: InfluxTarget,
  from: number,
  setClock: (at: number) => void,
): Promise<void> {
  const facts = openInfluxFacts({ target })
  const ages = showJournalAges(ingest)
  const http = await startEdgeHttp({
    host: '127.0.0.1',
    port: 0,
    parts: () => ({ broker, ingest: ages }),
    notReady: () => [],
    door: () => undefined,
  })
  const simulation = simulateCity(city, { from, warmUpMs: 6 * hourMs })
  let at = from
  let packetId = 0
  const clock = { now: () => at }
  const send = (delivery: { gateway: string; topic: string; payload: Buffer }) =>
    new Promise<void>((resolve, reject) => {
      const rest = { qos: 1, dup: false, retain: false, packetId: ++packetId, receivedAt: at } as const
      ingest.sink.accept({ ...delivery, ...rest }, (error) => (error ? reject(error) : resolve()))
    })
  const metrics = makeMetrics()
  try {
    for (let until = from + 10 * minuteMs; until <= to; until += 10 * minuteMs) {
      const sent: Promise<void>[] = []
      for (const delivery of simulation.advanceTo(until)) {
        at = delivery.at
        setClock(at)
        sent.push(send(delivery))
      }
      at = until
      setClock(at)
      ingest.clockMoved()
      await Promise.all(sent)
      if ((until - from) % hourMs !== 0) continue
      const gateway = city.gateways[0]?.id ?? ''
      await send({ gateway, topic: `heating/v1/${gateway}/readings`, payload: Buffer.from('{') })
      await ingest.settled()
      metrics.requestDone('/api/v1/time', 'GET', 200, 0.002)
      await writeFigures({ instance: '1', clock, facts, metricsText: http.metricsText })
      await mirrorOnce(ledger, facts, metrics, at)
    }
    await ingest.settled()
  } finally {
    ages.close()
    await http.close()
  }
}

/** One turn of the api's mirror, which begins with one. */
async function mirrorOnce(
  ledger: Ledger,
  facts: ReturnType<typeof openInfluxFacts>,
  metrics: ReturnType<typeof makeMetrics>,
  at: number,
): Promise<void> {
  const clock = {
    now: () => at,
    anchor: () => ({ cityMs: at, wallMs: at, speed: 1, simulated: true, catchingUp: false }),
  }
  // Every firm of this small city has few homes: panels are tried with what they have of a large one.
  const readPublished = async (list: RankingList) => {
    const { method, scores } = await listContent(ledger.db, harbin, list)
    return { method, scores, hidden: new Set<string>() }
  }
  const errors: unknown[] = []
  const mirror = startFactsMirror({
    instance: 'one:8080',
    db: ledger.db,
    clock,
    policy: harbin,
    facts,
    readPublished,
    figuresText: () => metricsText({ ledger, telemetry: emptyTelemetry, clock, metrics }),
    onError: (error) => errors.push(error),
  })
  await mirror.close()
  if (errors.length > 0) throw errors[0]
}

async function publishAList(ledger: Ledger, city: City, seed: number, from: number): Promise<void> {
  await draftDemoRanking(ledger, city, { policy: harbin, seed, from: from - 7 * 24 * hourMs, to: from })
  const [list] = await rankingLists(ledger.db, { onlyFrozen: false }, 1)
  if (!list) throw new Error('No list was drafted')
  const at = from + hourMs
  await ledger.write((transaction) => openObjections(transaction, list.id, at))
  const [open] = await rankingLists(ledger.db, { onlyFrozen: false }, 1)
  const published = open && (await publishList(ledger, harbin, open, { actor: 'test', at }))
  if (!published?.ok) throw new Error(`The list could not be published: ${JSON.stringify(published)}`)
}

async function planWork(ledger: Ledger, city: City, from: number): Promise<void> {
  const day = Math.floor(from / (24 * hourMs))
  await ledger.write(async (transaction) => {
    const [circuit, dwelling] = [city.circuits[0]?.id ?? '', city.dwellings[0]?.id ?? '']
    for (const [placeKind, place] of [
      ['circuit', circuit],
      ['dwelling', dwelling],
    ] as const) {
      const proposed = await proposeExclusion(transaction, {
        ...{ kind: 'plannedWork', placeKind, place, fromDay: day, toDay: day + 2 },
        ...{ evidence: 'work order', proposedBy: 'test', proposedAt: from },
      })
      await decideExclusion(transaction, proposed, {
        state: 'confirmed',
        by: 'other',
        at: from,
        decision: 'as planned',
      })
    }
  })
}
