import { setTimeout as pause } from 'node:timers/promises'
import type { Policy } from '#domain/policy.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import { acquireLease, holdLease, type Lease, releaseLease } from '#store/ledger/leases.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { readSupply } from './supply-days.ts'

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

const leaseName = 'ranking-days'
/** Longer than any step of the work, and short enough to wait for after a crash. */
const leaseMs = 30_000
const renewedBeforeMs = 15_000
const askAgainMs = 250

/** Works in this thread, one after the other, and alone among all services of a ledger. */
export function makeRankingDays({ ledger, policy, telemetry, holder, wallClock }: RankingDaysDeps): RankingDays {
  let before: Promise<unknown> = Promise.resolve()

  const acquire = () =>
    ledger.write((transaction) => acquireLease(transaction, leaseName, holder, wallClock(), leaseMs))

  type Guard = (transaction: LedgerTransaction) => Promise<void>

  async function alone(work: (guard: Guard) => Promise<number>): Promise<number> {
    let lease = await acquire()
    while (!lease) {
      await pause(askAgainMs)
      lease = await acquire()
    }
    let held: Lease = lease
    const guard: Guard = async (transaction) => {
      if (held.expiresAt - wallClock() < renewedBeforeMs) {
        held = (await acquireLease(transaction, leaseName, holder, wallClock(), leaseMs)) ?? held
      }
      await holdLease(transaction, held)
    }
    try {
      return await work(guard)
    } finally {
      await ledger.write((transaction) => releaseLease(transaction, held))
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
