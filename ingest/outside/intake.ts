import type { IPublishPacket } from 'mqtt-packet'
import type { DeliverySink } from '#domain/delivery.ts'
import type { Clock } from '#domain/time.ts'
import { type AckLine, ackLine } from './ack-line.ts'
import type { Connection } from './connection.ts'
import type { OversizedPublish } from './frame-sieve.ts'
import type { OutsideLimits } from './limits.ts'
import type { RefusedPublish } from './refusals.ts'
import type { TopicOwner } from './topic-owners.ts'

interface IntakeParts {
  readonly sink: DeliverySink
  readonly clock: Clock
  readonly limits: OutsideLimits
  ownerOf(topic: string): TopicOwner
  refuse(refused: RefusedPublish): void
}

/** What a connection has delivered and what of it is acked. */
export interface Intake {
  take(packet: IPublishPacket): void
  tooLarge(publish: OversizedPublish): void
}

export type IntakeCounters = ReturnType<typeof newCounters>

const newCounters = () => ({
  deliveriesReceived: 0,
  /** Of them QoS 0: stored like the rest, but what is lost before that nobody sends again. */
  deliveriesWithoutPromise: 0,
  /** Of them sent before on a connection that broke; the journal tells those that it has. */
  deliveriesResent: 0,
  deliveriesAccepted: 0,
  deliveriesFailed: 0,
  /** On topics of another worker's gateways, who gets them, too. */
  deliveriesOfOthers: 0,
  publishesRefused: 0,
  readingPauses: 0,
})

/**
 * Every publish on its way to the journal. Receipt never waits for the disk: publishes are handed on as they come, and
 * each PUBACK leaves when its delivery is durable and those before it are acked.
 */
export function outsideIntake(parts: IntakeParts) {
  const { sink, clock, limits } = parts
  const counters = newCounters()
  let inFlight = 0
  let whenIdle: (() => void) | undefined

  function settled(): void {
    inFlight--
    if (inFlight === 0) whenIdle?.()
  }

  /** For one connection: an ack of another would be taken for whatever has the same packet identifier by then. */
  function on(connection: Connection): Intake {
    const acks: AckLine = ackLine((packetId) => connection.acknowledge(packetId))
    let unackedBytes = 0
    let isPaused = false

    function look(): void {
      const load = Math.max(acks.length / limits.unackedMax, unackedBytes / limits.unackedBytesMax)
      if (!isPaused && load >= 1) {
        isPaused = true
        counters.readingPauses++
        connection.pause()
      } else if (isPaused && load <= 0.5) {
        isPaused = false
        connection.resume()
      }
    }

    function journal(gateway: string, packet: IPublishPacket): void {
      const { topic, payload, qos, dup, retain, messageId = 0 } = packet
      const place = qos === 0 ? undefined : acks.add(messageId)
      const bytes = payload.length
      inFlight++
      unackedBytes += bytes
      counters.deliveriesReceived++
      if (dup) counters.deliveriesResent++
      if (qos === 0) counters.deliveriesWithoutPromise++
      const delivery = {
        ...{ gateway, topic, qos, dup, retain, packetId: messageId, receivedAt: clock.now() },
        payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
      }
      sink.accept(delivery, (error) => {
        unackedBytes -= bytes
        if (error) {
          counters.deliveriesFailed++
          // What is not stored is never acked: the broker sends it again on the next connection.
          connection.destroy(`a delivery could not be kept: ${error.message}`)
        } else {
          counters.deliveriesAccepted++
          if (place) acks.ready(place)
          if (isPaused) look()
        }
        settled()
      })
      look()
    }

    /** An ack without a delivery: a broker would send it again for ever. */
    function acknowledgeOnly(qos: number, packetId: number): void {
      if (qos > 0) acks.ready(acks.add(packetId))
    }

    function refuse(refused: RefusedPublish, qos: number, packetId: number): void {
      counters.publishesRefused++
      parts.refuse(refused)
      acknowledgeOnly(qos, packetId)
    }

    return {
      take(packet) {
        const { topic, qos, retain, messageId = 0 } = packet
        const owner = parts.ownerOf(topic)
        if (owner.kind === 'others') {
          counters.deliveriesOfOthers++
          acknowledgeOnly(qos, messageId)
          return
        }
        const reason = whyRefused(owner, topic, retain, limits)
        const gateway = owner.kind === 'ours' ? owner.gateway : undefined
        if (reason === undefined && gateway !== undefined) journal(gateway, packet)
        else
          refuse(
            { reason: reason ?? 'topic_of_no_gateway', topic, ...(gateway !== undefined && { gateway }) },
            qos,
            messageId,
          )
      },
      tooLarge({ topic, qos, packetId }) {
        const owner = parts.ownerOf(topic)
        const gateway = owner.kind === 'ours' ? { gateway: owner.gateway } : {}
        refuse({ reason: 'packet_too_large', topic, ...gateway }, qos, packetId)
      },
    }
  }

  return {
    on,
    counters,
    /** Resolves when every delivery that was handed over is durable or failed. */
    idle: () =>
      new Promise<void>((resolve) => {
        if (inFlight === 0) resolve()
        else whenIdle = resolve
      }),
  }
}

function whyRefused(
  owner: Exclude<TopicOwner, { kind: 'others' }>,
  topic: string,
  retain: boolean,
  { topicLengthMax }: OutsideLimits,
): RefusedPublish['reason'] | undefined {
  if (owner.kind === 'nobody') return 'topic_of_no_gateway'
  if (topic.length > topicLengthMax) return 'topic_too_long'
  // It came live once; read again at every new session it would look like news.
  if (retain && owner.topic === 'report') return 'retained_report'
  return undefined
}
