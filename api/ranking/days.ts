import { setTimeout as pause } from 'node:timers/promises'
import type { Policy } from '#domain/policy.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import { acquireLease, holdLease, type Lease, releaseLease } from '#store/ledger/leases.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'

/** Local days, both included. */
export interface DaysAsked {
  readonly fromDay: number
  readonly toDay: number
  /** City time of whoever asks. */
  readonly now: number
}

/** Seals days and keeps their roll-ups; where it runs is nobody's concern. */
export interface RankingDays {
  /** Brings days up to date, or waits until another service has; gives how many were touched. */
  bringUpToDate(asked: DaysAsked): Promise<number>
}

export interface RankingDaysDeps {
  readonly ledger: Ledger
  readonly policy: Policy
  /** Names this process and thread among those that share the ledger. */
  readonly holder: string
  readonly wallClock: () => number
}

const leaseName = 'ranking-days'
/** Longer than any step of the work, and short enough to wait for after a crash. */
const leaseMs = 30_000
const renewedBeforeMs = 15_000
const askAgainMs = 250

/** Works in this thread, one after the other, and alone among all services of a ledger. */
export function makeRankingDays({ ledger, policy, holder, wallClock }: RankingDaysDeps): RankingDays {
  let before: Promise<unknown> = Promise.resolve()

  const acquire = () =>
    ledger.write((transaction) => acquireLease(transaction, leaseName, holder, wallClock(), leaseMs))

  async function work({ fromDay, toDay, now }: DaysAsked): Promise<number> {
    let lease = await acquire()
    while (!lease) {
      await pause(askAgainMs)
      lease = await acquire()
    }
    let held: Lease = lease
    const guard = async (transaction: LedgerTransaction) => {
      if (held.expiresAt - wallClock() < renewedBeforeMs) {
        held = (await acquireLease(transaction, leaseName, holder, wallClock(), leaseMs)) ?? held
      }
      await holdLease(transaction, held)
    }
    try {
      return await bringDaysUpToDate({ ledger, policy, now, guard }, { fromDay, toDay })
    } finally {
      await ledger.write((transaction) => releaseLease(transaction, held))
    }
  }

  return {
    bringUpToDate(asked) {
      const done = before.then(() => work(asked))
      before = done.catch(() => {})
      return done
    },
  }
}
