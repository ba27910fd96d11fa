import { Readable } from 'node:stream'
import type { AedesPublishPacket } from 'aedes'
import { filterMatches } from '#domain/topic-filter.ts'
import type { BrokerLimits } from './limits.ts'
import {
  outgoingQueue,
  type PersistentSession,
  type QueuedPacket,
  type StoredSubscription,
} from './persistent-session.ts'
import { type TopicIndex, topicIndex } from './topic-index.ts'

interface ClientId {
  readonly id: string
}

type StoreLimits = Pick<
  BrokerLimits,
  'queuedMessagesPerSessionMax' | 'queuedBytesPerSessionMax' | 'queuedBytesMax' | 'retainedBytesMax'
>

/**
 * Sessions, their queues and retained messages in memory, bounded: the `persistence` that aedes asks for. Only known
 * ids get this far, so there are at most as many sessions and retained messages as identities. It does not outlive
 * the process; what must not be lost is in the journal and the ledger, not here.
 */
export type SessionStore = ReturnType<typeof sessionStore>

export function sessionStore(
  limits: StoreLimits,
  /** aedes stores all filters of a SUBSCRIBE as soon as one of them is granted; only those granted are kept. */
  isGranted: (id: string, filter: string) => boolean,
) {
  const sessions = new Map<string, PersistentSession>()
  const retained = new Map<string, AedesPublishPacket>()
  /** Filters with QoS above 0 of sessions that persist: who gets a message kept while away. */
  const keepers: TopicIndex<string> = topicIndex()
  const dropped = { messages: 0 }
  let queuedBytes = 0

  function sessionOf(id: string): PersistentSession {
    const known = sessions.get(id)
    if (known) return known
    const queue = outgoingQueue(
      limits.queuedMessagesPerSessionMax,
      (more) => queue.bytes() + more <= limits.queuedBytesPerSessionMax && queuedBytes + more <= limits.queuedBytesMax,
    )
    const session: PersistentSession = { subscriptions: new Map(), unreleased: new Set(), queue }
    sessions.set(id, session)
    return session
  }

  function forget(id: string): void {
    const session = sessions.get(id)
    if (session === undefined) return
    for (const filter of session.subscriptions.keys()) keepers.remove(filter, id)
    queuedBytes -= session.queue.bytes()
    sessions.delete(id)
  }

  /** Runs something that may change a queue's size and keeps the sum right. */
  function withQueue<T>(id: string, act: (session: PersistentSession) => T): T | undefined {
    const session = sessions.get(id)
    if (session === undefined) return undefined
    const before = session.queue.bytes()
    const result = act(session)
    queuedBytes += session.queue.bytes() - before
    return result
  }

  /** Keeps a message for every persistent session that subscribed to it, connected or not. */
  function enqueue(packet: AedesPublishPacket): void {
    const ids = keepers.match(packet.topic)
    if (ids === undefined) return
    for (const id of new Set(ids)) {
      if (withQueue(id, ({ queue }) => queue.push(packet)) === false) dropped.messages++
    }
  }

  function retain(packet: AedesPublishPacket): void {
    if (packet.payload.length === 0) retained.delete(packet.topic)
    else if (packet.payload.length <= limits.retainedBytesMax) retained.set(packet.topic, packet)
  }

  return {
    /** Is there a session that would have a message on this topic kept for it? */
    wants: keepers.has,
    enqueue,
    retain,
    forget,
    ids: () => [...sessions.keys()],
    dropSubscription(id: string, filter: string) {
      sessions.get(id)?.subscriptions.delete(filter)
      keepers.remove(filter, id)
    },
    counters() {
      let messages = 0
      for (const { queue } of sessions.values()) messages += queue.messages()
      return {
        persistentSessions: sessions.size,
        queuedMessages: messages,
        queuedBytes,
        queuedMessagesDropped: dropped.messages,
        retainedMessages: retained.size,
      }
    },

    async setup() {},
    async addSubscriptions({ id }: ClientId, subscriptions: readonly StoredSubscription[]) {
      const session = sessionOf(id)
      for (const { topic, qos, rh, rap, nl } of subscriptions) {
        if (!isGranted(id, topic)) continue
        session.subscriptions.set(topic, { topic, qos, rh, rap, nl })
        if (qos > 0) keepers.add(topic, id)
        else keepers.remove(topic, id)
      }
    },
    async removeSubscriptions({ id }: ClientId, filters: readonly string[]) {
      for (const filter of filters) {
        sessions.get(id)?.subscriptions.delete(filter)
        keepers.remove(filter, id)
      }
    },
    async subscriptionsByClient({ id }: ClientId): Promise<StoredSubscription[]> {
      // Asked for at the CONNECT of a session that persists: from here on there is one.
      return [...sessionOf(id).subscriptions.values()].map((subscription) => ({ ...subscription }))
    },
    /** A clean CONNECT ends the session that was [MQTT-3.1.2-6]. */
    async cleanSubscriptions({ id }: ClientId) {
      forget(id)
    },

    async outgoingUpdate({ id }: ClientId, packet: QueuedPacket) {
      sessions.get(id)?.queue.update(packet)
    },
    async outgoingClearMessageId({ id }: ClientId, { messageId }: { messageId?: number }) {
      return withQueue(id, ({ queue }) => queue.clear(messageId))
    },
    outgoingStream({ id }: ClientId) {
      return Readable.from(sessions.get(id)?.queue.waiting() ?? [])
    },

    async incomingStorePacket({ id }: ClientId, { messageId }: { messageId: number }) {
      sessionOf(id).unreleased.add(messageId)
    },
    async incomingGetPacket({ id }: ClientId, { messageId }: { messageId: number }) {
      // Nothing of the packet but its being there is asked for.
      if (sessions.get(id)?.unreleased.has(messageId) !== true) throw noSuchPacket
      return { messageId }
    },
    async incomingDelPacket({ id }: ClientId, { messageId }: { messageId: number }) {
      if (sessions.get(id)?.unreleased.delete(messageId) !== true) throw noSuchPacket
    },
    async cleanIncoming({ id }: ClientId) {
      const session = sessions.get(id)
      session?.unreleased.clear()
      if (session?.subscriptions.size === 0 && session.queue.messages() === 0) forget(id)
    },

    async storeRetained(packet: AedesPublishPacket) {
      retain(packet)
    },
    createRetainedStreamCombi(filters: readonly string[]) {
      if (retained.size === 0) return Readable.from([])
      return Readable.from(retainedFor(retained, filters))
    },

    // A will lives in its session; it is not handed to another broker, because there is none.
    async putWill() {},
    async delWill() {},
    streamWill: () => Readable.from([]),
  }
}

/** aedes reads this rejection as "not there", for every new QoS 2 message. */
const noSuchPacket = new Error('no such packet')

/** An exact filter is looked up; only wildcards go through all retained messages. */
function* retainedFor(retained: ReadonlyMap<string, AedesPublishPacket>, filters: readonly string[]) {
  for (const filter of filters) {
    const same = retained.get(filter)
    if (same) yield same
    else if (filter.includes('+') || filter.includes('#')) {
      for (const [topic, packet] of retained) if (filterMatches(filter, topic)) yield packet
    }
  }
}
