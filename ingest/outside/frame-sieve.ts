/**
 * Walks over the fixed headers of an MQTT byte stream (section 2.2) before the parser gets to see it, because the
 * parser buffers whatever length is announced. A publish that is too large is taken out whole: the connection belongs
 * to all gateways, so it cannot be closed for what one of them sent.
 */
export interface OversizedPublish {
  readonly topic: string
  readonly qos: number
  readonly packetId: number
  readonly bytes: number
}

export interface FrameSieve {
  /** Takes the next bytes; false where they are no MQTT, and nothing after them can be understood. */
  feed(chunk: Buffer): boolean
}

export interface FrameSieveOptions {
  readonly packetBytesMax: number
  /** Bytes for the parser; they may begin and end anywhere in a packet. */
  pass(bytes: Buffer): void
  onOversized(publish: OversizedPublish): void
}

const publishType = 3
const lengthBytesMax = 4
/** Length of the topic, the topic, packet identifier. */
const publishHeadBytesMax = 2 + 65_535 + 2

export function frameSieve({ packetBytesMax, pass, onOversized }: FrameSieveOptions): FrameSieve {
  /** A header that is cut off at the end of a chunk. */
  let carry: Buffer = Buffer.alloc(0)
  let bodyLeft = 0
  let skipped: { readonly qos: number; readonly bytes: number; head: Buffer } | undefined

  function skip(bytes: Buffer): void {
    if (!skipped) return
    const wanted = publishHeadBytesMax - skipped.head.length
    if (wanted > 0) skipped.head = Buffer.concat([skipped.head, bytes.subarray(0, wanted)])
    if (bodyLeft > 0) return
    const { qos, bytes: size, head } = skipped
    skipped = undefined
    onOversized({ ...topicAndId(head, qos), qos, bytes: size })
  }

  function feed(some: Buffer): boolean {
    const chunk = carry.length > 0 ? Buffer.concat([carry, some]) : some
    carry = chunk.subarray(0, 0)
    let from = 0
    let at = 0
    const passUpTo = (end: number) => {
      if (end > from) pass(chunk.subarray(from, end))
    }
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at)
        bodyLeft -= step
        at += step
        if (!skipped) continue
        skip(chunk.subarray(at - step, at))
        from = at
        continue
      }
      const header = readHeader(chunk, at)
      if (header === 'malformed') return false
      if (header === 'incomplete') {
        passUpTo(at)
        carry = chunk.subarray(at)
        return true
      }
      bodyLeft = header.length
      if (header.length > packetBytesMax) {
        const type = chunk[at] ?? 0
        if (type >> 4 !== publishType) return false
        passUpTo(at)
        from = header.end
        skipped = { qos: (type >> 1) & 3, bytes: header.length, head: Buffer.alloc(0) }
      }
      at = header.end
    }
    passUpTo(chunk.length)
    return true
  }

  return { feed }
}

function readHeader(chunk: Buffer, start: number): { length: number; end: number } | 'incomplete' | 'malformed' {
  let length = 0
  for (let index = 0; index < lengthBytesMax; index++) {
    const byte = chunk[start + 1 + index]
    if (byte === undefined) return 'incomplete'
    length += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) return { length, end: start + 2 + index }
  }
  return 'malformed'
}

function topicAndId(head: Buffer, qos: number): { topic: string; packetId: number } {
  const topicEnd = 2 + head.readUInt16BE(0)
  return { topic: head.toString('utf8', 2, topicEnd), packetId: qos > 0 ? head.readUInt16BE(topicEnd) : 0 }
}
