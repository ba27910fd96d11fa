import { minuteMs } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { dwellingDays } from '#store/ledger/dwelling-days.ts'
import { dwellingId } from '../bench/small-city.ts'
import { type GatewayFeed, stepMs, stepsPerDay, temperatureAt } from './feed.ts'
import type { Tally } from './tally.ts'

const targetC = 20

/** A sample speaks for the ten minutes before it. */
export async function auditDays(db: LedgerDb, feeds: readonly GatewayFeed[], count: Tally): Promise<void> {
  for (const feed of feeds) {
    const days = feed.daysSent()
    const first = feed.firstDay
    for (const home of feed.historyHomes) {
      const rows = await dwellingDays(db, dwellingId(home), first, first + days - 1)
      const byDay = new Map(rows.map((row) => [row.day, row]))
      count.compare('dwelling days', new Set(byDay.keys()).size, rows.length)
      for (let day = 0; day < days; day++) {
        const row = byDay.get(first + day)
        const coldSteps = Array.from({ length: stepsPerDay }, (_, step) => temperatureAt(home, step)).filter(
          (celsius) => celsius < targetC,
        ).length
        count.compare('minutes covered of dwelling days', 24 * 60, (row?.coveredMs ?? 0) / minuteMs)
        count.compare('minutes below target', (coldSteps * stepMs) / minuteMs, (row?.belowTargetMs ?? 0) / minuteMs)
      }
    }
  }
}
