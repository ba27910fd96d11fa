import { crc32 } from 'node:zlib'

/** Below this a call into native code costs more than the checksum. */
const shortBytesMax = 300
const lanes = 8

/** `tables[lane * 256 + byte]`: what a byte does to the checksum `lane` bytes later. */
const tables = new Int32Array(lanes * 256)
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  tables[byte] = remainder
}
for (let place = 256; place < tables.length; place++) {
  const before = tables[place - 256] ?? 0
  tables[place] = (tables[before & 255] ?? 0) ^ (before >>> 8)
}

/** CRC-32, as of zlib, of a part of a buffer, continuing the checksum of the bytes before it. */
export function checksum(bytes: Buffer, start: number, end: number, before = 0): number {
  if (end - start > shortBytesMax) return crc32(bytes.subarray(start, end), before)
  let sum = ~before
  let at = start
  for (; end - at >= lanes; at += lanes) {
    const low =
      sum ^
      (byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24))
    sum =
      entry(1792 + (low & 255)) ^
      entry(1536 + ((low >>> 8) & 255)) ^
      entry(1280 + ((low >>> 16) & 255)) ^
      entry(1024 + (low >>> 24)) ^
      entry(768 + byteAt(bytes, at + 4)) ^
      entry(512 + byteAt(bytes, at + 5)) ^
      entry(256 + byteAt(bytes, at + 6)) ^
      entry(byteAt(bytes, at + 7))
  }
  for (; at < end; at++) sum = entry((sum ^ byteAt(bytes, at)) & 255) ^ (sum >>> 8)
  return ~sum >>> 0
}

const byteAt = (bytes: Buffer, at: number): number => bytes[at] ?? 0
const entry = (at: number): number => tables[at] ?? 0
