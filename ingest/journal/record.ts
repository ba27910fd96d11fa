import type { Delivery } from '#domain/delivery.ts'
import { gatewayTopic, topicRoot } from '#domain/topics.ts'
import { checksum } from './checksum.ts'

/**
 * Format of a journal record, little endian:
 *
 *   u32 length of the body, u32 CRC-32 of the body, then the body:
 *   payload, gateway id, topic (absent where it follows from the gateway), 30 fixed bytes:
 *   f64 time, f64 quarantine id, u32 registry version, u16 packet id, u16 bytes of the topic, u8 bytes of the gateway id,
 *   u8 topic kind, u8 flags, u8 kind, u16 format version
 *
 * The payload comes first so that its checksum, by which a repeated delivery is told, is the beginning of the
 * record's own. A tick has no payload, gateway or topic. A packed group has compressed records as its payload, and
 * their number in place of the quarantine id.
 */
const headerBytes = 8
const fixedBytes = 30
const formatVersion = 1
/** Releases that do not know packed groups refuse them by this. */
const packedFormatVersion = 2

/** A body is at least its fixed part, so a stretch of zeros, as a crash may leave behind, is never a record. */
const recordBytesMin = headerBytes + fixedBytes
/** The broker's frame limit lies far below; the journal only needs a record to fit into a group. */
export const payloadBytesMax = 1 << 20
/** A client id and a topic of MQTT, in characters: UTF-8 takes at most three bytes for each. */
const gatewayLengthMax = 85
const topicLengthMax = 21_845
export const recordBytesMax = recordBytesMin + payloadBytesMax + 3 * (gatewayLengthMax + topicLengthMax)

const kinds = { delivery: 1, tick: 2, packed: 3 } as const

const flag = { qos: 3, dup: 4, retain: 8, repeat: 16, sentAgain: 32, groupStart: 64 } as const
const tickFlag = { catchingUp: 1, started: 2, groupStart: 64 } as const

/** Topics that need not be spelled out, by their number in a record; 0 is any other. */
const topicKinds = [undefined, 'readings', 'senml', 'status'] as const
export type RecordTopicKind = (typeof topicKinds)[number]

function topicKindNumber(gateway: string, topic: string): number {
  for (let number = 1; number < topicKinds.length; number++) {
    const kind = topicKinds[number]
    // The length tells apart nearly all, so that no topic is put together in vain.
    if (kind && topic.length === topicRoot.length + gateway.length + kind.length + 2 && topic.endsWith(kind)) {
      if (topic === gatewayTopic(gateway, kind)) return number
    }
  }
  return 0
}

/** What the journal adds to a delivery. */
export interface DeliveryMarks {
  /** The same delivery is already in the journal: it gives no readings. */
  readonly repeat: boolean
  /** Registry by which the delivery is judged, whenever it is decoded. */
  readonly registryVersion: number
  /** Quarantined delivery that this one sends through again; 0 for none. */
  readonly quarantineId: number
  /** How long it was held there since its receipt; 0 for one that just came. */
  readonly heldMs: number
}

/** First record of a group: everything before it was durable before it was written. */
interface GroupMark {
  readonly groupStart: boolean
}

/** Bytes that the record of a delivery takes at most. */
export function deliveryBytesBound(delivery: Delivery): number {
  return recordBytesMin + delivery.payload.length + 3 * (delivery.gateway.length + delivery.topic.length)
}

/** False for a delivery that no record can hold. */
export function fitsRecord(delivery: Delivery): boolean {
  const { payload, gateway, topic } = delivery
  return payload.length <= payloadBytesMax && gateway.length <= gatewayLengthMax && topic.length <= topicLengthMax
}

/** Writes the record of a delivery; returns the offset after it. `payloadChecksum` is the CRC-32 of the payload. */
export function encodeDelivery(
  target: Buffer,
  start: number,
  delivery: Delivery,
  marks: DeliveryMarks & GroupMark,
  payloadChecksum: number,
): number {
  const { gateway, topic, payload } = delivery
  target.set(payload, start + headerBytes)
  const afterPayload = start + headerBytes + payload.length
  const topicKind = topicKindNumber(gateway, topic)
  const gatewayBytes = target.write(gateway, afterPayload)
  const topicBytes = topicKind === 0 ? target.write(topic, afterPayload + gatewayBytes) : 0
  const flags =
    delivery.qos |
    (delivery.dup ? flag.dup : 0) |
    (delivery.retain ? flag.retain : 0) |
    (marks.repeat ? flag.repeat : 0) |
    (marks.quarantineId === 0 ? 0 : flag.sentAgain) |
    (marks.groupStart ? flag.groupStart : 0)
  const fixed = afterPayload + gatewayBytes + topicBytes
  target.writeDoubleLE(delivery.receivedAt, fixed)
  target.writeUInt32LE(marks.quarantineId, fixed + 8)
  target.writeUInt32LE(Math.ceil(marks.heldMs / 1000), fixed + 12)
  target.writeUInt32LE(marks.registryVersion, fixed + 16)
  target.writeUInt16LE(delivery.packetId, fixed + 20)
  target.writeUInt16LE(topicBytes, fixed + 22)
  target[fixed + 24] = gatewayBytes
  target[fixed + 25] = topicKind
  target[fixed + 26] = flags
  target[fixed + 27] = kinds.delivery
  target.writeUInt16LE(formatVersion, fixed + 28)
  return finish(target, start, afterPayload, fixed + fixedBytes, payloadChecksum)
}

/** A reading of the service's clock. */
export interface TickRecord {
  readonly at: number
  readonly catchingUp: boolean
  readonly started: boolean
}

export const tickBytes = recordBytesMin

