import { type EdgeProcess, readersOf } from './edge-process.ts'
import type { LoadGenerator } from './load-generator-process.ts'

/** The stores may be two seconds behind; the rate is held so that they are half of that. */
const lagSecondsMax = 1
const lagSecondsEasy = 0.4
const slower = 0.9
const faster = 1.15

export interface RateControl {
  /** To be called about once a second. */
  adjust(): Promise<void>
  /** How far the slower of the two readers was behind when last asked. */
  lagSeconds(): number
}

/**
 * Finds the rate at which telemetry and watch keep up with the broker. The broker alone is much faster than they
 * are, and would only fill the journal.
 */
export function keepUp(edge: EdgeProcess, load: LoadGenerator, firstRate: number): RateControl {
  let rate = firstRate
  let lagSeconds = 0
  let before: { at: number; bytes: number; acked: number } | undefined
  return {
    lagSeconds: () => lagSeconds,
    async adjust() {
      const [readers, acked] = await Promise.all([readersOf(edge), load.acked()])
      const now = { at: performance.now(), bytes: readers.journalBytes, acked }
      if (before !== undefined) {
        const seconds = (now.at - before.at) / 1_000
        const bytesPerSecond = (now.bytes - before.bytes) / seconds
        const ackedPerSecond = (now.acked - before.acked) / seconds
        const lagBefore = lagSeconds
        lagSeconds = Math.max(readers.telemetryLagBytes, readers.watchLagBytes) / Math.max(1, bytesPerSecond)
        // A reader that is catching up is left alone.
        if (lagSeconds > lagSecondsMax && lagSeconds > lagBefore * 0.9) rate *= slower
        else if (ackedPerSecond < rate * 0.8) rate *= slower
        else if (lagSeconds < lagSecondsEasy && ackedPerSecond > rate * 0.95) rate *= faster
        load.setRate(Math.round(rate))
        const figures = [ackedPerSecond, lagSeconds * 1_000, rate].map((figure) => Math.round(figure))
        console.error(`  ${figures[0]} acked a second, ${figures[1]} ms behind; next ${figures[2]} a second`)
      }
      before = now
    },
  }
}
