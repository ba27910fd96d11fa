import { type ByteSink, makeByteSink, readUnsigned, reserveBytes, writeUnsigned } from './bytes.ts'
import { grown } from './rows.ts'

/** Longest name in UTF-8 bytes; far above what a gateway may send, so that nothing is ever cut. */
const nameBytesMax = 65_536
/** Share of the hash table that may be filled before it doubles; probing stays short below it. */
const fillMax = 0.7

/**
 * Numbers of devices by name and back. Millions of names in a `Map` cost some 100 bytes each; here they lie one
 * behind the other in one buffer, and an open hash table holds their numbers.
 */
export interface DeviceNames {
  count(): number
  /** Number of a device, or undefined for one that was never added. */
  find(name: string): number | undefined
  /** Number of a device, which is added when it is new; numbers rise from 0 without gaps. */
  add(name: string): number
  /** Names of devices from number `from` on, as `load` takes them. */
  packed(from: number): Uint8Array
  /** Makes room at once for so many devices. */
  reserve(devices: number): void
  /** Adds packed names, of which the first has the number `first`; those that are known already are passed over. */
  load(packed: Uint8Array, first: number): void
}

export function makeDeviceNames(): DeviceNames {
  // Each name lies in `names` as its length and its bytes; `starts` tells where, by number.
  const names: ByteSink = makeByteSink(4096)
  let starts = new Uint32Array(256)
  let count = 0
  // Number + 1 by hash; 0 is free.
  let table = new Uint32Array(512)
  const scratch = Buffer.allocUnsafe(nameBytesMax)

  function slotOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = table.length - 1
    let slot = hash(bytes, from, to) & mask
    for (let number = table[slot]; number !== 0; number = table[slot]) {
      if (isName(number - 1, bytes, from, to)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  function isName(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const cursor = { bytes: names.bytes, offset: starts[number] }
    if (readUnsigned(cursor) !== to - from) return false
    for (let index = from, other = cursor.offset; index < to; index++, other++) {
      if (bytes[index] !== names.bytes[other]) return false
    }
    return true
  }

  /** Adds a name that is known to be new. */
  function append(bytes: Uint8Array, from: number, to: number): number {
    if (count === starts.length) starts = grown(starts, new Uint32Array(Math.ceil(count * 1.5)))
    starts[count] = names.length
    writeUnsigned(names, to - from)
    reserveBytes(names, to - from)
    names.bytes.set(bytes.subarray(from, to), names.length)
    names.length += to - from
    widenFor(count + 1)
    takeSlot(count, hash(bytes, from, to))
    return count++
  }

  function takeSlot(number: number, hashed: number): void {
    const mask = table.length - 1
    let slot = hashed & mask
    while (table[slot] !== 0) slot = (slot + 1) & mask
    table[slot] = number + 1
  }

  function widenFor(devices: number): void {
    let size = table.length
    while (devices > size * fillMax) size *= 2
    if (size === table.length) return
    table = new Uint32Array(size)
    const cursor = { bytes: names.bytes, offset: 0 }
    for (let number = 0; number < count; number++) {
      const length = readUnsigned(cursor)
      takeSlot(number, hash(names.bytes, cursor.offset, cursor.offset + length))
      cursor.offset += length
    }
  }

  function encode(name: string): number {
    const length = scratch.write(name)
    if (length === nameBytesMax) throw new RangeError('A device name is longer than 64 KB')
    return length
  }

  return {
    count: () => count,
    find(name) {
      const number = table[slotOf(scratch, 0, encode(name))]
      return number === 0 ? undefined : number - 1
    },
    add(name) {
      const length = encode(name)
      const number = table[slotOf(scratch, 0, length)]
      return number === 0 ? append(scratch, 0, length) : number - 1
    },
    reserve(devices) {
      if (devices > starts.length) starts = grown(starts, new Uint32Array(devices))
      widenFor(devices)
    },
    packed: (from) => names.bytes.subarray(from < count ? starts[from] : names.length, names.length),
    load(packed, first) {
      const cursor = { bytes: packed, offset: 0 }
      for (let number = first; cursor.offset < packed.length; number++) {
        const length = readUnsigned(cursor)
        if (number === count) append(packed, cursor.offset, cursor.offset + length)
        cursor.offset += length
      }
    },
  }
}

/** FNV-1a with a final mix, so that names that differ in the last digit spread over the whole table. */
function hash(bytes: Uint8Array, from: number, to: number): number {
  let state = 0x811c9dc5
  for (let index = from; index < to; index++) state = Math.imul(state ^ bytes[index], 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  return (state ^ (state >>> 13)) >>> 0
}
