/** Ids that are turned away for a while after their session was ended for cause. Times are real and monotonic. */
export interface Cooldowns {
  /** Turns the id away for a time drawn between the two bounds, so that many do not come back in the same moment. */
  start(id: string, reason: string, msMin: number, msMax: number): void
  /** Why the id is turned away now, if it is. */
  reason(id: string): string | undefined
  /** Forgets what is over. */
  sweep(): void
}

export function cooldowns(monotonicMs: () => number, random: () => number): Cooldowns {
  const running = new Map<string, { readonly untilMs: number; readonly reason: string }>()
  return {
    start(id, reason, msMin, msMax) {
      running.set(id, { untilMs: monotonicMs() + msMin + random() * (msMax - msMin), reason })
    },
    reason(id) {
      const cooldown = running.get(id)
      return cooldown !== undefined && monotonicMs() < cooldown.untilMs ? cooldown.reason : undefined
    },
    sweep() {
      const now = monotonicMs()
      for (const [id, { untilMs }] of running) if (untilMs <= now) running.delete(id)
    },
  }
}
