/**
 * Rate limits by virtual scheduling: one number a subject, the time at which everything it did so far would be done
 * had it kept to its rate. Times are real and monotonic, in milliseconds.
 */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

export interface Allowance {
  doneAtMs: number
}

/** Charges `cost`; returns by how many milliseconds the subject is over its burst, 0 when it is within it. */
export function charge(allowance: Allowance, nowMs: number, cost: number, rate: Rate): number {
  const msPerUnit = 1_000 / rate.perSecond
  allowance.doneAtMs = Math.max(allowance.doneAtMs, nowMs) + cost * msPerUnit
  return Math.max(0, allowance.doneAtMs - nowMs - rate.burst * msPerUnit)
}

/** As `charge`, but what does not fit is turned away and costs nothing. */
export function tryCharge(allowance: Allowance, nowMs: number, cost: number, rate: Rate): boolean {
  const before = allowance.doneAtMs
  if (charge(allowance, nowMs, cost, rate) === 0) return true
  allowance.doneAtMs = before
  return false
}

export interface AddressLimiter {
  /** Counts a new connection; false when the address has had its share. */
  admit(address: string, nowMs: number): boolean
}

/** Bounds new connections of each address. An IPv6 subscriber has a whole /64, which counts as one. */
export function addressLimiter(rate: Rate, addressesMax: number): AddressLimiter {
  const allowances = new Map<string, Allowance>()
  return {
    admit(address, nowMs) {
      const key = subscriberOf(address)
      let allowance = allowances.get(key)
      if (allowance === undefined) {
        if (allowances.size >= addressesMax) forgetOldest(allowances)
        allowance = { doneAtMs: nowMs }
        allowances.set(key, allowance)
      }
      return tryCharge(allowance, nowMs, 1, rate)
    },
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next()
  if (!oldest.done) map.delete(oldest.value)
}

function subscriberOf(address: string): string {
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length)
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const tailGroups = tail ? tail.split(':') : []
  while (tail !== undefined && groups.length + tailGroups.length < 8) groups.push('0')
  return [...groups, ...tailGroups].slice(0, 4).join(':')
}
