import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { dayMs, hourMs } from '#domain/time.ts'
import { type CityClock, makeCityClock } from '../../commands/clock.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import type { Service } from '../../commands/supervisor.ts'
import { seededRandom } from '../bench/load-generator-messages.ts'
import { gatewayId, type SmallCity } from '../bench/small-city.ts'
import { makeSmallCityData } from '../bench/small-city-data.ts'
import { type Audit, audit } from './audit.ts'
import { kill, mqttPortOf, refusalOf, startEdgeUnderProof } from './edge-under-proof.ts'
import { type GatewayFeed, gatewayFeed } from './feed.ts'
import { type GatewayClient, openGatewayClient } from './gateway-client.ts'
import { makePlatter } from './losing-files.ts'
import { cutPower } from './power-cut.ts'
import { readersCaughtUp } from './readers.ts'
import { sentLedger } from './sent-ledger.ts'

export interface ProofOptions {
  readonly seed: number
  readonly kills: number
  /** `kept`: the machine's own disk. `losing`: each kill is a power cut. */
  readonly disk: 'kept' | 'losing'
  readonly mutant?: string
  readonly city?: SmallCity
  readonly messagesPerSecond?: number
  /** The edge is killed at a random moment up to so long after it is ready. */
  readonly killAfterMsMax: number
}

export interface ProofResult {
  readonly audit: Audit
  readonly kills: number
  readonly resent: number
  /** Why the run could not come to its end; the audit then covers what was there. */
  readonly broken?: string
  /** Code with which the edge refused to start on what it found after a kill. */
  readonly refused?: string
}

/** Homes send a sample every ten minutes and, as a gateway that was away, whole days of them at once. */
const proofCity: SmallCity = {
  dwellings: 96,
  gateways: 12,
  samplingIntervalSeconds: 600,
  reportingIntervalSeconds: 86_400,
}
const windowMessages = 32
/** An evening in January: well inside the season. */
const openingMs = Date.parse('2026-01-15T20:00:00+08:00')
/** The history is older than any backlog grace and younger than what is refused as too old. */
const historyDays = 20
const historyBeginsAt = Date.parse('2026-01-15T00:00:00+08:00') - historyDays * dayMs
/** One kill in so many hits the edge while it starts. */
const startKillsEach = 5
const startKillAfterMsMax = 400
const drainMsMax = 60_000

/**
 * Publishes at QoS 1 while the edge is killed again and again, lets everything arrive, and compares what is stored
 * with what was sent.
 */
export async function runProof(options: ProofOptions): Promise<ProofResult> {
  const { city = proofCity } = options
  const random = seededRandom(options.seed)
  const work = await mkdtemp(join(tmpdir(), 'warmcity-proof-'))
  const data = join(work, 'data')
  const wallMs = Date.now()
  const clock = makeCityClock({ cityMs: openingMs, wallMs, speed: 1, simulated: false, catchingUp: false })
  const secrets = await makeSmallCityData(city, data, clock.now())
  const platter = options.disk === 'losing' ? makePlatter(join(work, 'platter')) : undefined
  const edgeOptions = { data, clock, ...(platter && { platter }), ...(options.mutant && { mutant: options.mutant }) }
  let refusal: () => string | undefined = () => undefined
  const start = (mqttPort: number) => {
    const started = startEdgeUnderProof({ ...edgeOptions, mqttPort })
    refusal = refusalOf(started)
    return started
  }
  let edge = start(0)
  let kills = 0
  let broken: string | undefined
  const traffic = startTraffic(city, clock, secrets, options.messagesPerSecond ?? 3_000)
  try {
    const mqttPort = await mqttPortOf(edge)
    traffic.begin(mqttPort)
    for (; kills < options.kills; kills++) {
      await killAtRandom(edge, kills, options.killAfterMsMax, random)
      if (platter) cutPower(dataFolder(data).journal, platter, random)
      edge = start(mqttPort)
    }
    await edge.ready
    await traffic.finish(drainMsMax)
    await readersCaughtUp(edge, drainMsMax)
    await edge.stop()
  } catch (error) {
    broken = (error as Error).message
    await kill(edge)
  }
  traffic.close()
  const result = await audit(dataFolder(data), { feeds: traffic.feeds, sent: traffic.sent })
  await rm(work, { recursive: true })
  const refused = kills > 0 ? refusal() : undefined
  return {
    ...{ audit: result, kills, resent: traffic.resent() },
    ...(broken !== undefined && { broken }),
    ...(refused !== undefined && { refused }),
  }
}

async function killAtRandom(edge: Service, number: number, afterMsMax: number, random: () => number): Promise<void> {
  const whileStarting = number % startKillsEach === startKillsEach - 1
  const afterMs = random() * (whileStarting ? startKillAfterMsMax : afterMsMax)
  if (!whileStarting) await edge.ready
  await pause(afterMs)
  await kill(edge)
}

const budgetEveryMs = 5

function startTraffic(city: SmallCity, clock: CityClock, secrets: Map<string, string>, messagesPerSecond: number) {
  const sent = sentLedger()
  const feedOptions = { city, beginsAt: historyBeginsAt, now: () => clock.now(), liveHomesPerGateway: 1 }
  const feeds = Array.from({ length: city.gateways }, (_, gateway) => gatewayFeed(feedOptions, gateway))
  const clients: GatewayClient[] = []
  const perTurn = Math.ceil((messagesPerSecond * budgetEveryMs) / 1_000 / city.gateways)
  const budgets = feeds.map(() => 0)
  let finishing = false
  const lastDay = Math.floor((openingMs - historyBeginsAt - 2 * 24 * hourMs) / dayMs)
  const isDone = (feed: GatewayFeed) => {
    const days = feed.daysSent()
    return Number.isInteger(days) && days > 0 && (finishing || days >= lastDay)
  }

  const timer = setInterval(() => {
    for (const [index, client] of clients.entries()) {
      budgets[index] = perTurn
      client.wake()
    }
  }, budgetEveryMs)

  return {
    sent,
    feeds,
    resent: () => clients.reduce((sum, client) => sum + client.resent(), 0),
    begin(port: number) {
      for (const [index, feed] of feeds.entries()) {
        const id = gatewayId(index)
        const client = openGatewayClient({
          ...{ port, id, secret: secrets.get(id) ?? '', window: windowMessages },
          next() {
            const budget = budgets[index] ?? 0
            if (budget === 0 || isDone(feed)) return undefined
            budgets[index] = budget - 1
            const message = feed.next()
            sent.sent(message)
            return message
          },
          onAcked(message) {
            feed.acked(message)
            sent.acked(message)
          },
        })
        clients.push(client)
      }
    },
    /** Completes the day that each gateway is at, and waits for every PUBACK. */
    async finish(withinMs: number) {
      finishing = true
      const deadline = performance.now() + withinMs
      while (!feeds.every(isDone) || clients.some((client) => client.inFlight() > 0)) {
        if (performance.now() > deadline) throw new Error('Not every message was acked in time')
        await pause(20)
      }
    },
    close() {
      clearInterval(timer)
      for (const client of clients) client.close()
    },
  }
}
