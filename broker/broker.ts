import type { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import type { DeliverySink } from '#domain/delivery.ts'
import type { MqttIdentity, Presence, Refusal } from '#domain/identity.ts'
import { type Clock, secondMs } from '#domain/time.ts'
import { gatewayTopic } from '#domain/topics.ts'
import { type Allowance, addressLimiter } from './allowance.ts'
import { closeGently } from './closing.ts'
import { connectionFault } from './connection-faults.ts'
import { cooldowns } from './cooldowns.ts'
import { ForwardingBroker } from './forwarding-broker.ts'
import { type FrameViolation, guardFrames } from './frame-guard.ts'
import { gatekeeper } from './gatekeeper.ts'
import { identityTable } from './identity-table.ts'
import { intake } from './intake.ts'
import { type BrokerLimits, defaultBrokerLimits } from './limits.ts'
import { type Addresses, type Listen, openListeners, plaintextProblem } from './listeners.ts'
import { liveSubscriptions } from './live-subscriptions.ts'
import { refusalRecorder } from './refusal-recorder.ts'
import { refusalText } from './refusal-texts.ts'
import { enforceIdentity } from './revocation.ts'
import type { Connection, Session } from './session.ts'
import { sessionRegistry } from './session-registry.ts'
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
  const { clock, log, random = Math.random } = options
  const limits: BrokerLimits = { ...defaultBrokerLimits, ...options.limits }
  const plaintext = plaintextProblem(options.listen, options.allowPlaintext)
  if (plaintext) throw plaintext

  const monotonicMs = () => performance.now()
  const identities = identityTable()
  const registry = sessionRegistry(clock, options.onPresence)
  const cooling = cooldowns(monotonicMs, random)
  const refusals = refusalRecorder(limits, options.onRefusal, monotonicMs)
  const addresses = addressLimiter(
    { perSecond: limits.connectsPerAddressPerSecond, burst: limits.connectsPerAddressBurst },
    limits.addressesMax,
  )
  /** By id, beyond a session's end: whoever reconnects does not start with a new burst. */
  const allowances = new Map<string, Allowance>()
  const subscriptions = liveSubscriptions()
  const store = sessionStore(limits, (id, filter) => registry.get(id)?.filters.has(filter) ?? false)
  const counts = { connectionsTurnedAway: 0, sessionsRateLimited: 0, sessionsBrokeProtocol: 0, tlsErrors: 0 }
  let closing = false
  const isClosing = () => closing

  function refuse(connection: Connection, action: Refusal['action'], reason: string, topic?: string): void {
    const { session, address, claimedId } = connection
    const clientId = session?.id ?? claimedId
    const refusal = { at: clock.now(), clientId, address, action, reason, ...(topic !== undefined && { topic }) }
    const reported = refusals.record(refusal, identities.get(clientId) !== undefined)
    if (reported && session) tellGateway(session.id, { code: reason, topic, detail: refusalText(reason) })
  }

  function refuseStranger(address: string, reason: string): void {
    refusals.record({ at: clock.now(), clientId: '', address, action: 'connect', reason }, false)
  }

  const gate = gatekeeper({
    clock,
    limits,
    identities,
    registry,
    cooldowns: cooling,
    refuse,
    dropSubscription: store.dropSubscription,
    allowanceOf(id) {
      const allowance = allowances.get(id) ?? { doneAtMs: 0 }
      allowances.set(id, allowance)
      return allowance
    },
    isClosing,
  })

  const publishes = intake({
    sink: options.sink,
    clock,
    limits,
    registry,
    monotonicMs,
    refuse,
    endForRate(session) {
      counts.sessionsRateLimited++
      cooling.start(session.id, 'rate_limit', limits.rateCooldownMsMin, limits.rateCooldownMsMax)
      refuse(session.connection, 'publish', 'rate_limit')
      registry.end(session, 'rate_limit')
    },
    isClosing,
  })

  const aedes = new ForwardingBroker({
    mq: subscriptions,
    persistence: store,
    connectTimeout: limits.connectMs,
    drainTimeout: limits.subscriberStalledMs,
    queueLimit: limits.packetsBeforeConnackMax,
    maxInflightInbound: limits.qos2InFlightMax,
    preConnect: gate.preConnect,
    authenticate: gate.authenticate,
    authorizePublish: publishes.authorizePublish,
    authorizeSubscribe: gate.authorizeSubscribe,
    authorizeForward: gate.authorizeForward,
  })
  await aedes.listen()
  aedes.on('client', (client) => {
    const session = registry.of(client)?.session
    if (session) registry.online(session)
  })
  aedes.on('unsubscribe', (filters, client) => {
    const session = registry.of(client)?.session
    for (const filter of filters) session?.filters.delete(filter)
  })
  aedes.on('clientError', broken)
  aedes.on('connectionError', broken)

  function brokeProtocol(connection: Connection, reason: string): void {
    const { session, stream } = connection
    refuse(connection, session ? 'publish' : 'connect', reason)
    if (session === undefined) {
      stream.destroy()
      return
    }
    counts.sessionsBrokeProtocol++
    cooling.start(session.id, 'protocol_error', limits.protocolCooldownMsMin, limits.protocolCooldownMsMax)
    registry.end(session, 'protocol_error')
  }

  function broken(client: Client, error: Error): void {
    const connection = registry.of(client)
    if (connection === undefined) return
    const fault = connectionFault(error)
    if (fault === 'answered' || fault === 'connection_lost') return
    if (fault === 'connect_timeout') refuse(connection, 'connect', fault)
    else if (fault === 'packet_malformed') brokeProtocol(connection, fault)
    else if (connection.session) connection.session.endCause ??= fault
  }

  function admit(address: string, openConnections: number): boolean {
    if (closing) return false
    const full = openConnections >= limits.sessionsMax + limits.handshakesMax
    if (full || !addresses.admit(address, monotonicMs())) {
      counts.connectionsTurnedAway++
      refuseStranger(address, full ? 'too_many_connections' : 'connect_rate')
      return false
    }
    return true
  }

  function onStream(stream: Duplex, address: string): void {
    let connection: Connection | undefined
    const violated = (violation: FrameViolation) => connection && brokeProtocol(connection, violation)
    const guard = guardFrames(stream, limits, violated)
    const client = aedes.handle(stream)
    connection = { stream, address, client, guard, claimedId: '', will: undefined, session: undefined }
    registry.open(connection)
  }

  const listeners = await openListeners(options.listen, {
    limits,
    admit,
    onStream,
    onTlsError(address) {
      counts.tlsErrors++
      refuseStranger(address, 'tls_failed')
    },
  })
  log.info({ addresses: listeners.addresses }, 'the broker listens')

  function publish(topic: string, payload: string | Buffer, { qos = 0, retain = false }: PublishOptions = {}): void {
    aedes.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos, retain, dup: false })
  }

  function tellGateway(gateway: string, message: object): void {
    publish(gatewayTopic(gateway, 'errors'), JSON.stringify(message), { qos: 1 })
  }

  const enforce = (session: Session) => {
    if (!enforceIdentity(session, identities, limits, clock.now())) registry.end(session, 'kicked')
  }

  function setIdentities(list: readonly MqttIdentity[]): void {
    identities.replace(list)
    gate.open()
    for (const session of registry.all()) enforce(session)
    for (const id of store.ids()) if (!identities.get(id)) store.forget(id)
    for (const id of allowances.keys()) if (!identities.get(id)) allowances.delete(id)
  }

  const sweep = setInterval(() => {
    cooling.sweep()
    for (const id of identities.expiring()) {
      const session = registry.get(id)
      if (session) enforce(session)
    }
  }, sweepMs)
  sweep.unref()

  return {
    addresses: listeners.addresses,
    setIdentities,
    publish,
    tellGateway,
    counters: () => ({
      ...counts,
      ...registry.counts(),
      ...gate.counters,
      ...publishes.counters,
      ...refusals.counters(),
      ...store.counters(),
      identities: identities.size(),
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
