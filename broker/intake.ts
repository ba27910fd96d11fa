import type { Client, PublishPacket } from 'aedes'
import type { DeliverySink } from '#domain/delivery.ts'
import type { Refusal } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'
import { publishVerdict } from './access.ts'
import { charge, type Rate } from './allowance.ts'
import type { BrokerLimits } from './limits.ts'
import type { Connection, Session } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'

export interface IntakeParts {
  readonly sink: DeliverySink
  readonly clock: Clock
  readonly limits: BrokerLimits
  readonly registry: SessionRegistry
  monotonicMs(): number
  refuse(connection: Connection, action: Refusal['action'], reason: string, topic: string): void
  /** The session went over its rate for longer than its acks may be delayed. */
  endForRate(session: Session): void
  /** A delivery of the session could not be kept: what is not stored is never acked, and it has to send it again. */
  endNotKept(session: Session): void
  isClosing(): boolean
}

type Callback = (error?: Error | null) => void

/** What aedes acks and then passes on to nobody, because nothing beginning with "$" is passed on. */
const refusedTopic = '$refused'
const nothing = Buffer.alloc(0)

/**
 * Every publish on its way to the journal. aedes sends the PUBACK when the callback returns, so the callback is
 * called when the delivery is durable, and not before.
 */
export function intake(parts: IntakeParts) {
  const { sink, clock, limits, registry } = parts
  const rate: Rate = { perSecond: limits.messagesPerSecond, burst: limits.messagesBurst }
  const counters = {
    deliveriesReceived: 0,
    /** Of them QoS 0: stored like the rest, but what is lost before that nobody sends again. */
    deliveriesWithoutPromise: 0,
    deliveriesAccepted: 0,
    deliveriesFailed: 0,
    messagesPassedOn: 0,
    publishesRefused: 0,
    publishesDelayed: 0,
    wills: 0,
  }
  let inFlight = 0
  let whenIdle: (() => void) | undefined

  function settled(session: Session, error: Error | undefined, callback: Callback): void {
    inFlight--
    if (error) {
      counters.deliveriesFailed++
      parts.endNotKept(session)
    } else {
      counters.deliveriesAccepted++
      callback(null)
    }
    if (inFlight === 0) whenIdle?.()
  }

  function journal(session: Session, packet: PublishPacket, topic: string, retain: boolean, callback: Callback): void {
    inFlight++
    counters.deliveriesReceived++
    const { payload, qos, dup = false, messageId = 0 } = packet
    if (qos === 0) counters.deliveriesWithoutPromise++
    sink.accept(
      {
        gateway: session.id,
        topic,
        payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
        qos,
        dup,
        retain,
        packetId: messageId,
        receivedAt: clock.now(),
      },
      (error) => settled(session, error, callback),
    )
  }

  /** Takes a publish whose turn it is. */
  function take(session: Session, packet: PublishPacket, callback: Callback): void {
    if (session.verdict === undefined || packet.topic !== session.topic) {
      session.verdict = publishVerdict(session.identity, packet.topic, limits)
      session.topic = packet.topic
    }
    const verdict = session.verdict
    if (!verdict.allowed) {
      counters.publishesRefused++
      parts.refuse(session.connection, 'publish', verdict.reason, packet.topic)
      acknowledgeOnly(packet)
      callback(null)
      return
    }
    const { retain } = packet
    // Retained readings would come back as new ones at every restart of a subscriber.
    packet.retain = retain && verdict.retainable
    if (verdict.journaled) {
      journal(session, packet, session.topic, retain, callback)
      return
    }
    counters.messagesPassedOn++
    callback(null)
  }

  /** Puts a publish that came too fast at the end of its session's line. */
  function delay(session: Session, packet: PublishPacket, callback: Callback, lateMs: number): void {
    counters.publishesDelayed++
    session.delayed.push({ packet, callback, dueMs: parts.monotonicMs() + lateMs })
    if (session.delayed.length === 1) wakeLater(session, lateMs)
  }

  function wakeLater(session: Session, delayMs: number): void {
    session.delayTimer = setTimeout(() => {
      const now = parts.monotonicMs()
      let due = session.delayed[0]
      while (due !== undefined && due.dueMs <= now) {
        session.delayed.shift()
        take(session, due.packet, due.callback)
        due = session.delayed[0]
      }
      if (due !== undefined) wakeLater(session, due.dueMs - now)
    }, delayMs)
  }

  function takeWill(connection: Connection, packet: PublishPacket, callback: Callback): void {
    const session = connection.session
    // Our own stop is not the gateways' silence, and a revoked identity has nothing more to say.
    if (session === undefined || parts.isClosing() || session.endCause === 'kicked') {
      callback(new Error('will dropped'))
      return
    }
    counters.wills++
    journal(session, packet, packet.topic, packet.retain, callback)
  }

  function authorizePublish(client: Client | null, packet: PublishPacket, callback: Callback): void {
    const connection = client === null ? undefined : registry.of(client)
    const session = connection?.session
    if (connection === undefined || session === undefined) {
      callback(new Error('no session'))
      return
    }
    if (packet === connection.will) {
      takeWill(connection, packet, callback)
      return
    }
    // A session that is being ended gets no more acks; what it sent comes again.
    if (session.endCause !== undefined) return
    const cost = Math.ceil((packet.payload.length + 1) / limits.messageBytes)
    const lateMs = charge(session.allowance, parts.monotonicMs(), cost, rate)
    if (lateMs === 0 && session.delayed.length === 0) {
      take(session, packet, callback)
      return
    }
    if (lateMs > limits.ackDelayMsMax) {
      parts.endForRate(session)
      return
    }
    delay(session, packet, callback, lateMs)
  }

  return {
    authorizePublish,
    counters,
    /** Resolves when every delivery that was handed over is durable or failed. */
    idle: () =>
      new Promise<void>((resolve) => {
        if (inFlight === 0) resolve()
        else whenIdle = resolve
      }),
  }
}

/**
 * MQTT 3.1.1 leaves two answers to a publish that is not allowed: ack it or close the connection [MQTT-3.3.5-2]. A
 * client whose connection is closed sends the same again as soon as it is back, for ever; so it is acked, passed on to
 * nobody, and kept as a refusal.
 */
function acknowledgeOnly(packet: PublishPacket): void {
  packet.topic = refusedTopic
  packet.payload = nothing
  packet.retain = false
}
