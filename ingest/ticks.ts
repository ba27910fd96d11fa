import type { Clock, ClockAnchor } from '#domain/time.ts'
import type { Journal } from './journal/journal.ts'

/** The journal's clock stands still no longer than this, so that silence is noticed and a restart known to be one. */
const tickMs = 1_000
/** A source that is back so soon was no outage, nor was it one when this process stood still for so long. */
const outageMsMin = 10_000

interface TicksOptions {
  readonly journal: Pick<Journal, 'tick'>
  /** City time; while history fills in, its anchor says so. */
  readonly clock: Clock & { anchor(): Pick<ClockAnchor, 'catchingUp' | 'speed'> }
  /** For how long nothing can come because the source is away; 0 while it is there. */
  sourceAwayMs(): number
}

/** Brings the service's clock into the journal. */
export interface Ticks {
  /** To be called before a delivery is journaled: an outage has to stand before what came after it. */
  beforeDelivery(receivedAt: number): void
  /** The clock was stepped, or its speed changed. */
  clockMoved(): void
  stop(): void
}

/**
 * Begins with the tick of a start. Where no tick could be journaled for a while, because the source was away, acks were
 * withheld or the machine was suspended, the next one says so as after a restart: that gateways were not heard then is
 * nobody's silence but ours.
 */
export function startTicks({ journal, clock, sourceAwayMs }: TicksOptions): Ticks {
  const unknown = Number.NEGATIVE_INFINITY
  /** City time after which a tick comes late. */
  let lateAfter = unknown

  function tick(isLate: boolean): void {
    if (sourceAwayMs() > outageMsMin) {
      lateAfter = unknown
      return
    }
    const now = clock.now()
    const { catchingUp, speed } = clock.anchor()
    if (journal.tick(now, catchingUp, isLate)) lateAfter = now + outageMsMin * Math.max(1, speed)
  }

  tick(true)
  const timer = setInterval(() => tick(clock.now() > lateAfter), tickMs)
  return {
    beforeDelivery(receivedAt) {
      if (receivedAt > lateAfter) tick(true)
    },
    // What the clock was stepped over is no time that has passed.
    clockMoved: () => tick(lateAfter === unknown),
    stop: () => clearInterval(timer),
  }
}
