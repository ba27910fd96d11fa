import { type Selectable, sql } from 'kysely'
import type { Scope, Whereabouts } from '#domain/account.ts'
import type { Flag, FlagRule, FlagSubjectKind } from '#domain/flag.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { behind, type NewestFirstCursor, nextAfter } from './newest-first.ts'
import { scopeCondition, territoryNodes, territoryText } from './scope-condition.ts'
import { perStatement } from './statement-rows.ts'

export interface FlagTables {
  flag: {
    key: string
    subject_kind: string
    subject: string
    rule: string
    since: number
    raised_at: number
    cleared_at: number | null
    cleared_by: string | null
    value: number | null
    target_c: number | null
    history: number
    of_dwelling: number
    territory: string
    firm: string | null
    building: string | null
    circuit: string | null
    device: string | null
    alert: string | null
  }
}

/** A flag with where its subject was when it was raised, and the alert it joined. */
export interface StoredFlag extends Flag {
  readonly where: Whereabouts
  readonly ofDwelling: boolean
  readonly building?: string
  readonly circuit?: string
  /** Probe or sensor whose readings raised it. */
  readonly device?: string
  readonly alert?: string
  /** Stable code of what ended it: `recovered`, `heard`, `season`, `contract`, `silence`, `moved`, `registry`. */
  readonly clearedBy?: string
}

/** Writes new flags. */
export async function insertFlags(transaction: LedgerTransaction, flags: readonly StoredFlag[]): Promise<void> {
  for (const some of perStatement(flags)) await transaction.insertInto('flag').values(some.map(toRow)).execute()
}

/**
 * Writes what changes in the life of flags: their end, their alert, and whether people were told. A city that is heard
 * again after an outage ends as many as it has probes.
 */
export async function updateFlags(transaction: LedgerTransaction, flags: readonly StoredFlag[]): Promise<void> {
  for (const some of perStatement(flags)) {
    const rows = some.map(({ key, clearedAt, clearedBy, history, alert }) => {
      const values = [key, clearedAt ?? null, clearedBy ?? null, history ? 1 : 0, alert ?? null]
      return sql`(${sql.join(values)})`
    })
    await sql`with changed (key, cleared_at, cleared_by, history, alert) as (values ${sql.join(rows)})
      update flag set cleared_at = cast(changed.cleared_at as bigint), cleared_by = changed.cleared_by,
        history = cast(changed.history as integer), alert = changed.alert
      from changed where flag.key = changed.key`.execute(transaction)
  }
}

/** Open flags of the given subjects, of all rules. */
export async function openFlagsOf(db: LedgerDb, subjects: readonly string[]): Promise<StoredFlag[]> {
  const found: StoredFlag[] = []
  for (const some of perStatement(subjects)) {
    const rows = await db
      .selectFrom('flag')
      .selectAll()
      .where('subject', 'in', some)
      .where('cleared_at', 'is', null)
      .execute()
    found.push(...rows.map(fromRow))
  }
  return found
}

