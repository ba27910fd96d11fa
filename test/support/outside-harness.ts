import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { onTestFinished } from 'vitest'
import type { Accepted, Delivery } from '#domain/delivery.ts'
import type { Refusal } from '#domain/identity.ts'
import type { GatewayTopics } from '#store/ledger/gateway-topics.ts'
import type { OutsideTarget } from '../../ingest/outside/connection.ts'
import type { OutsideLimits } from '../../ingest/outside/limits.ts'
import {
  type OutsideBroker,
  type OutsideBrokerOptions,
  startOutsideBroker,
} from '../../ingest/outside/outside-broker.ts'

/** What came of the outside broker, in the test's hand. */
export interface Outside {
  readonly broker: OutsideBroker
  readonly deliveries: Delivery[]
  readonly refusals: Refusal[]
  /** Lines that were logged. */
  readonly logged: string[]
  /** Accepts what waits, in the order of the given places or as it came. */
  release(places?: readonly number[], error?: Error): void
  /** Resolves when so many deliveries have come. */
  came(count: number): Promise<void>
  /** Resolves when what is wanted is subscribed. */
  subscribed(): Promise<void>
  counter(name: string): number
}

interface OutsideSettings extends Pick<Partial<OutsideBrokerOptions>, 'share' | 'directory'> {
  readonly target: Partial<OutsideTarget> & Pick<OutsideTarget, 'url'>
  readonly topics?: GatewayTopics
  readonly limits?: Partial<OutsideLimits>
  /** Deliveries wait for `release`. */
  readonly hold?: boolean
}

export const testTopics: GatewayTopics = { gateways: ['G1', 'G2'], foreign: [] }

/** Quick attempts, so that a test need not wait for a broker that comes back, nor for acks that it holds back. */
const quickLimits: Partial<OutsideLimits> = { reconnectMsMin: 20, reconnectMsMax: 50, closeMs: 200 }

export async function outsideDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'outside-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Our side of an outside broker, with a sink that accepts at once or when the test says so. */
export async function openOutside(settings: OutsideSettings): Promise<Outside> {
  const deliveries: Delivery[] = []
  const waiting: Accepted[] = []
  const refusals: Refusal[] = []
  const logged: string[] = []
  const log = (facts: object, message: string) => void logged.push(`${message} ${JSON.stringify(facts)}`)
  const broker = await startOutsideBroker({
    target: { clientId: 'warmcity-test', ...settings.target },
    sink: {
      accept(delivery, accepted) {
        deliveries.push({ ...delivery, payload: Buffer.from(delivery.payload) })
        if (settings.hold) waiting.push(accepted)
        else setImmediate(accepted)
      },
    },
    clock: { now: () => Date.UTC(2026, 0, 15, 18) },
    directory: settings.directory ?? (await outsideDirectory()),
    share: settings.share ?? { worker: 1, workers: 1 },
    limits: { ...quickLimits, ...settings.limits },
    onRefusal: (refusal) => refusals.push(refusal),
    log: { info: log, warn: log, error: log },
  })
  onTestFinished(() => broker.close())
  broker.setTopics(settings.topics ?? testTopics)
  const counter = (name: string) => broker.counters()[name] ?? 0
  return {
    broker,
    deliveries,
    refusals,
    logged,
    counter,
    release(places = waiting.map((_, place) => place), error) {
      const released = places.map((place) => waiting[place])
      waiting.splice(0)
      for (const accepted of released) accepted?.(error)
    },
    came: (count) =>
      until(
        () => deliveries.length >= count,
        () => `${deliveries.length} of ${count} deliveries came`,
      ),
    subscribed: () =>
      until(
        () => counter('connected') === 1 && counter('subscribed') === counter('subscriptionsWanted'),
        () => logged.join('\n'),
      ),
  }
}

/** A publisher, ended with the test. */
export async function publisher(url: string, options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 0, ...options })
  client.on('error', () => {})
  onTestFinished(() => void client.end(true))
  return client
}

/** Far more than anything takes: tests share the processor with others. */
const untilMsMax = 30_000

/** Waits for an outcome; fails with what there is instead. */
export async function until(reached: () => boolean, instead: () => string): Promise<void> {
  const deadline = performance.now() + untilMsMax
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`not reached: ${instead()}`)
    await pause(5)
  }
}
