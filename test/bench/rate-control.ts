import { type EdgeProcess, readersOf } from './edge-process.ts'
import type { LoadGenerator } from './load-generator-process.ts'

/** The stores may be two seconds behind; the rate is held so that they are half of that. */
const lagSecondsMax = 1
const lagSecondsEasy = 0.5
const slower = 0.85
const faster = 1.04

/**
 * Finds the rate at which telemetry and watch keep up with the broker. The broker alone is much faster than they
 * are, and would only fill the journal.
 */
export function keepUp(edge: EdgeProcess, load: LoadGenerator, firstRate: number): { adjust(): Promise<void> } {
  let rate = firstRate
  let before: { at: number; end: number; acked: number } | undefined
  return {
    async adjust() {
      const [readers, acked] = await Promise.all([readersOf(edge), load.acked()])
      const now = { at: performance.now(), end: readers.end, acked }
      if (before !== undefined) {
        const seconds = (now.at - before.at) / 1_000
        const bytesPerSecond = (now.end - before.end) / seconds
        const ackedPerSecond = (now.acked - before.acked) / seconds
        const lagSeconds = (readers.end - Math.min(readers.telemetry, readers.watch)) / Math.max(1, bytesPerSecond)
        if (lagSeconds > lagSecondsMax) rate *= slower
        else if (ackedPerSecond < rate * 0.9) rate = Math.max(1_000, ackedPerSecond)
        else if (lagSeconds < lagSecondsEasy) rate *= faster
        load.setRate(Math.round(rate))
      }
      before = now
    },
  }
}
