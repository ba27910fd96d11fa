import type { AedesOptions } from 'aedes'
import type { DeliverySink } from '#domain/delivery.ts'
import type { MqttIdentity, Presence, Refusal } from '#domain/identity.ts'
import { type Clock, secondMs } from '#domain/time.ts'
import { gatewayTopic } from '#domain/topics.ts'
import type { Allowance } from './allowance.ts'
import { closeGently } from './closing.ts'
import { cooldowns as makeCooldowns } from './cooldowns.ts'
import { discipline } from './discipline.ts'
import { ForwardingBroker } from './forwarding-broker.ts'
import { frontDoor } from './front-door.ts'
import { gatekeeper } from './gatekeeper.ts'
import { identityTable } from './identity-table.ts'
import { intake } from './intake.ts'
import { type BrokerLimits, defaultBrokerLimits } from './limits.ts'
import { type Addresses, type Listen, openListeners, plaintextProblem } from './listeners.ts'
import { liveSubscriptions } from './live-subscriptions.ts'
import { refusalRecorder } from './refusal-recorder.ts'
import { refusals as makeRefusals } from './refusals.ts'
import { enforceIdentity } from './revocation.ts'
import type { Session } from './session.ts'
import { type SessionRegistry, sessionRegistry } from './session-registry.ts'
import { sessionStore } from './session-store.ts'

export interface BrokerOptions {
  /** Where deliveries go. Its callback releases the PUBACK. */
  readonly sink: DeliverySink
  /** City time, for what is recorded and for the validity of secrets. Limits and keep-alives run on real time. */
  readonly clock: Clock
  readonly listen: Listen
  /** Lets tcp and websocket be bound beyond loopback. */
  readonly allowPlaintext: boolean
  readonly limits?: Partial<BrokerLimits>
  /** Called for every refusal that is reported; repeats and floods are only counted. */
  onRefusal(refusal: Refusal): void
  onPresence(presence: Presence): void
  readonly log: BrokerLog
  /** Draws the jitter of cooldowns, from 0 to below 1. */
  readonly random?: () => number
}

interface BrokerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

interface PublishOptions {
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
}

export interface Broker {
  readonly addresses: Addresses
  /** Replaces who may connect; until the first call connects wait for an answer. Ends sessions whose identity or secret is gone, or that read what they may no more. */
  setIdentities(identities: readonly MqttIdentity[]): void
  /** Publishes in the service's own name. Not journaled. */
  publish(topic: string, payload: string | Buffer, options?: PublishOptions): void
  /** Tells a gateway on its errors topic what is wrong with what it sends. */
  tellGateway(gateway: string, message: object): void
  counters(): Record<string, number>
  /** Takes no more, lets the acks of what was accepted leave, and ends. */
  close(): Promise<void>
}

/** How often secrets that run out, and cooldowns that are over, are looked at. */
const sweepMs = secondMs

