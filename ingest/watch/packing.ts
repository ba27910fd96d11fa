/**
 * Whole numbers in as few bytes as they need (LEB128, seven bits a byte). Signed ones alternate: 0, -1, 1, -2, so
 * that a small difference is a small number. Up to 2^53 either way.
 */
export interface Packer {
  unsigned(value: number): void
  signed(value: number): void
  bytes(): Uint8Array
}

export interface Unpacker {
  /** Where the next number begins; may be set back. */
  offset: number
  readonly atEnd: boolean
  unsigned(): number
  signed(): number
}

const startBytes = 1 << 14
const varintBytesMax = 8

export function createPacker(): Packer {
  let buffer = new Uint8Array(startBytes)
  let length = 0

  function unsigned(value: number): void {
    if (length + varintBytesMax > buffer.length) {
      const longer = new Uint8Array(buffer.length * 2)
      longer.set(buffer)
      buffer = longer
    }
    let rest = value
    while (rest >= 0x80) {
      buffer[length] = (rest % 0x80) + 0x80
      length += 1
      rest = Math.floor(rest / 0x80)
    }
    buffer[length] = rest
    length += 1
  }

  return {
    unsigned,
    signed: (value) => unsigned(value < 0 ? -2 * value - 1 : 2 * value),
    bytes: () => buffer.subarray(0, length),
  }
}

export function createUnpacker(buffer: Uint8Array): Unpacker {
  let offset = 0

  function unsigned(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = buffer[offset]
      if (byte === undefined) throw new Error('A packed page ends in the middle of a number')
      offset += 1
      if (byte < 0x80) return value + byte * factor
      value += (byte - 0x80) * factor
      factor *= 0x80
    }
  }

  return {
    get offset() {
      return offset
    },
    set offset(to) {
      offset = to
    },
    get atEnd() {
      return offset >= buffer.length
    },
    unsigned,
    signed() {
      const coded = unsigned()
      return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
    },
  }
}
