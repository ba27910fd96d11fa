import type { AedesPublishPacket, AuthenticateError, Client, ConnectPacket, Subscription } from 'aedes'
import type { Refusal } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'
import { filterMatches } from '#domain/topic-filter.ts'
import { mayReceive, subscribeVerdict, willVerdict } from './access.ts'
import type { Cooldowns } from './cooldowns.ts'
import type { IdentityTable } from './identity-table.ts'
import type { BrokerLimits } from './limits.ts'
import type { Connection, Session } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'

/** CONNACK return codes, MQTT 3.1.1 table 3.1. */
const returnCodes = { clientIdRejected: 2, serverUnavailable: 3, badCredentials: 4, notAuthorized: 5 } as const

export interface GatekeeperParts {
  readonly clock: Clock
  readonly limits: BrokerLimits
  readonly identities: IdentityTable
  readonly registry: SessionRegistry
  readonly cooldowns: Cooldowns
  refuse(connection: Connection, action: Refusal['action'], reason: string, topic?: string): void
  /** The session store must not keep a message for a filter that is granted no more. */
  dropSubscription(id: string, filter: string): void
  allowanceOf(id: string): Session['allowance']
  isClosing(): boolean
}

/** The hooks of aedes that decide who comes in and who reads what. */
export function gatekeeper(parts: GatekeeperParts) {
  const { clock, limits, identities, registry, refuse } = parts
  /**
   * Connects that wait for the first identities. Many clients never come again after a refusal, so none is refused for
   * having been quick; there are no more of them than open connections.
   */
  let waiting: (() => void)[] | undefined = []
  const counters = { connectsAccepted: 0, connectsRefused: 0, subscribesRefused: 0, forwardsDropped: 0 }

  function preConnect(client: Client, packet: ConnectPacket, callback: (error: Error | null, ok: boolean) => void) {
    const connection = registry.of(client)
    if (connection === undefined || parts.isClosing()) {
      callback(closingError, false)
      return
    }
    connection.claimedId = packet.username ?? packet.clientId
    connection.will = packet.will
    // aedes answers any other version with CONNACK 1.
    if (packet.protocolVersion !== 4 && packet.protocolVersion !== 3) {
      counters.connectsRefused++
      refuse(connection, 'connect', 'protocol_version')
    }
    callback(null, true)
  }

  function authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: (error: AuthenticateError | null, ok: boolean | null) => void,
  ) {
    if (waiting === undefined) decide()
    else waiting.push(decide)

    function decide() {
      const connection = registry.of(client)
      if (connection === undefined) return
      const refused = admit(connection, username, password)
      if (refused === undefined) {
        done(null, true)
        return
      }
      counters.connectsRefused++
      refuse(connection, 'connect', refused.reason)
      done(connackError(refused.returnCode, refused.reason), null)
    }
  }

  /** Decides over whoever came before it was known who may come. */
  function open(): void {
    const decisions = waiting
    waiting = undefined
    for (const decide of decisions ?? []) decide()
  }

  function admit(connection: Connection, username: string | undefined, password: Buffer | undefined) {
    const verdict = identities.authenticate({ clientId: connection.client.id, username, password }, clock.now())
    if (!verdict.ok) {
      const mismatch = verdict.reason === 'client_id_mismatch'
      const returnCode = mismatch ? returnCodes.clientIdRejected : returnCodes.badCredentials
      return { reason: verdict.reason, returnCode }
    }
    const { identity, secret } = verdict
    const cooling = parts.cooldowns.reason(identity.id)
    if (cooling !== undefined) return { reason: cooling, returnCode: returnCodes.serverUnavailable }
    const isNew = registry.get(identity.id) === undefined
    if (isNew && registry.counts().sessions >= limits.sessionsMax) {
      return { reason: 'too_many_sessions', returnCode: returnCodes.serverUnavailable }
    }
    if (connection.will !== undefined) {
      const will = willVerdict(identity, connection.will.topic)
      if (!will.allowed) return { reason: will.reason, returnCode: returnCodes.notAuthorized }
    }
    connection.session = {
      id: identity.id,
      connection,
      identity,
      secret,
      filters: new Map(),
      allowance: parts.allowanceOf(identity.id),
      delayed: [],
      delayTimer: undefined,
      topic: '',
      verdict: undefined,
      endCause: undefined,
      endTimer: undefined,
      online: false,
    }
    counters.connectsAccepted++
    return undefined
  }

  /** A refused filter is answered with 0x80 in the SUBACK; the session goes on. */
  function authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    callback: (error: Error | null, subscription?: Subscription | null) => void,
  ) {
    const connection = registry.of(client)
    const session = connection?.session
    if (connection === undefined || session === undefined) {
      callback(null, null)
      return
    }
    const filter = subscription.topic
    const verdict = subscribeVerdict(session.identity, filter, limits)
    const full = !session.filters.has(filter) && session.filters.size >= limits.subscriptionsPerSessionMax
    if (verdict.allowed && !full) {
      session.filters.set(filter, subscription.qos)
      callback(null, subscription)
      return
    }
    counters.subscribesRefused++
    parts.dropSubscription(session.id, filter)
    refuse(connection, 'subscribe', verdict.allowed ? 'too_many_subscriptions' : verdict.reason, filter)
    callback(null, null)
  }

  function authorizeForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null {
    const session = registry.of(client)?.session
    if (session === undefined || !mayReceive(session.identity, packet.topic)) return null
    // Whoever does not read loses messages; it never holds up others, nor the edge's memory.
    if (session.connection.stream.writableLength > limits.subscriberBacklogBytesMax) {
      counters.forwardsDropped++
      return null
    }
    // aedes lowers the QoS for exact filters only.
    if (packet.qos === 2) packet.qos = grantedQos(session, packet.topic)
    return packet
  }

  return { open, preConnect, authenticate, authorizeSubscribe, authorizeForward, counters }
}

/** The highest QoS at which a session subscribed to a topic [MQTT-3.3.5-1]. */
function grantedQos(session: Session, topic: string): 0 | 1 | 2 {
  let highest: 0 | 1 | 2 = 0
  for (const [filter, qos] of session.filters) if (qos > highest && filterMatches(filter, topic)) highest = qos
  return highest
}

const closingError = Object.assign(new Error('closing'), { code: 'closing' })

function connackError(returnCode: AuthenticateError['returnCode'], reason: string): AuthenticateError {
  return Object.assign(new Error(reason), { returnCode })
}
