import { sql } from 'kysely'
import type { LocalDays } from '#domain/season.ts'
import type { LedgerDb } from './database.ts'
import { nobody } from './ranking-roll-up.ts'

/** How many homes with a probe a firm had in a district on an average day. */
export interface FirmProbes {
  readonly firm: string
  readonly district: string
  readonly probes: number
}

/** Firms with probes in each district of the city over some days. */
export async function firmProbes(db: LedgerDb, { fromDay, toDay }: LocalDays): Promise<FirmProbes[]> {
  const found = await sql<{ firm: string; district: string; probes: number; days: number }>`
    select firm, district, sum(probes) as probes, count(distinct day) as days from firm_day
    where day >= ${fromDay} and day <= ${toDay} and firm <> ${nobody}
    group by firm, district having sum(probes) > 0 order by firm, district`.execute(db)
  return found.rows.map(({ firm, district, probes, days }) => ({ firm, district, probes: Math.floor(probes / days) }))
}