/** Every open flag in order of key, a page at a time: after the given key, at most `limit`. */
export async function openFlagsAfter(db: LedgerDb, key: string, limit: number): Promise<StoredFlag[]> {
  const rows = await db
    .selectFrom('flag')
    .selectAll()
    .where('cleared_at', 'is', null)
    .where('key', '>', key)
    .orderBy('key')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

export interface FlagQuery {
  readonly scope: Scope
  /** Whether the reader may see single homes. */
  readonly dwellings: boolean
  /** Only open ones, unless false. */
  readonly openOnly?: boolean
  readonly rules?: readonly FlagRule[]
  /** One subject, or all of a kind. */
  readonly subject?: { readonly kind: FlagSubjectKind; readonly id?: string }
  readonly alert?: string
  readonly building?: string
  readonly circuit?: string
  /** Only of these parts of the scope. */
  readonly within?: readonly Scope[]
  readonly after?: NewestFirstCursor
  readonly limit: number
}

/** How many flags of each rule are open in scope; rules without any are left out. */
export async function countOpenFlags(
  db: LedgerDb,
  { scope, dwellings }: Pick<FlagQuery, 'scope' | 'dwellings'>,
): Promise<{ rule: FlagRule; open: number }[]> {
  let select = db
    .selectFrom('flag')
    .select((expression) => ['rule', expression.fn.countAll<number>().as('open')])
    .where('cleared_at', 'is', null)
    .where(scopeCondition(scope))
    .groupBy('rule')
    .orderBy('rule')
  if (!dwellings) select = select.where('of_dwelling', '=', 0)
  const rows = await select.execute()
  return rows.map(({ rule, open }) => ({ rule: rule as FlagRule, open: Number(open) }))
}

/** Flags in scope, newest first, with the cursor of the next page where there is one. */
export async function listFlags(
  db: LedgerDb,
  query: FlagQuery,
): Promise<{ flags: StoredFlag[]; next?: NewestFirstCursor }> {
  let select = db
    .selectFrom('flag')
    .selectAll()
    .where(scopeCondition(query.scope))
    .where(behind(query.after, 'raised_at', 'key'))
    .orderBy('raised_at', 'desc')
    .orderBy('key', 'desc')
    .limit(query.limit + 1)
  if (query.openOnly !== false) select = select.where('cleared_at', 'is', null)
  if (!query.dwellings) select = select.where('of_dwelling', '=', 0)
  if (query.rules) select = select.where('rule', 'in', [...query.rules])
  if (query.alert !== undefined) select = select.where('alert', '=', query.alert)
  if (query.building !== undefined) select = select.where('building', '=', query.building)
  if (query.circuit !== undefined) select = select.where('circuit', '=', query.circuit)
  for (const part of query.within ?? []) select = select.where(scopeCondition(part))
  if (query.subject) {
    select = select.where('subject_kind', '=', query.subject.kind)
    if (query.subject.id !== undefined) select = select.where('subject', '=', query.subject.id)
  }
  const rows = await select.execute()
  const next = nextAfter(rows, query.limit, (row) => ({ at: row.raised_at, key: row.key }))
  return { flags: rows.slice(0, query.limit).map(fromRow), ...next }
}

function toRow(flag: StoredFlag): FlagTables['flag'] {
  return {
    key: flag.key,
    subject_kind: flag.subjectKind,
    subject: flag.subject,
    rule: flag.rule,
    since: flag.since,
    raised_at: flag.raisedAt,
    cleared_at: flag.clearedAt ?? null,
    cleared_by: flag.clearedBy ?? null,
    value: flag.value ?? null,
    target_c: flag.targetC ?? null,
    history: flag.history ? 1 : 0,
    of_dwelling: flag.ofDwelling ? 1 : 0,
    territory: territoryText(flag.where.territory),
    firm: flag.where.firm ?? null,
    building: flag.building ?? null,
    circuit: flag.circuit ?? null,
    device: flag.device ?? null,
    alert: flag.alert ?? null,
  }
}

function fromRow(row: Selectable<FlagTables['flag']>): StoredFlag {
  return {
    key: row.key,
    subjectKind: row.subject_kind as FlagSubjectKind,
    subject: row.subject,
    rule: row.rule as FlagRule,
    since: row.since,
    raisedAt: row.raised_at,
    ...(row.cleared_at !== null && { clearedAt: row.cleared_at }),
    ...(row.cleared_by !== null && { clearedBy: row.cleared_by }),
    ...(row.value !== null && { value: row.value }),
    ...(row.target_c !== null && { targetC: row.target_c }),
    history: row.history === 1,
    ofDwelling: row.of_dwelling === 1,
    where: { territory: territoryNodes(row.territory), ...(row.firm !== null && { firm: row.firm }) },
    ...(row.building !== null && { building: row.building }),
    ...(row.circuit !== null && { circuit: row.circuit }),
    ...(row.device !== null && { device: row.device }),
    ...(row.alert !== null && { alert: row.alert }),
  }
}
