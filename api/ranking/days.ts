import { setTimeout as pause } from 'node:timers/promises'
import type { Policy } from '#domain/policy.ts'
import type { LocalDays } from '#domain/season.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import { acquireLease, holdLease, type Lease, LeaseLostError, releaseLease } from '#store/ledger/leases.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { readSupply } from './supply-days.ts'

export interface DaysAsked extends LocalDays {
  /** City time of whoever asks. */
  readonly now: number
}

/** Seals days and keeps their roll-ups; where it runs is nobody's concern. */
export interface RankingDays {
  /** Brings days up to date, or waits until another service has; gives how many were touched. */
  bringUpToDate(asked: DaysAsked): Promise<number>
  /** Reads the hours of supply that are over; gives of how many days. */
  readSupply(now: number): Promise<number>
}

export interface RankingDaysDeps {
  readonly ledger: Ledger
  readonly policy: Policy
  readonly telemetry: Pick<TelemetryReader, 'readings' | 'usage'>
  /** Names this process and thread among those that share the ledger. */
  readonly holder: string
  readonly wallClock: () => number
}

type Guard = (transaction: LedgerTransaction) => Promise<void>

/** Another service seals now: what it leaves to do is done after it. */
class HeldElsewhere extends Error {}

const leaseName = 'ranking-days'
/** Longer than any step of the work, and short enough to wait for after a crash. */
const leaseMs = 30_000
const renewedBeforeMs = 15_000
const askAgainMs = 250

/** Works in this thread, one after the other, and alone among all services of a ledger. */
export function makeRankingDays({ ledger, policy, telemetry, holder, wallClock }: RankingDaysDeps): RankingDays {
  let before: Promise<unknown> = Promise.resolve()

  /** Takes the lease with the first thing that is written: where nothing has to be done, nothing is. */
  async function alone(work: (guard: Guard) => Promise<number>): Promise<number> {
    for (;;) {
      let held: Lease | undefined
      const guard: Guard = async (transaction) => {
        if (held && held.expiresAt - wallClock() >= renewedBeforeMs) return holdLease(transaction, held)
        const lease = await acquireLease(transaction, leaseName, holder, wallClock(), leaseMs)
        if (!lease) throw new HeldElsewhere()
        // Reading a day may take longer than the lease. A token that grew by one is ours anew: nobody had it between.
        if (held && lease.token > held.token + 1) throw new LeaseLostError(`The lease "${leaseName}" went to another`)
        held = lease
      }
      try {
        return await work(guard)
      } catch (error) {
        if (!(error instanceof HeldElsewhere)) throw error
      } finally {
        const mine = held
        if (mine) await ledger.write((transaction) => releaseLease(transaction, mine))
      }
      await pause(askAgainMs)
    }
  }

  function inTurn(work: (guard: Guard) => Promise<number>): Promise<number> {
    const done = before.then(() => alone(work))
    before = done.catch(() => {})
    return done
  }

  return {
    bringUpToDate: ({ fromDay, toDay, now }) =>
      inTurn((guard) => bringDaysUpToDate({ ledger, policy, now, guard }, { fromDay, toDay })),
    readSupply: (now) => inTurn((guard) => readSupply({ ledger, telemetry, policy, guard }, now)),
  }
}