/** Starts to listen. Fails with code `plaintext_not_allowed` or `broker_listen_failed`. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const plaintext = plaintextProblem(options.listen, options.allowPlaintext)
  if (plaintext) throw plaintext
  const { clock, log } = options
  const limits: BrokerLimits = { ...defaultBrokerLimits, ...options.limits }
  const monotonicMs = () => performance.now()
  let closing = false
  const isClosing = () => closing

  const identities = identityTable()
  const registry = sessionRegistry(clock, options.onPresence)
  const random = options.random ?? Math.random
  const cooldowns = makeCooldowns(monotonicMs, random)
  const recorder = refusalRecorder(limits, options.onRefusal, monotonicMs)
  const refusals = makeRefusals(clock, identities, recorder, tellGateway)
  const order = discipline({ limits, registry, cooldowns, refusals, random })
  const allowances = allowancesById()
  const store = sessionStore(limits, (id, filter) => registry.get(id)?.filters.has(filter) ?? false)
  const gate = gatekeeper({
    ...{ clock, limits, identities, registry, cooldowns, isClosing, refuse: refusals.refuse },
    dropSubscription: store.dropSubscription,
    allowanceOf: allowances.of,
  })
  const publishes = intake({
    ...{ sink: options.sink, clock, limits, registry, monotonicMs, isClosing, refuse: refusals.refuse },
    endForRate: order.overRate,
    endNotKept: order.notKept,
  })
  const aedes = new ForwardingBroker({
    ...aedesLimits(limits),
    mq: liveSubscriptions(),
    persistence: store,
    preConnect: gate.preConnect,
    authenticate: gate.authenticate,
    authorizePublish: publishes.authorizePublish,
    authorizeSubscribe: gate.authorizeSubscribe,
    authorizeForward: gate.authorizeForward,
  })
  await aedes.listen()
  keepRegistry(aedes, registry)
  aedes.on('clientError', order.broken)
  aedes.on('connectionError', order.broken)
  const door = frontDoor({
    aedes,
    limits,
    registry,
    refusals,
    monotonicMs,
    isClosing,
    brokeProtocol: order.brokeProtocol,
  })
  const listeners = await openListeners(options.listen, door).catch((error: unknown) => {
    // Its timers would keep the process alive.
    aedes.close()
    throw error
  })
  log.info({ addresses: listeners.addresses }, 'the broker listens')

  function publish(topic: string, payload: string | Buffer, { qos = 0, retain = false }: PublishOptions = {}): void {
    aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false })
  }

  function tellGateway(gateway: string, message: object): void {
    publish(gatewayTopic(gateway, 'errors'), JSON.stringify(message), { qos: 1 })
  }

  const enforce = (session: Session | undefined) => {
    if (session && !enforceIdentity(session, identities, limits, clock.now())) registry.end(session, 'kicked')
  }

  function setIdentities(list: readonly MqttIdentity[]): void {
    identities.replace(list)
    gate.open()
    for (const session of registry.all()) enforce(session)
    for (const id of store.ids()) if (!identities.get(id)) store.forget(id)
    for (const id of allowances.ids()) if (!identities.get(id)) allowances.forget(id)
  }

  const sweep = setInterval(() => {
    cooldowns.sweep()
    for (const id of identities.expiring()) enforce(registry.get(id))
  }, sweepMs)
  sweep.unref()

  return {
    addresses: listeners.addresses,
    setIdentities,
    publish,
    tellGateway,
    counters: () => ({
      ...registry.counts(),
      identities: identities.size(),
      ...door.counters,
      ...gate.counters,
      ...publishes.counters,
      ...order.counters,
      ...recorder.counters(),
      ...store.counters(),
    }),
    async close() {
      if (closing) return
      closing = true
      clearInterval(sweep)
      await closeGently({ listeners, registry, aedes, idle: publishes.idle, closeMs: limits.closeMs })
      log.info({}, 'the broker has closed')
    },
  }
}

/** Allowances outlive their sessions: whoever reconnects does not start with a new burst. */
function allowancesById() {
  const allowances = new Map<string, Allowance>()
  return {
    of(id: string): Allowance {
      const allowance = allowances.get(id) ?? { doneAtMs: 0 }
      allowances.set(id, allowance)
      return allowance
    },
    ids: () => allowances.keys(),
    forget: (id: string) => allowances.delete(id),
  }
}

const aedesLimits = (limits: BrokerLimits): AedesOptions => ({
  connectTimeout: limits.connectMs,
  drainTimeout: limits.subscriberStalledMs,
  queueLimit: limits.packetsBeforeConnackMax,
  maxInflightInbound: limits.qos2InFlightMax,
})

function keepRegistry(aedes: ForwardingBroker, registry: SessionRegistry): void {
  aedes.on('client', (client) => {
    const session = registry.of(client)?.session
    if (session) registry.online(session)
  })
  aedes.on('unsubscribe', (filters, client) => {
    const session = registry.of(client)?.session
    for (const filter of filters) session?.filters.delete(filter)
  })
}
