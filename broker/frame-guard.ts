import type { Duplex } from 'node:stream'

/**
 * Walks over the fixed headers of an MQTT byte stream (section 2.2) before the parser gets to see it, because the
 * parser buffers whatever length a peer announces.
 */
export type FrameViolation = 'packet_too_large' | 'packet_malformed'

export interface FrameWalker {
  /** Goes over the next bytes; a violation ends the stream. */
  walk(chunk: Uint8Array): FrameViolation | undefined
  /** Type of the packet whose header was read last (MQTT 2.2.1), 0 before the first. */
  lastType(): number
}

export interface FrameLimits {
  /** Largest first packet, in bytes after the fixed header. */
  readonly connectBytesMax: number
  /** Largest packet after that. */
  readonly packetBytesMax: number
}

const maxLengthBytes = 4

export function frameWalker({ connectBytesMax, packetBytesMax }: FrameLimits): FrameWalker {
  let bytesMax = connectBytesMax
  let type = 0
  /** Bytes of the packet's body that are still to come. */
  let bodyLeft = 0
  /** Bytes of the length field read so far; -1 while the next byte is a packet's first. */
  let lengthBytes = -1
  let length = 0

  function walk(chunk: Uint8Array): FrameViolation | undefined {
    let at = 0
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const step = Math.min(bodyLeft, chunk.length - at)
        bodyLeft -= step
        at += step
        continue
      }
      const byte = chunk[at++] ?? 0
      if (lengthBytes === -1) {
        type = byte >> 4
        lengthBytes = 0
        length = 0
        continue
      }
      length += (byte & 0x7f) * 128 ** lengthBytes++
      if (length > bytesMax) return 'packet_too_large'
      if ((byte & 0x80) === 0) {
        bodyLeft = length
        lengthBytes = -1
        bytesMax = packetBytesMax
      } else if (lengthBytes === maxLengthBytes) {
        return 'packet_malformed'
      }
    }
    return undefined
  }

  return { walk, lastType: () => type }
}

export interface FrameGuard {
  /** No byte is given out any more; what is buffered stays where it is. */
  stop(): void
  lastType(): number
}

/**
 * Puts a walker between a stream and whoever calls its `read()`. Bytes of a violating chunk never get there;
 * `onViolation` is called once and has to end the connection.
 *
 * A read gives all that is buffered. From Node 26 on a stream's own `read()` gives one chunk at a time; aedes reads
 * once for each 'readable' and would wait for ever for the rest of a packet that came in several.
 */
export function guardFrames(
  stream: Duplex,
  limits: FrameLimits,
  onViolation: (violation: FrameViolation) => void,
): FrameGuard {
  const walker = frameWalker(limits)
  const read = stream.read
  let stopped = false

  /** The next chunk, or null when there is none, or none that may be given out. */
  function next(): Uint8Array | null {
    const chunk: unknown = stopped ? null : read.call(stream)
    if (!(chunk instanceof Uint8Array)) return null
    const violation = walker.walk(chunk)
    if (violation === undefined) return chunk
    stopped = true
    onViolation(violation)
    return null
  }

  stream.read = (size?: number | null) => {
    // A read of no bytes is the stream's own way of asking its source for more.
    if (size === 0) return stopped ? null : read.call(stream, 0)
    const first = next()
    if (first === null) return null
    let more = stream.readableLength > 0 ? next() : null
    if (more === null) return first
    const chunks = [first]
    for (; more !== null; more = next()) chunks.push(more)
    return Buffer.concat(chunks)
  }

  return {
    stop: () => {
      stopped = true
    },
    lastType: walker.lastType,
  }
}
