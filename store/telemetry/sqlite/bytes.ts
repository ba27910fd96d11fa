/** Bytes that grow at the end. */
export interface ByteSink {
  bytes: Buffer
  length: number
}

/** A place in bytes that are read from front to back. */
export interface ByteCursor {
  readonly bytes: Uint8Array
  offset: number
}

/** Largest whole number a varint here may hold; eight bytes of seven bits carry it. */
const varintBytesMax = 8

export function makeByteSink(capacity: number): ByteSink {
  return { bytes: Buffer.allocUnsafe(capacity), length: 0 }
}

/** Makes room for `size` more bytes. */
export function reserveBytes(sink: ByteSink, size: number): void {
  if (sink.length + size <= sink.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(sink.bytes.length * 2, sink.length + size))
  sink.bytes.copy(larger, 0, 0, sink.length)
  sink.bytes = larger
}

/** Writes a whole number from 0 to 2^53 - 1 in seven bits a byte, lowest first. */
export function writeUnsigned(sink: ByteSink, number: number): void {
  reserveBytes(sink, varintBytesMax)
  const { bytes } = sink
  let offset = sink.length
  let rest = number
  while (rest > 0x7fffffff) {
    bytes[offset++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    bytes[offset++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[offset++] = rest
  sink.length = offset
}

/** Writes a whole number of at most 52 bits so that small ones of either sign take few bytes. */
export function writeSigned(sink: ByteSink, number: number): void {
  writeUnsigned(sink, number < 0 ? -2 * number - 1 : 2 * number)
}

export function writeByte(sink: ByteSink, byte: number): void {
  reserveBytes(sink, 1)
  sink.bytes[sink.length++] = byte
}

export function writeDouble(sink: ByteSink, number: number): void {
  reserveBytes(sink, 8)
  sink.length = sink.bytes.writeDoubleLE(number, sink.length)
}

export function writeBytes(sink: ByteSink, bytes: Uint8Array): void {
  reserveBytes(sink, bytes.length)
  sink.bytes.set(bytes, sink.length)
  sink.length += bytes.length
}

export function readUnsigned(cursor: ByteCursor): number {
  const { bytes } = cursor
  let offset = cursor.offset
  let byte = bytes[offset++]
  let number = byte & 127
  let shift = 7
  while (byte > 127 && shift < 28) {
    byte = bytes[offset++]
    number |= (byte & 127) << shift
    shift += 7
  }
  let weight = 2 ** 28
  while (byte > 127) {
    byte = bytes[offset++]
    number += (byte & 127) * weight
    weight *= 128
  }
  cursor.offset = offset
  return number
}

export function readSigned(cursor: ByteCursor): number {
  const number = readUnsigned(cursor)
  return number % 2 === 0 ? number / 2 : -(number + 1) / 2
}

/** Steps over `count` varints. */
export function skipVarints(cursor: ByteCursor, count: number): void {
  const { bytes } = cursor
  let offset = cursor.offset
  for (let left = count; left > 0; ) if (bytes[offset++] < 128) left--
  cursor.offset = offset
}

export function readDouble(cursor: ByteCursor): number {
  const { bytes, offset } = cursor
  cursor.offset = offset + 8
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 8).getFloat64(0, true)
}
