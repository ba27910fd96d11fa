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
  /** Acks a publish that is no delivery. */
  pass(packet: IPublishPacket): void
  /** Looks again at what came for gateways that were still on their way to us. */
  ownersChanged(): void
}

interface Unacked {
  readonly bytes: number
  /** Absent for QoS 0. */
  readonly place?: ReturnType<AckLine['add']>
  readonly receivedAt: number
}

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
    /** For gateways that another worker has yet to hand over. */
    const waiting: { readonly packet: IPublishPacket; readonly unacked: Unacked }[] = []
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

    function came({ qos, messageId = 0, payload }: IPublishPacket): Unacked {
      unackedBytes += payload.length
      return { bytes: payload.length, ...(qos > 0 && { place: acks.add(messageId) }), receivedAt: clock.now() }
    }

    function settle({ bytes, place }: Unacked): void {
      unackedBytes -= bytes
      if (place) acks.ready(place)
      if (isPaused) look()
    }

    function journal(gateway: string, packet: IPublishPacket, unacked: Unacked): void {
      const { topic, payload, qos, dup, retain, messageId = 0 } = packet
      inFlight++
      counters.deliveriesReceived++
      if (dup) counters.deliveriesResent++
      if (qos === 0) counters.deliveriesWithoutPromise++
      const delivery = {
        ...{ gateway, topic, qos, dup, retain, packetId: messageId, receivedAt: unacked.receivedAt },
        payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
      }
      sink.accept(delivery, (error) => {
        if (error) {
          counters.deliveriesFailed++
          // What is not stored is never acked: the broker sends it again on the next connection.
          connection.destroy(`a delivery could not be kept: ${error.message}`)
        } else {
          counters.deliveriesAccepted++
          settle(unacked)
        }
        settled()
      })
    }

    function route(packet: IPublishPacket, unacked: Unacked): void {
      const { topic, retain } = packet
      const owner = parts.ownerOf(topic)
      if (owner.kind === 'arriving') {
        waiting.push({ packet, unacked })
        return
      }
      if (owner.kind === 'others') {
        counters.deliveriesOfOthers++
        settle(unacked)
        return
      }
      const reason = whyRefused(owner, topic, retain, limits)
      const gateway = owner.kind === 'ours' ? owner.gateway : undefined
      if (reason === undefined && gateway !== undefined) journal(gateway, packet, unacked)
      else {
        counters.publishesRefused++
        parts.refuse({ reason: reason ?? 'topic_of_no_gateway', topic, ...(gateway !== undefined && { gateway }) })
        // Without an ack the broker would send it again for ever.
        settle(unacked)
      }
    }

    return {
      take(packet) {
        route(packet, came(packet))
        look()
      },
      pass: (packet) => settle(came(packet)),
      tooLarge({ topic, qos, packetId }) {
        const owner = parts.ownerOf(topic)
        const gateway = owner.kind === 'ours' ? { gateway: owner.gateway } : {}
        counters.publishesRefused++
        parts.refuse({ reason: 'packet_too_large', topic, ...gateway })
        if (qos > 0) acks.ready(acks.add(packetId))
      },
      ownersChanged() {
        for (const { packet, unacked } of waiting.splice(0)) route(packet, unacked)
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
  owner: Extract<TopicOwner, { kind: 'ours' | 'nobody' }>,
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
