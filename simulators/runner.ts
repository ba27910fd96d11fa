import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, minuteMs } from '#domain/time.ts'
import type { City } from './city.ts'
import { connectGateway, type GatewayClient, type GatewayClientOptions } from './gateway-client.ts'
import { createRandom } from './random.ts'
import type { Simulation } from './simulate.ts'
import type { SimulatedDelivery } from './uplink.ts'

export interface RunnerOptions {
  readonly city: City
  readonly simulation: Simulation
  readonly brokerUrl: string
  /** Secret of a gateway by its id. */
  readonly secretOf: (gateway: string) => string
  readonly ca?: string
  /** Gives up connecting; a runner that has started is ended by `stop`. */
  readonly signal?: AbortSignal
  readonly onProblem?: GatewayClientOptions['onProblem']
}

interface CatchUpOptions {
  readonly from: number
  readonly to: number
  readonly stepMs: number
  /** Moves the city's clock; resolves when the service has the new time. */
  readonly setTime: (at: number) => Promise<void>
  readonly onProgress?: (progress: CatchUpProgress) => void
  readonly signal?: AbortSignal
}

interface CatchUpProgress {
  /** The city's time that is reached; history is done at `to`. */
  readonly at: number
  readonly from: number
  readonly to: number
  readonly deliveries: number
  readonly samples: number
}

/** Publishes a simulated city to a broker, each gateway as a client of its own. */
export interface Runner {
  /** Publishes history: step by step, each step acked whole before the next. */
  catchUp(options: CatchUpOptions): Promise<void>
  /** Publishes at the city's pace until the signal; the clock may run at any speed and change it. */
  live(clock: Clock, signal: AbortSignal): Promise<void>
  counters(): {
    readonly deliveries: number
    readonly samples: number
    readonly unacked: number
    readonly failed: number
  }
  /** Waits for what is under way as long as the broker answers, then ends all sessions. */
  stop(): Promise<void>
}

/** Sessions that are being opened at once: a broker checks each one's secret, and TLS costs it a millisecond. */
const connectingMax = 50
/** Deliveries without an ack at once; beyond, the city waits instead of filling memory while a broker is away. */
const unackedMax = 5_000
/** How often the live city is looked at, real time. */
const paceMs = 100
/** City time that is published at most between two looks, when the clock runs fast or jumped. */
const liveStepMsMax = 10 * minuteMs
/** In history a gateway gathers its samples for so long: within what counts as on time. */
const historyReportingMs = 10 * minuteMs
/** How long `stop` waits for acks, real time. */
const stopMs = 5_000

/** Connects every gateway of the city; rejects when the broker refuses one for good. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const clients = await connectAll(options)
  const counts = { deliveries: 0, samples: 0, failed: 0 }
  const underway = new Set<Promise<void>>()
  const cutOff = new Set<string>()

  function publish(delivery: SimulatedDelivery): void {
    const client = clients.get(delivery.gateway)
    if (client === undefined) return
    const sent: Promise<void> = client.publish(delivery.topic, delivery.payload).then(
      () => {
        counts.deliveries++
        counts.samples += delivery.samples
        underway.delete(sent)
      },
      () => {
        // Only ending the session fails a publish; while it lasts, it is repeated until it is acked.
        counts.failed++
        underway.delete(sent)
      },
    )
    underway.add(sent)
  }

  async function publishUntil(until: number): Promise<void> {
    for (const delivery of options.simulation.advanceTo(until)) {
      while (underway.size >= unackedMax) await Promise.race(underway)
      publish(delivery)
    }
  }

  /** Gateways that lose their connection lose it for real, so that presence and wills are part of the city. */
  function cutAndRestore(at: number): void {
    const away = options.simulation.cutOffGateways(at)
    for (const id of away) {
      if (cutOff.has(id)) continue
      cutOff.add(id)
      clients.get(id)?.cutOff()
    }
    for (const id of cutOff) {
      if (away.has(id)) continue
      cutOff.delete(id)
      clients.get(id)?.restore()
    }
  }

  return {
    async catchUp({ from, to, stepMs, setTime, onProgress, signal }) {
      options.simulation.gather(historyReportingMs)
      let at = from
      while (at < to && !signal?.aborted) {
        at = Math.min(to, at + stepMs)
        await setTime(at)
        await publishUntil(at)
        await Promise.all(underway)
        onProgress?.({ at, from, to, deliveries: counts.deliveries, samples: counts.samples })
      }
      // What gateways have gathered by the end goes out now: whoever stops here begins again at this time.
      options.simulation.gather(0)
      await publishUntil(at)
      await Promise.all(underway)
    },
    async live(clock, signal) {
      let reached = clock.now()
      while (!signal.aborted) {
        const now = clock.now()
        const next = Math.min(now, reached + liveStepMsMax)
        cutAndRestore(next)
        await publishUntil(next)
        reached = Math.max(reached, next)
        if (next < now) continue
        await sleep(paceMs, undefined, { signal }).catch(() => {})
      }
    },
    counters: () => ({ ...counts, unacked: underway.size }),
    async stop() {
      await Promise.race([Promise.all(underway), sleep(stopMs, undefined, { ref: false })])
      await Promise.all([...clients.values()].map((client) => client.end()))
    },
  }
}

async function connectAll(options: RunnerOptions): Promise<ReadonlyMap<string, GatewayClient>> {
  const random = createRandom(options.city.seed).fork('reconnects')
  const clients = new Map<string, GatewayClient>()
  const waiting = [...options.city.gateways].reverse()
  const giveUp = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, giveUp.signal]) : giveUp.signal
  async function connectNext(): Promise<void> {
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const client = await connectGateway({
        brokerUrl: options.brokerUrl,
        id: place.id,
        secret: options.secretOf(place.id),
        fraction: random.fork(place.id).fraction,
        signal,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
      })
      clients.set(place.id, client)
    }
  }
  const connecting = Array.from({ length: Math.min(connectingMax, waiting.length) }, connectNext)
  try {
    await Promise.all(connecting)
  } catch (error) {
    waiting.length = 0
    giveUp.abort()
    await Promise.allSettled(connecting)
    await Promise.allSettled([...clients.values()].map((client) => client.end()))
    throw error
  }
  return clients
}
