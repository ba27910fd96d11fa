import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { type LocalDays, localDayAt, localDayNumbered } from '#domain/season.ts'
import { hourMs } from '#domain/time.ts'
import type { LedgerDb } from './database.ts'
import { firstKeptDay } from './day-pages.ts'
import { listOutages } from './outages.ts'

/**
 * Gateways keep what they measure for some hours while the service is down. A day with a longer outage of ours is no
 * evidence against anybody and is left out whole, so that it cannot matter which of its readings arrived.
 */
const ownOutageMsMax = 4 * hourMs
const outagesPerDayMax = 500

/** Days of a period that count for nobody: the one on which the service began, and those with a long outage of ours. */
export async function daysForNobody(db: LedgerDb, zone: string, { fromDay, toDay }: LocalDays): Promise<Set<number>> {
  const began = (await firstKeptDay(db)) ?? toDay
  const from = localDayNumbered(zone, fromDay).beginsAt
  const to = localDayNumbered(zone, toDay).endsAt
  const downMs = new Map<number, number>()
  for (const { kind, beganAt, endedAt } of await listOutages(db, from, to, outagesPerDayMax * (toDay - fromDay + 1))) {
    if (kind !== 'down') continue
    for (let at = Math.max(beganAt, from); at < Math.min(endedAt, to); ) {
      const { day, endsAt } = localDayAt(zone, at)
      downMs.set(day, (downMs.get(day) ?? 0) + Math.min(endedAt, endsAt) - at)
      at = endsAt
    }
  }
  const days = new Set([...downMs].filter(([, ms]) => ms > ownOutageMsMax).map(([day]) => day))
  for (let day = fromDay; day <= Math.min(began, toDay); day += 1) days.add(day)
  return days
}

/**
 * Of the rows of a table with `day` and `circuit`, those whose supply counts: not on days that count for nobody, nor
 * where the whole circuit is excluded. What excludes a home or a building says nothing of the circuit.
 */
export function supplyCounts(table: string, forNobody: ReadonlySet<number>): RawBuilder<SqlBool> {
  const [day, circuit] = [sql.ref(`${table}.day`), sql.ref(`${table}.circuit`)]
  const forAnybody = forNobody.size === 0 ? sql`` : sql`${day} not in (${sql.join([...forNobody])}) and`
  const excluded = sql`from ranking_exclusion as excluded
    where excluded.state = 'confirmed' and excluded.place_kind = 'circuit'`
  // Most circuits are never excluded: only the days of the others are looked at one by one.
  return sql`${forAnybody} (${circuit} not in (select excluded.place ${excluded}) or not exists (select 1 ${excluded}
    and excluded.place = ${circuit} and ${day} between excluded.from_day and excluded.to_day))`
}
