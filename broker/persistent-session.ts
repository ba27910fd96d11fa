import type { AedesPublishPacket, PubrelPacket } from 'aedes'

export interface StoredSubscription {
  readonly topic: string
  readonly qos: 0 | 1 | 2
  readonly rh?: number
  readonly rap?: boolean
  readonly nl?: boolean
}

export type QueuedPacket = AedesPublishPacket | (PubrelPacket & { messageId: number })

interface QueuedMessage {
  packet: QueuedPacket
  /** Packet identifier, once it was sent. */
  messageId: number | undefined
  readonly bytes: number
}

/** What MQTT 3.1.1 section 4.1 keeps of a client between its connections. */
export interface PersistentSession {
  readonly subscriptions: Map<string, StoredSubscription>
  /** Packet identifiers of QoS 2 messages that were taken and not yet released [MQTT-4.3.3-2]. */
  readonly unreleased: Set<number>
  readonly queue: OutgoingQueue
}

export interface OutgoingQueue {
  /** Appends a message; false when that would go over the bounds. */
  push(packet: AedesPublishPacket): boolean
  /** Notes the identifier under which a message was sent, or that its place was taken by a PUBREL. */
  update(packet: QueuedPacket): void
  /** Takes out what the identifier stands for. */
  clear(messageId: number | undefined): QueuedPacket | undefined
  /** In order of arrival; what was sent before is marked as a duplicate [MQTT-3.3.1-1]. */
  waiting(): QueuedPacket[]
  messages(): number
  bytes(): number
}

/** What a queued message costs beside its topic and payload. */
const messageOverheadBytes = 200

export function outgoingQueue(messagesMax: number, mayGrowBy: (bytes: number) => boolean): OutgoingQueue {
  const messages = new Map<number, QueuedMessage>()
  const numbers = new Map<number, number>()
  let bytes = 0

  return {
    push(packet) {
      const size = packet.payload.length + packet.topic.length + messageOverheadBytes
      if (messages.size >= messagesMax || !mayGrowBy(size)) return false
      bytes += size
      messages.set(packet.brokerCounter, { packet, messageId: undefined, bytes: size })
      return true
    },
    update(packet) {
      const messageId = packet.messageId
      if (messageId === undefined) return
      const number = packet.cmd === 'publish' ? packet.brokerCounter : numbers.get(messageId)
      const message = number === undefined ? undefined : messages.get(number)
      if (number === undefined || message === undefined) return
      message.messageId = messageId
      numbers.set(messageId, number)
      if (packet.cmd === 'pubrel') message.packet = { cmd: 'pubrel', messageId }
    },
    clear(messageId) {
      if (messageId === undefined) return undefined
      const number = numbers.get(messageId)
      const message = number === undefined ? undefined : messages.get(number)
      if (number === undefined || message === undefined) return undefined
      numbers.delete(messageId)
      messages.delete(number)
      bytes -= message.bytes
      return message.packet
    },
    waiting: () =>
      [...messages.values()].map(({ packet, messageId }) =>
        messageId === undefined || packet.cmd === 'pubrel' ? packet : { ...packet, messageId, dup: true },
      ),
    messages: () => messages.size,
    bytes: () => bytes,
  }
}
