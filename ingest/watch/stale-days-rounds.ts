import { recomputeStaleDays, type StaleDaysOptions } from './stale-days.ts'

/** Late readings come in crowds after an outage; a minute gathers them. */
const roundEveryMs = 60_000
/** A day takes some milliseconds: so many at once leave the thread to its readings. */
const daysPerRound = 100

export interface StaleDaysRoundsOptions extends Omit<StaleDaysOptions, 'appliedTo' | 'limit'> {
  /** Journal position up to which telemetry holds the readings; undefined while nobody knows. */
  appliedTo(): number | undefined
  readonly log: { warn(facts: object, message: string): void }
}

/** Puts days right again that late readings made wrong, a few a minute. A failed round is told and tried again. */
export function startStaleDaysRounds({ appliedTo, log, ...options }: StaleDaysRoundsOptions): {
  close(): Promise<void>
} {
  let closed = false
  let underWay: Promise<void> = Promise.resolve()
  let timer = setTimeout(round, roundEveryMs)

  async function recompute(): Promise<void> {
    const position = appliedTo()
    if (position === undefined) return
    try {
      await recomputeStaleDays({ ...options, appliedTo: position, limit: daysPerRound })
    } catch (error) {
      if (!closed) log.warn({ err: error }, 'days with late readings could not be computed again; they stay marked')
    }
  }

  function round(): void {
    underWay = recompute().then(() => {
      if (!closed) timer = setTimeout(round, roundEveryMs)
    })
  }

  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await underWay
    },
  }
}
