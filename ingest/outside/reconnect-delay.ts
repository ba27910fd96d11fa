import type { OutsideLimits } from './limits.ts'

/** How long to wait before each next attempt: twice as long every time, and spread, so that many do not come at once. */
export interface ReconnectDelay {
  next(): number
  /** The last connection was a good one. */
  reset(): void
}

export function reconnectDelay(
  { reconnectMsMin, reconnectMsMax }: Pick<OutsideLimits, 'reconnectMsMin' | 'reconnectMsMax'>,
  random: () => number,
): ReconnectDelay {
  let fullMs = reconnectMsMin
  return {
    next() {
      const delayMs = fullMs / 2 + (fullMs / 2) * random()
      fullMs = Math.min(2 * fullMs, reconnectMsMax)
      return delayMs
    },
    reset() {
      fullMs = reconnectMsMin
    },
  }
}
