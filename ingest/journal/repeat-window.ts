/**
 * Remembers packet identifier and checksum of recent deliveries, so that a resend with the DUP mark is told from a
 * first sending. A table of fixed size: a million and more publishers take no more memory than a few.
 */
export interface RepeatWindow {
  /** True where the delivery is a repeat of one that the window holds; remembers it in any case. */
  check(delivery: DeliveryTrait): boolean
}

interface DeliveryTrait {
  readonly gateway: string
  readonly packetId: number
  readonly dup: boolean
  /** CRC-32 of the payload. */
  readonly checksum: number
  readonly receivedAt: number
}

/** 25 MB; the whole city's deliveries of eight minutes, at full load those of half a minute. */
const repeatWindowEntries = 1 << 21

/**
 * A resend follows within the time of a reconnect. Simple gateways use few identifiers over and over: an older
 * delivery of the same identifier and bytes is more likely a reading without a time whose value did not change.
 */
const repeatAgeMsMax = 3_600_000

const slotsPerBucket = 4
/** Check word, checksum, second of receipt. */
const wordsPerSlot = 3
const bucketWords = slotsPerBucket * wordsPerSlot

export function createRepeatWindow(entries: number = repeatWindowEntries): RepeatWindow {
  const buckets = Math.max(1, entries / slotsPerBucket)
  const words = new Uint32Array(buckets * bucketWords)

  return {
    check({ gateway, packetId, dup, checksum, receivedAt }) {
      let bucketHash = 0x811c9dc5 ^ packetId
      let checkHash = 0x9747b28c ^ Math.imul(packetId, 0x9e3779b1)
      for (let index = 0; index < gateway.length; index++) {
        const character = gateway.charCodeAt(index)
        bucketHash = Math.imul(bucketHash ^ character, 0x01000193)
        checkHash = Math.imul(checkHash ^ character, 0x85ebca6b)
        checkHash ^= checkHash >>> 15
      }
      bucketHash ^= bucketHash >>> 16
      // 0 marks a free slot.
      const check = checkHash >>> 0 || 1
      const start = ((bucketHash >>> 0) % buckets) * bucketWords
      const second = Math.floor(receivedAt / 1000) >>> 0
      let slot = start
      let oldest = Number.POSITIVE_INFINITY
      for (let candidate = start; candidate < start + bucketWords; candidate += wordsPerSlot) {
        if (words[candidate] === check) {
          const age = second - (words[candidate + 2] ?? 0)
          const repeat = dup && words[candidate + 1] === checksum >>> 0 && age * 1000 <= repeatAgeMsMax
          // A repeat keeps the time of the first: a chain of resends does not live for ever.
          if (repeat) return true
          slot = candidate
          break
        }
        const age = words[candidate] === 0 ? -1 : (words[candidate + 2] ?? 0)
        if (age < oldest) {
          oldest = age
          slot = candidate
        }
      }
      words[slot] = check
      words[slot + 1] = checksum
      words[slot + 2] = second
      return false
    },
  }
}
