/**
 * What the load generator's gateways say: one probe and one metric a message, every probe once before any comes again,
 * in an order drawn once. Homes are warm, as on a normal day: two in a hundred stay below the target of 20 °C.
 */
const atPlaceholder = '0000000000000'
const valuePlaceholder = '00.0'

/** Ids of equal length, one after the other, each followed by a line feed. */
export interface DeviceTable {
  readonly bytes: Uint8Array
  readonly idLength: number
  readonly count: number
}

/** Reads a file of device ids, one a line, all of the same length. */
export function deviceTable(bytes: Uint8Array): DeviceTable {
  const idLength = bytes.indexOf(10)
  const count = bytes.length / (idLength + 1)
  if (idLength < 1 || !Number.isInteger(count)) throw new Error('Device ids must be lines of equal length')
  return { bytes, idLength, count }
}

export interface MessageSource {
  readonly payloadTemplate: string
  /** Writes the next probe's id, the time and its temperature over the template's payload. */
  fill(bytes: Uint8Array, payloadAt: number): void
}

/** Sets the time that messages carry from now on. */
export interface MessageClock {
  readonly digits: Uint8Array
  set(epochMs: number): void
}

export function messageClock(): MessageClock {
  const digits = new Uint8Array(atPlaceholder.length)
  let current = -1
  return {
    digits,
    set(epochMs) {
      if (epochMs === current) return
      current = epochMs
      const text = String(epochMs)
      for (let index = 0; index < digits.length; index++) digits[index] = text.charCodeAt(index)
    },
  }
}

/** Messages of the probes `first` to `end - 1` of a table, shuffled with the given random numbers. */
export function messageSource(
  table: DeviceTable,
  first: number,
  end: number,
  clock: MessageClock,
  random: () => number,
): MessageSource {
  const { bytes: ids, idLength } = table
  const head = '{"device":"'
  const middle = '","at":'
  const tail = ',"values":{"indoor_temperature_c":'
  const payloadTemplate = `${head}${'0'.repeat(idLength)}${middle}${atPlaceholder}${tail}${valuePlaceholder}}}`
  const idAt = head.length
  const timeAt = idAt + idLength + middle.length
  const valueAt = timeAt + atPlaceholder.length + tail.length
  const order = shuffled(first, end, random)
  let next = 0
  let wobble = 0

  return {
    payloadTemplate,
    fill(bytes, payloadAt) {
      const device = order[next] ?? first
      next = next + 1 === order.length ? 0 : next + 1
      const from = device * (idLength + 1)
      for (let index = 0; index < idLength; index++) bytes[payloadAt + idAt + index] = ids[from + index] ?? 0
      const { digits } = clock
      for (let index = 0; index < 13; index++) bytes[payloadAt + timeAt + index] = digits[index] ?? 0
      // Tenths of a degree; the same home stays within 0.2 K, as a rate check expects.
      wobble = wobble === 2 ? 0 : wobble + 1
      const home = Math.imul(device, 0x9e3779b1) >>> 16
      const tenths = (home % 50 === 0 ? 180 : 210 + (home % 30)) + wobble
      bytes[payloadAt + valueAt] = 0x30 + ((tenths / 100) | 0)
      bytes[payloadAt + valueAt + 1] = 0x30 + (((tenths / 10) | 0) % 10)
      bytes[payloadAt + valueAt + 3] = 0x30 + (tenths % 10)
    },
  }
}

function shuffled(first: number, end: number, random: () => number): Uint32Array {
  const order = Uint32Array.from({ length: end - first }, (_, index) => first + index)
  for (let left = order.length - 1; left > 0; left--) {
    const other = Math.floor(random() * (left + 1))
    const kept = order[left] ?? 0
    order[left] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
