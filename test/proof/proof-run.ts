import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ClockAnchor, dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { makeCityClock } from '../../commands/clock.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import type { Service } from '../../commands/supervisor.ts'
import { seededRandom } from '../bench/load-generator-messages.ts'
import type { SmallCity } from '../bench/small-city.ts'
import { makeSmallCityData } from '../bench/small-city-data.ts'
import { type Audit, audit } from './audit.ts'
import { kill, mqttPortOf, refusalOf, startEdgeUnderProof } from './edge-under-proof.ts'
import { makePlatter } from './losing-files.ts'
import { cutPower } from './power-cut.ts'
import { readersCaughtUp } from './readers.ts'
import { makeTraffic } from './traffic.ts'

export interface ProofOptions {
  readonly seed: number
  readonly kills: number
  /** Time for which the edge is up in all, about. */
  readonly seconds: number
  /** `kept`: the machine's own disk. `losing`: each kill is a power cut. */
  readonly disk: 'kept' | 'losing'
  readonly mutant?: string
  readonly dwellings?: number
}

export interface ProofResult {
  readonly audit: Audit
  readonly kills: number
  readonly resent: number
  readonly days: number
  /** Why the run could not come to its end; the audit then covers what was there. */
  readonly broken?: string
  /** Code with which the edge refused to start on what it found after a kill. */
  readonly refused?: string
}

export const gateways = 12
export const dwellingsDefault = 156
/** Probes measure every ten minutes and report once a day, the day just over. */
export const samplingIntervalSeconds = 600
export const reportingIntervalSeconds = 86_400
/** Messages of one home and day: two steps in three have one of their own. */
export const messagesPerDwellingDay = 100
/** In the middle of winter. */
export const beginsAt = Date.parse('2026-01-10T00:00:00+08:00')
/**
 * Night of the first report: the day before may still be added to until three o'clock. Each night comes a little
 * earlier, so that no home is silent for a whole day when the clock is moved on to the next.
 */
const firstNightMs = dayMs + 2 * hourMs + 30 * minuteMs
const nightEveryMs = dayMs - 30 * minuteMs
export const daysMax = 5

/** The clock of the night in which a day is reported. */
export const nightAnchor = (days: number): ClockAnchor => ({
  cityMs: beginsAt + firstNightMs + days * nightEveryMs,
  wallMs: Date.now(),
  ...{ speed: 1, simulated: false, catchingUp: false },
})

/** One kill in so many hits the edge while it starts. */
const startKillsEach = 5
const startKillAfterMsMax = 400
const drainMsMax = 60_000

/**
 * Publishes at QoS 1 while the edge is killed again and again, lets everything arrive, and compares what is stored
 * with what was sent.
 */
export async function runProof(options: ProofOptions): Promise<ProofResult> {
  const { seconds, disk, mutant } = options
  const dwellings = options.dwellings ?? dwellingsDefault
  const city: SmallCity = { dwellings, gateways, samplingIntervalSeconds, reportingIntervalSeconds }
  const random = seededRandom(options.seed)
  const work = await mkdtemp(join(tmpdir(), 'warmcity-proof-'))
  const data = join(work, 'data')
  const clock = makeCityClock(nightAnchor(0))
  const platter = disk === 'losing' ? makePlatter(join(work, 'platter')) : undefined
  const edgeOptions = { data, clock, ...(platter && { platter }), ...(mutant !== undefined && { mutant }) }
  let refusal: () => string | undefined = () => undefined
  const start = (mqttPort: number): Service => {
    const started = startEdgeUnderProof({ ...edgeOptions, mqttPort })
    refusal = refusalOf(started)
    return started
  }
  const nextNight = async (days: number) => {
    clock.setAnchor(nightAnchor(days))
    await edge.setClock(clock.anchor())
  }
  const traffic = makeTraffic({
    ...{ city, beginsAt, daysMax, now: clock.now, dayOver: nextNight },
    secrets: await makeSmallCityData(city, data, clock.now()),
    messagesPerSecond: (daysMax * dwellings * messagesPerDwellingDay) / seconds,
  })
  let edge = start(0)
  let kills = 0
  let broken: string | undefined
  try {
    const mqttPort = await mqttPortOf(edge)
    traffic.begin(mqttPort)
    for (; kills < options.kills; kills++) {
      await killAtRandom(edge, kills, (2_000 * seconds) / options.kills, random)
      if (platter) cutPower(dataFolder(data).journal, platter, random)
      edge = start(mqttPort)
    }
    await edge.ready
    await traffic.finish(drainMsMax)
    // The last day is closed as the others were: by the clock.
    await nextNight(daysMax)
    await readersCaughtUp(edge, drainMsMax)
    await edge.stop()
  } catch (error) {
    broken = (error as Error).message
    await kill(edge)
  }
  traffic.close()
  const result = await audit(dataFolder(data), traffic)
  const refused = kills > 0 ? refusal() : undefined
  await rm(work, { recursive: true })
  return {
    ...{
      audit: result,
      kills,
      resent: traffic.resent(),
      days: Math.max(...traffic.feeds.map((feed) => feed.daysSent())),
    },
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
