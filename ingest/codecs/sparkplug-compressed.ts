import { unzipSync } from 'node:zlib'
import type { Refusal } from './codec.ts'
import { readSparkplugPayload, type SparkplugPayload } from './sparkplug-payload.ts'

/** As large as a packet may be that was not compressed: some hundred bytes could otherwise fill the memory. */
const unpackedBytesMax = 1 << 20

const unreadable: Refusal = {
  code: 'schema',
  detail: 'The payload says that it is compressed, and its body is no payload of Sparkplug B in GZIP or DEFLATE.',
}
const tooLarge: Refusal = {
  code: 'too_large',
  detail: `A compressed payload has at most ${unpackedBytesMax} bytes when it is unpacked. Send fewer metrics at once.`,
}

/**
 * The payload within a compressed one. By its first bytes the body tells GZIP from DEFLATE; the metric "algorithm" beside
 * it says the same. Some senders leave time and sequence number outside.
 */
export function unpackSparkplug({ at, seq }: SparkplugPayload, body: Uint8Array): SparkplugPayload | Refusal {
  const bytes = unpacked(body)
  if ('code' in bytes) return bytes
  const within = readSparkplugPayload(bytes)
  if (within === undefined || within.compressed !== undefined) return unreadable
  return { ...within, at: within.at ?? at, seq: within.seq ?? seq }
}

function unpacked(body: Uint8Array): Buffer | Refusal {
  try {
    return unzipSync(body, { maxOutputLength: unpackedBytesMax })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge : unreadable
  }
}
