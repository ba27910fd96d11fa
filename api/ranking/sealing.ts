import type { Policy } from '#domain/policy.ts'
import { localDayAt } from '#domain/season.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import type { ApiDeps } from '../deps.ts'

/** A day is sealed once; asking costs one query. */
const lookEveryMs = 15_000
/** Days that may still be open when the service comes back after a weekend. */
const daysLookedBack = 10

export interface SealingDeps {
  readonly ledger: Ledger
  readonly clock: ApiDeps['clock']
  readonly policy: Policy
  onSealed(days: number): void
  onError(error: unknown): void
}

/** Seals each day of the season soon after it is over, so that its root stands in the audit log from then on. */
export function startSealing({ ledger, clock, policy, onSealed, onError }: SealingDeps): { close(): Promise<void> } {
  let running: Promise<void> | undefined

  async function look(): Promise<void> {
    // While history fills in, the summaries of a day may still be on their way.
    if (clock.anchor().catchingUp) return
    const now = clock.now()
    const toDay = localDayAt(policy.season.zone, now).day
    const sealed = await bringDaysUpToDate(ledger, policy, { fromDay: toDay - daysLookedBack, toDay }, now)
    if (sealed > 0) onSealed(sealed)
  }

  function start(): void {
    running ??= look()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
  }

  const timer = setInterval(start, lookEveryMs)
  start()
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}
