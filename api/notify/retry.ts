/** How often and after how long a failed delivery is tried again. */
export interface RetryPolicy {
  readonly attemptsMax: number
  readonly firstDelayMs: number
  readonly factor: number
  readonly delayMsMax: number
}

/** About five hours: a receiver may be away for an upgrade, and the alert is stale after that. */
export const retryDefault: RetryPolicy = { attemptsMax: 10, firstDelayMs: 5_000, factor: 4, delayMsMax: 3_600_000 }

/**
 * Milliseconds from failed attempt number `attempt` (1 is the first) to the next one; undefined when it was the last.
 * `random` in [0, 1) spreads them, so that a receiver that comes back is not met by everything at once.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number | undefined {
  if (attempt >= policy.attemptsMax) return undefined
  const delayMs = Math.min(policy.delayMsMax, policy.firstDelayMs * policy.factor ** (attempt - 1))
  return Math.round(delayMs * (0.75 + 0.5 * random))
}
