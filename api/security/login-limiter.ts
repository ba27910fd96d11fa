/**
 * Slows down whoever guesses passwords. Three windows: an account from one address (a person who forgot), an address
 * (one guesser, many accounts), an account (many addresses, one victim; wide, so that a stranger cannot lock it). What
 * is counted is the account as it was typed, so unknown accounts are limited like known ones.
 */
const windowMs = 15 * 60_000
const limits = { accountAndAddress: 5, address: 50, account: 100 } as const
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
  const keys = (account: string, address: string): [string, number][] => [
    [JSON.stringify([account, address]), limits.accountAndAddress],
    [JSON.stringify(['', address]), limits.address],
    [JSON.stringify([account]), limits.account],
  ]
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
      windows.delete(JSON.stringify([account, address]))
    },
  }
}
