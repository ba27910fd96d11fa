import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Insertable, type Selectable, sql } from 'kysely'
import { type Policy, policyAt } from '#domain/policy.ts'
import type { RollUp } from '#domain/roll-up.ts'
import { localDayBounds, seasonOn } from '#domain/season.ts'
import { hourMs } from '#domain/time.ts'
import { appendAudit } from './audit.ts'
import type { Ledger, LedgerDb } from './database.ts'
import { merkleRoot } from './digest.ts'
import { dayLeaf, dayText } from './dwelling-days.ts'
import { firstMeasuredDay, type RolledUp, rollUpDay } from './ranking-roll-up.ts'
import { registryVersion } from './registry-batches.ts'

/** Sums of home-days with the homes, probes and tenths of a square metre behind them. */
export interface SumColumns {
  home_days: number
  excluded_home_days: number
  passed_home_days: number
  area_minutes: number
  area_minutes_at_target: number
  area_minutes_below_16: number
  area_minutes_below_12: number
  area_minutes_covered: number
  area_shortfall: number
  homes: number
  probes: number
  area_tenths: number
  /** Of circuits with a plant sensor: the only ones whose outages show. */
  watched_homes: number
  watched_area_tenths: number
}

export interface RankingDayTables {
  ranking_day: {
    day: number
    /** Merkle root of the dwelling-days as they were when the day was sealed; never changed after. */
    root: string
    leaves: number
    outdoor_c: number | null
    registry_version: number
    /** 1 where an exclusion was decided since, and the roll-ups wait to be made again. */
    stale: number
    sealed_at: number
    rolled_up_at: number
  }
  roll_up_day: SumColumns & { day: number; circuit: string; building: string; estate: string; firm: string }
  firm_day: SumColumns & { day: number; firm: string; district: string }
  dwelling_day_change: {
    day: number
    dwelling: string
    device: string
    before_leaf: string
    after_leaf: string
    position: number
  }
}

/** What a place or a firm had on some days. */
export interface Measured {
  readonly rollUp: RollUp
  readonly homes: number
  readonly probes: number
  readonly areaTenths: number
  readonly watchedHomes: number
  readonly watchedAreaTenths: number
}

export const sumsOf = ({ rollUp, ...measured }: Measured): SumColumns => ({
  home_days: rollUp.homeDays,
  excluded_home_days: rollUp.excludedHomeDays,
  passed_home_days: rollUp.passedHomeDays,
  area_minutes: rollUp.areaMinutes,
  area_minutes_at_target: rollUp.areaMinutesAtTarget,
  area_minutes_below_16: rollUp.areaMinutesBelow16,
  area_minutes_below_12: rollUp.areaMinutesBelow12,
  area_minutes_covered: rollUp.areaMinutesCovered,
  area_shortfall: rollUp.areaShortfall,
  homes: measured.homes,
  probes: measured.probes,
  area_tenths: measured.areaTenths,
  watched_homes: measured.watchedHomes,
  watched_area_tenths: measured.watchedAreaTenths,
})

export const rollUpOf = (row: SumColumns): RollUp => ({
  homeDays: row.home_days,
  excludedHomeDays: row.excluded_home_days,
  passedHomeDays: row.passed_home_days,
  areaMinutes: row.area_minutes,
  areaMinutesAtTarget: row.area_minutes_at_target,
  areaMinutesBelow16: row.area_minutes_below_16,
  areaMinutesBelow12: row.area_minutes_below_12,
  areaMinutesCovered: row.area_minutes_covered,
  areaShortfall: row.area_shortfall,
})

export const sumColumns = [
  'home_days',
  'excluded_home_days',
  'passed_home_days',
  'area_minutes',
  'area_minutes_at_target',
  'area_minutes_below_16',
  'area_minutes_below_12',
  'area_minutes_covered',
  'area_shortfall',
  'homes',
  'probes',
  'area_tenths',
  'watched_homes',
  'watched_area_tenths',
] as const satisfies readonly (keyof SumColumns)[]

/** After a day closes, its summaries are still on their way from the journal for a moment. */
const sealsAfterMs = 3 * hourMs
/** A day's dwelling-days are read in pieces, so that nobody waits long for the ledger. */
const leavesPerPage = 5_000
const rowsPerStatementMax = 300

/** Days of the season within a period that are over, and old enough that their summaries are there. */
export function sealableDays(policy: Policy, fromDay: number, toDay: number, now: number): number[] {
  const days: number[] = []
  for (let day = fromDay; day <= toDay; day += 1) {
    const { beginsAt, endsAt } = localDayBounds(policy.season.zone, day)
    const { rules } = policyAt(policy, beginsAt)
    if (endsAt + rules.dayClosesAfterMs + sealsAfterMs > now) break
    if (seasonOn(policy.season, day)) days.push(day)
  }
  return days
}

