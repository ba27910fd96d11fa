import { sql } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import { type LocalDays, localDayNumbered } from '#domain/season.ts'
import { isCold, isOpen } from '#domain/supply-hours.ts'
import { lessStretches, type Stretch } from '#domain/supply-outage.ts'
import { hourMs } from '#domain/time.ts'
import { coldSupply } from './circuit-supply.ts'
import type { LedgerDb } from './database.ts'
import type { SupplyChange } from './late-supply.ts'
import { counts } from './registry-view.ts'

/** From the first instant of the first day to the last of the last. */
export const stretchOf = ({ season }: Policy, { fromDay, toDay }: LocalDays): Stretch => ({
  from: localDayNumbered(season.zone, fromDay).beginsAt,
  to: localDayNumbered(season.zone, toDay).endsAt,
})

const supplyRules = ['noFlow', 'plantSilent']

/**
 * When circuits had no flow, by what the watch flagged on them or on their substation, or no useful temperature. What
 * was told late of hours in which a plant was silent proves that they had.
 */
export async function stretchesWithout(
  db: LedgerDb,
  policy: Policy,
  { days, late }: { readonly days: LocalDays; readonly late: readonly SupplyChange[] },
): Promise<Map<string, Stretch[]>> {
  const { from, to } = stretchOf(policy, days)
  const flags = await db
    .selectFrom('flag')
    .select(['subject_kind', 'subject', 'rule', 'since', 'cleared_at'])
    .where('rule', 'in', supplyRules)
    .where('subject_kind', 'in', ['circuit', 'substation'])
    .where('since', '<', to)
    .where(({ eb, or }) => or([eb('cleared_at', 'is', null), eb('cleared_at', '>', from)]))
    .orderBy('since')
    .execute()
  const circuits = await sql<{ id: string; substation: string }>`
    select id, substation from circuit where ${counts('circuit', 'circuit')} order by id`.execute(db)
  const below = Map.groupBy(circuits.rows, ({ substation }) => substation)
  const proven = Map.groupBy(
    late.flatMap((change) =>
      hourly(policy, change.day)
        .filter((_, hour) => isOpen(change.hours, hour) && !isOpen(change.first, hour))
        .map((hour) => ({ circuit: change.circuit, ...hour })),
    ),
    ({ circuit }) => circuit,
  )
  const stretches = new Map<string, Stretch[]>()
  const add = (circuit: string, without: readonly Stretch[]) =>
    stretches.set(circuit, [...(stretches.get(circuit) ?? []), ...without])
  for (const { subject_kind, subject, rule, since, cleared_at } of flags) {
    const lasting = { from: since, to: cleared_at ?? to }
    for (const circuit of subject_kind === 'circuit' ? [subject] : (below.get(subject) ?? []).map(({ id }) => id)) {
      add(circuit, rule === 'noFlow' ? [lasting] : lessStretches(lasting, proven.get(circuit) ?? []))
    }
  }
  const key = ({ day, circuit }: { readonly day: number; readonly circuit: string }) => `${day}/${circuit}`
  const hours = new Map((await coldSupply(db, days)).map((row) => [key(row), row]))
  for (const { day, circuit, hours: told } of late) hours.set(key({ day, circuit }), { day, circuit, ...told })
  for (const { day, circuit, ...supply } of hours.values()) {
    const cold = hourly(policy, day).filter((_, hour) => isCold(supply, hour))
    if (cold.length > 0) add(circuit, cold)
  }
  return stretches
}

/** The hours of a local day. */
function hourly({ season }: Policy, day: number): Stretch[] {
  const { beginsAt, endsAt } = localDayNumbered(season.zone, day)
  const hours = Math.round((endsAt - beginsAt) / hourMs)
  return Array.from({ length: hours }, (_, hour) => ({
    from: beginsAt + hour * hourMs,
    to: beginsAt + (hour + 1) * hourMs,
  }))
}