/** Writes the record of a tick; returns the offset after it. */
export function encodeTick(
  target: Buffer,
  start: number,
  tick: TickRecord & GroupMark,
  registryVersion: number,
): number {
  const fixed = start + headerBytes
  target.fill(0, fixed, fixed + fixedBytes)
  target.writeDoubleLE(tick.at, fixed)
  target.writeUInt32LE(registryVersion, fixed + 16)
  target[fixed + 26] =
    (tick.catchingUp ? tickFlag.catchingUp : 0) |
    (tick.started ? tickFlag.started : 0) |
    (tick.groupStart ? tickFlag.groupStart : 0)
  target[fixed + 27] = kinds.tick
  target.writeUInt16LE(formatVersion, fixed + 28)
  return finish(target, start, fixed, fixed + fixedBytes, 0)
}

/** The record of a packed group. */
export function encodePacked(payload: Uint8Array, records: number): Buffer {
  const target = Buffer.alloc(recordBytesMin + payload.length)
  target.set(payload, headerBytes)
  const fixed = headerBytes + payload.length
  target.writeUInt32LE(records, fixed + 8)
  target[fixed + 26] = flag.groupStart
  target[fixed + 27] = kinds.packed
  target.writeUInt16LE(packedFormatVersion, fixed + 28)
  finish(target, 0, headerBytes, target.length, 0)
  return target
}

function finish(target: Buffer, start: number, restStart: number, end: number, checksumSoFar: number): number {
  target.writeUInt32LE(end - start - headerBytes, start)
  target.writeUInt32LE(checksum(target, restStart, end, checksumSoFar), start + 4)
  return end
}

/**
 * Where the record that begins at `start` ends. `incomplete`: the bytes up to `end` could be the beginning of one;
 * `invalid`: they are not a record.
 */
export function recordEnd(bytes: Buffer, start: number, end: number): number | 'incomplete' | 'invalid' {
  if (end - start < headerBytes) return 'incomplete'
  const bodyBytes = bytes.readUInt32LE(start)
  if (bodyBytes < fixedBytes || bodyBytes > recordBytesMax - headerBytes) return 'invalid'
  const recordEnd = start + headerBytes + bodyBytes
  if (recordEnd > end) return 'incomplete'
  if (checksum(bytes, start + headerBytes, recordEnd) !== bytes.readUInt32LE(start + 4)) return 'invalid'
  return recordEnd
}

/** A record in place: a view that is moved from one record to the next, so that reading millions makes no garbage. */
export class RecordView {
  bytes: Buffer = Buffer.alloc(0)
  payloadStart = 0
  payloadEnd = 0
  #fixed = 0

  /** Shows the record between two offsets that `recordEnd` has found whole. */
  show(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes
    this.#fixed = end - fixedBytes
    const version = bytes.readUInt16LE(this.#fixed + 28)
    if (version !== (this.isPacked ? packedFormatVersion : formatVersion)) {
      throw new JournalFormatError(
        `The journal has records of format ${version}; this release reads up to ${packedFormatVersion}`,
      )
    }
    this.payloadStart = start + headerBytes
    this.payloadEnd = this.#fixed - this.#topicBytes - this.#gatewayBytes
  }

  get #topicBytes(): number {
    return this.bytes.readUInt16LE(this.#fixed + 22)
  }
  get #gatewayBytes(): number {
    return this.bytes[this.#fixed + 24] ?? 0
  }
  get #flags(): number {
    return this.bytes[this.#fixed + 26] ?? 0
  }

  get isTick(): boolean {
    return this.bytes[this.#fixed + 27] === kinds.tick
  }
  get isPacked(): boolean {
    return this.bytes[this.#fixed + 27] === kinds.packed
  }
  /** Records of a packed group. */
  get packedRecords(): number {
    return this.bytes.readUInt32LE(this.#fixed + 8)
  }
  get groupStart(): boolean {
    return (this.#flags & flag.groupStart) !== 0
  }
  /** Time of receipt of a delivery, or the tick's time. */
  get at(): number {
    return this.bytes.readDoubleLE(this.#fixed)
  }
  get registryVersion(): number {
    return this.bytes.readUInt32LE(this.#fixed + 16)
  }
  get gateway(): string {
    return this.bytes.toString('utf8', this.payloadEnd, this.payloadEnd + this.#gatewayBytes)
  }
  get topicKind(): RecordTopicKind {
    return topicKinds[this.bytes[this.#fixed + 25] ?? 0]
  }
  get topic(): string {
    const kind = this.topicKind
    if (kind !== undefined) return gatewayTopic(this.gateway, kind)
    return this.bytes.toString('utf8', this.#fixed - this.#topicBytes, this.#fixed)
  }
  get qos(): number {
    return this.#flags & flag.qos
  }
  get packetId(): number {
    return this.bytes.readUInt16LE(this.#fixed + 20)
  }
  get retain(): boolean {
    return (this.#flags & flag.retain) !== 0
  }

  get repeat(): boolean {
    return (this.#flags & flag.repeat) !== 0
  }
  /** Quarantined delivery that this one sends through again; 0 for none. */
  get quarantineId(): number {
    return this.bytes.readUInt32LE(this.#fixed + 8)
  }
  /** When it came into the journal: its receipt, or later for one that was sent through again. */
  get journaledAt(): number {
    return this.at + this.bytes.readUInt32LE(this.#fixed + 12) * 1000
  }
  get catchingUp(): boolean {
    return (this.#flags & tickFlag.catchingUp) !== 0
  }
  get started(): boolean {
    return (this.#flags & tickFlag.started) !== 0
  }
  /** Bytes of the payload in place; valid until the buffer is used again. */
  payload(): Buffer {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }
}

class JournalFormatError extends Error {
  readonly code = 'journal_format'
}