/**
 * Seals the days of a period that are over, and makes roll-ups again whose registry or exclusions changed since.
 * Returns how many days it touched.
 */
export async function bringDaysUpToDate(
  ledger: Ledger,
  policy: Policy,
  period: { readonly fromDay: number; readonly toDay: number },
  now: number,
): Promise<number> {
  const version = await registryVersion(ledger.db)
  const known = new Map((await rankingDays(ledger.db, period)).map((row) => [row.day, row]))
  let touched = 0
  const first = await firstMeasuredDay(ledger.db)
  for (const day of sealableDays(policy, Math.max(first, period.fromDay), period.toDay, now)) {
    const row = known.get(day)
    if (row && row.registry_version === version && row.stale === 0) continue
    const rolledUp = await rollUpDay(ledger.db, policy, day)
    const leaves = row ? undefined : await dayLeaves(ledger.db, day)
    await keepDay(
      ledger,
      day,
      rolledUp,
      leaves?.map(({ leaf }) => leaf),
      { version, now },
    )
    touched += 1
  }
  return touched
}

async function keepDay(
  ledger: Ledger,
  day: number,
  rolledUp: RolledUp,
  leaves: readonly string[] | undefined,
  { version, now }: { readonly version: number; readonly now: number },
): Promise<void> {
  const places = rolledUp.places.map(({ measured, ...place }) => ({ day, ...place, ...sumsOf(measured) }))
  const firms = rolledUp.firms.map(({ measured, ...firm }) => ({ day, ...firm, ...sumsOf(measured) }))
  const state = {
    outdoor_c: rolledUp.outdoorC ?? null,
    registry_version: version,
    stale: 0,
    rolled_up_at: now,
  }
  await ledger.write(async (transaction) => {
    await transaction.deleteFrom('roll_up_day').where('day', '=', day).execute()
    await transaction.deleteFrom('firm_day').where('day', '=', day).execute()
    for (const rows of pieces<Insertable<RankingDayTables['roll_up_day']>>(places)) {
      await transaction.insertInto('roll_up_day').values(rows).execute()
    }
    for (const rows of pieces<Insertable<RankingDayTables['firm_day']>>(firms)) {
      await transaction.insertInto('firm_day').values(rows).execute()
    }
    const isSealed = await transaction.selectFrom('ranking_day').select('day').where('day', '=', day).executeTakeFirst()
    if (!leaves || isSealed) {
      await transaction.updateTable('ranking_day').set(state).where('day', '=', day).execute()
      return
    }
    const root = merkleRoot(leaves)
    await transaction
      .insertInto('ranking_day')
      .values({ day, root, leaves: leaves.length, sealed_at: now, ...state })
      .execute()
    // The audit log is a chain: a history that is rewritten, or whose tail is cut, shows there.
    const detail = { root, leaves: leaves.length }
    await appendAudit(transaction, {
      at: now,
      actor: 'service/ranking',
      action: 'ranking.seal',
      subject: `day/${dayText(day)}`,
      detail,
    })
  })
  await nextTurn()
}

function* pieces<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let start = 0; start < rows.length; start += rowsPerStatementMax) {
    yield rows.slice(start, start + rowsPerStatementMax)
  }
}

/** Every dwelling-day of a day that says anything, as a leaf of the day's tree, in the order of dwelling and probe. */
export async function dayLeaves(db: LedgerDb, day: number): Promise<{ readonly key: string; readonly leaf: string }[]> {
  const leaves: { key: string; leaf: string }[] = []
  let after: { dwelling: string; device: string } | undefined = { dwelling: '', device: '' }
  while (after) {
    const { dwelling, device }: { dwelling: string; device: string } = after
    const rows = await db
      .selectFrom('dwelling_day')
      .selectAll()
      .where('day', '=', day)
      .where(sql<boolean>`(dwelling, device) > (${dwelling}, ${device})`)
      .orderBy('dwelling')
      .orderBy('device')
      .limit(leavesPerPage)
      .execute()
    for (const row of rows) {
      if (row.covered_ms > 0) leaves.push({ key: `${row.dwelling}/${row.device}`, leaf: dayLeaf(row) })
    }
    const last = rows.at(-1)
    after = rows.length < leavesPerPage ? undefined : last
    await nextTurn()
  }
  return leaves.sort((left, right) => (left.key < right.key ? -1 : 1))
}

export function rankingDays(
  db: LedgerDb,
  { fromDay, toDay }: { readonly fromDay: number; readonly toDay: number },
): Promise<Selectable<RankingDayTables['ranking_day']>[]> {
  return db
    .selectFrom('ranking_day')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .orderBy('day')
    .execute()
}
