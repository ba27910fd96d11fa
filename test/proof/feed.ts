import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { gatewayTopic } from '#domain/topics.ts'
import { gatewayId, homesOfGateway, probeId, type SmallCity } from '../bench/small-city.ts'
import type { Message } from './gateway-client.ts'

/** One value of one device as it was sent. `at` is absent where the service's time of receipt counts. */
export interface SentReading {
  readonly device: string
  readonly metric: string
  readonly at?: number
  readonly value: number
}

export interface FeedMessage extends Message {
  readonly readings: readonly SentReading[]
  /** True where something in it cannot be taken: it must lie in quarantine, once. */
  readonly rejected: boolean
}

/** The city keeps one time all year. */
const localOffsetMs = 8 * hourMs

export const stepMs = 10 * minuteMs
export const stepsPerDay = dayMs / stepMs

/** Cold steps of a home's day, and the temperature at each step. */
const coldStepsPerDay = 32
const warmC = 22
const coldC = 18
/** A change of one kelvin from step to step is believed by every rule. */
const slopeKPerStep = 1

/** At which step of the day a home's temperature begins to fall. */
const fallsAtStep = (home: number) => 30 + ((home * 7) % 50)

export function temperatureAt(home: number, step: number): number {
  const sinceFall = (step % stepsPerDay) - fallsAtStep(home)
  const untilWarm = coldStepsPerDay - sinceFall
  const fallen = Math.min(sinceFall, untilWarm) * slopeKPerStep
  return Math.max(coldC, Math.min(warmC, warmC - fallen))
}

export interface FeedOptions {
  readonly city: SmallCity
  /** Local midnight at which the first day begins; a sample ends each ten minutes from then on. */
  readonly beginsAt: number
  /** Service's clock. */
  now(): number
  /** The last homes of each gateway are cold right now; the others have a history. */
  readonly liveHomesPerGateway: number
}

/** Everything that one gateway says, in order. */
export interface GatewayFeed {
  next(): FeedMessage
  /** The next message that is not of the day's history, if one is due. */
  nextOfNow(): FeedMessage | undefined
  acked(message: FeedMessage): void
  /** Whole days of history that every home of the gateway has had; fractional while a day is under way. */
  daysSent(): number
  /** Local date of the first day of history, as days since 1970-01-01. */
  readonly firstDay: number
  readonly historyHomes: readonly number[]
  readonly liveHomes: readonly number[]
}

const liveColdC = 10
const liveEveryMs = 400
/**
 * Readings without a time of one device must not meet in one millisecond: they would be one reading. So the next one
 * is sent this long after the one before was acked.
 */
const untimedAfterMs = 25
const badEvery = 40

/** Device without a place and without a clock. */
export const untimedDevice = (gateway: number) => `U-${gateway}`

export function gatewayFeed(options: FeedOptions, gateway: number): GatewayFeed {
  const { city, now } = options
  const homes = homesOfGateway(city, gateway)
  const historyHomes = homes.slice(0, homes.length - options.liveHomesPerGateway)
  const liveHomes = homes.slice(historyHomes.length)
  const topic = gatewayTopic(gatewayId(gateway), 'readings')
  let step = 0
  let home = 0
  let sent = 0
  let untimed = 0
  let untimedAckedAt: number | undefined = now()
  let liveAt = 0

  const message = (readings: readonly SentReading[]): FeedMessage => {
    const bodies = readings.map(({ device, metric, at, value }) => ({ device, at, values: { [metric]: value } }))
    return { topic, readings, rejected: false, payload: JSON.stringify(bodies.length === 1 ? bodies[0] : bodies) }
  }

  const historyReading = (of: number): SentReading => ({
    device: probeId(of),
    metric: 'indoor_temperature_c',
    at: options.beginsAt + (step + 1) * stepMs,
    value: temperatureAt(of, step),
  })

  /** Every third step as one array of all homes, the other steps one message a home. */
  function history(): FeedMessage {
    const whole = step % 3 === 2
    const readings = whole ? historyHomes.map(historyReading) : [historyReading(historyHomes[home] ?? 0)]
    home = whole ? historyHomes.length : home + 1
    if (home === historyHomes.length) {
      home = 0
      step++
    }
    return message(readings)
  }

  /** Not JSON at all, or a reading that nobody can name behind one that is good. */
  function bad(): FeedMessage {
    const number = sent
    if (number % (2 * badEvery) === 0) {
      return { topic, readings: [], rejected: true, payload: `{"gateway":${gateway},"broken":${number}` }
    }
    const { readings, payload } = history()
    const unknown = { device: untimedDevice(gateway), values: { unheard_of: number } }
    const all = JSON.parse(payload)
    return {
      topic,
      readings,
      rejected: true,
      payload: JSON.stringify((Array.isArray(all) ? all : [all]).concat(unknown)),
    }
  }

  function nextOfNow(): FeedMessage | undefined {
    const at = now()
    if (at - liveAt > liveEveryMs && liveHomes.length > 0) {
      liveAt = at
      const reading = { metric: 'indoor_temperature_c', at, value: liveColdC }
      return message(liveHomes.map((of) => ({ device: probeId(of), ...reading })))
    }
    if (untimedAckedAt === undefined || at - untimedAckedAt <= untimedAfterMs) return undefined
    untimedAckedAt = undefined
    return message([{ device: untimedDevice(gateway), metric: 'coal_stock_t', value: ++untimed }])
  }

  return {
    historyHomes,
    liveHomes,
    firstDay: Math.round((options.beginsAt + localOffsetMs) / dayMs),
    daysSent: () => (step + (home > 0 ? 0.5 : 0)) / stepsPerDay,
    next() {
      const ofNow = nextOfNow()
      if (ofNow) return ofNow
      return ++sent % badEvery === 0 ? bad() : history()
    },
    nextOfNow,
    acked({ readings: [first] }) {
      if (first !== undefined && first.at === undefined) untimedAckedAt = now()
    },
  }
}
