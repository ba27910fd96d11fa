import type { Selectable } from 'kysely'
import type { Scope } from '#domain/account.ts'
import type { Alert, AlertPlaceKind, AlertTier } from '#domain/alert.ts'
import type { FlagRule } from '#domain/flag.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { behind, type NewestFirstCursor, nextAfter } from './newest-first.ts'
import { scopeCondition, territoryNodes, territoryText } from './scope-condition.ts'

export interface AlertTables {
  alert: {
    id: string
    place_kind: string
    place: string
    opened_at: number
    last_flag_at: number
    updated_at: number
    closed_at: number | null
    flags: number
    open_flags: number
    tier: string
    rule: string
    revision: number
    announced_at: number
    announced_flags: number
    of_dwelling: number
    territory: string
    firm: string | null
    district: string | null
  }
}

/** Writes alerts as they are now, new ones and changed ones. */
export async function saveAlerts(transaction: LedgerTransaction, alerts: readonly Alert[]): Promise<void> {
  for (const alert of alerts) {
    const row = toRow(alert)
    await transaction
      .insertInto('alert')
      .values(row)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute()
  }
}

/** Alerts that are open, and those that a new flag may still join: a flag joined them after `lastFlagAfter`. */
export async function joinableAlerts(db: LedgerDb, lastFlagAfter: number): Promise<Alert[]> {
  const rows = await db
    .selectFrom('alert')
    .selectAll()
    .where((expression) =>
      expression.or([expression('closed_at', 'is', null), expression('last_flag_at', '>', lastFlagAfter)]),
    )
    .orderBy('opened_at')
    .orderBy('id')
    .execute()
  return rows.map(fromRow)
}

export async function findAlert(db: LedgerDb, id: string): Promise<Alert | undefined> {
  const row = await db.selectFrom('alert').selectAll().where('id', '=', id).executeTakeFirst()
  return row && fromRow(row)
}

export interface AlertQuery {
  readonly scope: Scope
  /** Whether the reader may see what speaks of single homes. */
  readonly dwellings: boolean
  /** Only open ones, unless false. */
  readonly openOnly?: boolean
  readonly place?: { readonly kind: AlertPlaceKind; readonly id: string }
  readonly tiers?: readonly AlertTier[]
  /** Only of these parts of the scope. */
  readonly within?: readonly Scope[]
  readonly after?: NewestFirstCursor
  readonly limit: number
}

/** How many alerts of each tier are open in scope; tiers without any are left out. */
export async function countOpenAlerts(
  db: LedgerDb,
  { scope, dwellings }: Pick<AlertQuery, 'scope' | 'dwellings'>,
): Promise<{ tier: AlertTier; open: number }[]> {
  let select = db
    .selectFrom('alert')
    .select((expression) => ['tier', expression.fn.countAll<number>().as('open')])
    .where('closed_at', 'is', null)
    .where(scopeCondition(scope))
    .groupBy('tier')
    .orderBy('tier')
  if (!dwellings) select = select.where('of_dwelling', '=', 0)
  const rows = await select.execute()
  return rows.map(({ tier, open }) => ({ tier: tier as AlertTier, open: Number(open) }))
}

/** Alerts in scope, the last opened first, with the cursor of the next page where there is one. */
export async function listAlerts(
  db: LedgerDb,
  query: AlertQuery,
): Promise<{ alerts: Alert[]; next?: NewestFirstCursor }> {
  let select = db
    .selectFrom('alert')
    .selectAll()
    .where(scopeCondition(query.scope))
    .where(behind(query.after, 'opened_at', 'id'))
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
  if (query.openOnly !== false) select = select.where('closed_at', 'is', null)
  if (!query.dwellings) select = select.where('of_dwelling', '=', 0)
  if (query.tiers) select = select.where('tier', 'in', [...query.tiers])
  for (const part of query.within ?? []) select = select.where(scopeCondition(part))
  if (query.place) select = select.where('place', '=', query.place.id).where('place_kind', '=', query.place.kind)
  const rows = await select.execute()
  const next = nextAfter(rows, query.limit, (row) => ({ at: row.opened_at, key: row.id }))
  return { alerts: rows.slice(0, query.limit).map(fromRow), ...next }
}

function toRow(alert: Alert): AlertTables['alert'] {
  return {
    id: alert.id,
    place_kind: alert.placeKind,
    place: alert.place,
    opened_at: alert.openedAt,
    last_flag_at: alert.lastFlagAt,
    updated_at: alert.updatedAt,
    closed_at: alert.closedAt ?? null,
    flags: alert.flags,
    open_flags: alert.openFlags,
    tier: alert.tier,
    rule: alert.rule,
    revision: alert.revision,
    announced_at: alert.announcedAt,
    announced_flags: alert.announcedFlags,
    of_dwelling: alert.ofDwelling ? 1 : 0,
    territory: territoryText(alert.where.territory),
    firm: alert.where.firm ?? null,
    district: alert.district ?? null,
  }
}

function fromRow(row: Selectable<AlertTables['alert']>): Alert {
  return {
    id: row.id,
    placeKind: row.place_kind as AlertPlaceKind,
    place: row.place,
    openedAt: row.opened_at,
    lastFlagAt: row.last_flag_at,
    updatedAt: row.updated_at,
    ...(row.closed_at !== null && { closedAt: row.closed_at }),
    flags: row.flags,
    openFlags: row.open_flags,
    tier: row.tier as AlertTier,
    rule: row.rule as FlagRule,
    revision: row.revision,
    announcedAt: row.announced_at,
    announcedFlags: row.announced_flags,
    ofDwelling: row.of_dwelling === 1,
    where: { territory: territoryNodes(row.territory), ...(row.firm !== null && { firm: row.firm }) },
    ...(row.district !== null && { district: row.district }),
  }
}
