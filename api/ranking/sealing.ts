import type { Policy } from '#domain/policy.ts'
import { localDayAt } from '#domain/season.ts'
import type { ApiDeps } from '../deps.ts'
import { type Repeating, repeat } from '../repeating.ts'
import type { RankingDays } from './days.ts'

/** A day is sealed once; asking costs one query. */
const lookEveryMs = 15_000
/** A season: what comes late, is excluded or corrected has its days rolled up again, however old they are. */
const daysLookedBack = 200

export interface SealingDeps {
  readonly rankingDays: RankingDays
  readonly clock: ApiDeps['clock']
  readonly policy: Policy
  onSealed(days: number): void
  onError(error: unknown): void
}

/**
 * Reads the hours of supply, and seals each day of the season soon after it is over, so that its root stands in the
 * audit log from then on.
 */
export function startSealing({ rankingDays, clock, policy, onSealed, onError }: SealingDeps): Repeating {
  async function look(): Promise<void> {
    // While history fills in, the summaries of a day may still be on their way.
    if (clock.anchor().catchingUp) return
    const now = clock.now()
    await rankingDays.readSupply(now)
    const toDay = localDayAt(policy.season.zone, now).day
    const sealed = await rankingDays.bringUpToDate({ fromDay: toDay - daysLookedBack, toDay, now })
    if (sealed > 0) onSealed(sealed)
  }

  return repeat(lookEveryMs, look, onError)
}
