import { isIPv6 } from 'node:net'

/**
 * Slows down whoever guesses passwords. Three windows: an account from one address (a person who forgot), an address
 * (one guesser, many accounts), an account (many addresses, one victim; wide, so that a stranger cannot lock it). What
 * is counted is the account as it was typed, so unknown accounts are limited like known ones.
 */
const windowMs = 15 * 60_000
const limits = { accountAndAddress: 5, address: 50, account: 100 } as const
/** Groups of 16 bits that the network of a subscriber of IPv6 has; the other half is anybody's choice in it. */
const networkGroups = 4
/** Bounds memory: the oldest windows go first. */
const windowsKeptMax = 50_000

export interface LoginLimiter {
  /** Milliseconds until the next attempt may be made; 0 now. */
  retryAfterMs(account: string, address: string): number
  /** Counts an attempt; call it before the answer is known, so that attempts sent at once do not all pass. */
  attempted(account: string, address: string): void
  /** Takes back what was counted for an attempt that turned out right, and forgets this account's failures from here. */
  succeeded(account: string, address: string): void
}

interface Window {
  failures: number
  readonly endsAt: number
}

export function makeLoginLimiter(wallClock: () => number): LoginLimiter {
  const windows = new Map<string, Window>()
  const keys = (account: string, address: string): [string, number][] => {
    const subscriber = subscriberOf(address)
    return [
      [JSON.stringify([account, subscriber]), limits.accountAndAddress],
      [JSON.stringify(['', subscriber]), limits.address],
      [JSON.stringify([account]), limits.account],
    ]
  }
  return {
    retryAfterMs(account, address) {
      const now = wallClock()
      let waitMs = 0
      for (const [key, failuresMax] of keys(account, address)) {
        const window = windows.get(key)
        if (window && window.failures >= failuresMax) waitMs = Math.max(waitMs, window.endsAt - now)
      }
      return waitMs
    },
    attempted(account, address) {
      const now = wallClock()
      for (const [key] of keys(account, address)) {
        const window = windows.get(key)
        if (window && window.endsAt > now) window.failures += 1
        else {
          // Taken out first, so that the map stays in the order in which windows began.
          windows.delete(key)
          windows.set(key, { failures: 1, endsAt: now + windowMs })
        }
      }
      for (const key of windows.keys()) {
        if (windows.size <= windowsKeptMax) break
        windows.delete(key)
      }
    },
    succeeded(account, address) {
      for (const [key] of keys(account, address)) {
        const window = windows.get(key)
        if (window) window.failures -= 1
      }
      windows.delete(JSON.stringify([account, subscriberOf(address)]))
    },
  }
}

/** An address of IPv4, or the network that an address of IPv6 lies in. */
function subscriberOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address
  const [left = [], right = []] = address.split('::').map((half) => (half === '' ? [] : half.split(':')))
  const zeros = new Array<string>(Math.max(0, 2 * networkGroups - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, networkGroups).join(':')
}
