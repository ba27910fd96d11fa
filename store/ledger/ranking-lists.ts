import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Policy } from '#domain/policy.ts'
import { type FirmInput, type FirmScore, rankFirms } from '#domain/ranking.ts'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { findMethod } from '#domain/ranking-methods/index.ts'
import type { FrozenInputs } from '#domain/ranking-record.ts'
import { appendAudit } from './audit.ts'
import type { Ledger, LedgerDb, LedgerTransaction } from './database.ts'
import { canonicalJson } from './digest.ts'
import { behind, type NewestFirstCursor } from './newest-first.ts'
import { rankingDays } from './ranking-days.ts'
import { firmInputs, type RankingPeriod } from './ranking-inputs.ts'
import { objectionsTo } from './ranking-objections.ts'
import { frozenDigest, newSalts, rootOfDays } from './ranking-record.ts'
import { registryVersion } from './registry-batches.ts'

export interface RankingListTables {
  ranking_list: {
    id: string
    territory: string
    from_day: number
    to_day: number
    method: string
    method_version: number
    state: string
    drafted_by: string
    drafted_at: number
    objections_until: number | null
    published_by: string | null
    published_at: number | null
    /** `FrozenInputs` as JSON. */
    frozen: string | null
    digest: string | null
    /** Canonical JSON of the scores. */
    result: string | null
  }
}

export interface RankingList extends RankingPeriod {
  readonly id: string
  readonly state: 'draft' | 'objection' | 'frozen'
  readonly method: string
  readonly methodVersion: number
  readonly draftedBy: string
  readonly draftedAt: number
  readonly objectionsUntil?: number
  readonly publishedBy?: string
  readonly publishedAt?: number
  readonly digest?: string
}

type ListRow = Selectable<RankingListTables['ranking_list']>

const fromList = (row: ListRow): RankingList => ({
  id: row.id,
  territory: row.territory,
  fromDay: row.from_day,
  toDay: row.to_day,
  state: row.state as RankingList['state'],
  method: row.method,
  methodVersion: row.method_version,
  draftedBy: row.drafted_by,
  draftedAt: row.drafted_at,
  ...(row.objections_until !== null && { objectionsUntil: row.objections_until }),
  ...(row.published_by !== null && { publishedBy: row.published_by }),
  ...(row.published_at !== null && { publishedAt: row.published_at }),
  ...(row.digest !== null && { digest: row.digest }),
})

/** Begins a list. Its points follow today's figures until it is published. */
export async function draftList(
  transaction: LedgerTransaction,
  period: RankingPeriod,
  method: RankingMethod,
  by: { readonly actor: string; readonly at: number },
): Promise<RankingList> {
  const row: ListRow = {
    id: randomUUID(),
    territory: period.territory,
    from_day: period.fromDay,
    to_day: period.toDay,
    method: method.id,
    method_version: method.version,
    state: 'draft',
    drafted_by: by.actor,
    drafted_at: by.at,
    objections_until: null,
    published_by: null,
    published_at: null,
    frozen: null,
    digest: null,
    result: null,
  }
  await transaction.insertInto('ranking_list').values(row).execute()
  return fromList(row)
}

export async function findList(db: LedgerDb, id: string): Promise<RankingList | undefined> {
  const row = await listRow(db, id)
  return row && fromList(row)
}

const listRow = (db: LedgerDb, id: string) =>
  db.selectFrom('ranking_list').selectAll().where('id', '=', id).executeTakeFirst()

/** Lists, the newest first. */
export async function rankingLists(
  db: LedgerDb,
  filter: { readonly onlyFrozen: boolean; readonly after?: NewestFirstCursor },
  limit: number,
): Promise<RankingList[]> {
  let query = db
    .selectFrom('ranking_list')
    .selectAll()
    .where(behind(filter.after, 'drafted_at', 'id'))
    .orderBy('drafted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
  if (filter.onlyFrozen) query = query.where('state', '=', 'frozen')
  return (await query.execute()).map(fromList)
}

/** Lists that may be objected to at a time, the newest first. */
export async function listsOpenToObjections(db: LedgerDb, at: number, limit: number): Promise<RankingList[]> {
  const rows = await db
    .selectFrom('ranking_list')
    .selectAll()
    .where('state', '=', 'objection')
    .where('objections_until', '>', at)
    .orderBy('drafted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(fromList)
}

/** Every published list of a territory. */
export async function frozenListsOf(db: LedgerDb, territory: string): Promise<RankingList[]> {
  const rows = await db
    .selectFrom('ranking_list')
    .selectAll()
    .where('territory', '=', territory)
    .where('state', '=', 'frozen')
    .execute()
  return rows.map(fromList)
}

/** Opens the time in which firms and residents may object. False unless the list is a draft. */
export async function openObjections(transaction: LedgerTransaction, id: string, until: number): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('ranking_list')
    .set({ state: 'objection', objections_until: until })
    .where('id', '=', id)
    .where('state', '=', 'draft')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** What a list says: of a published one what was published, of another one today's figures. */
export interface ListContent {
  readonly method: RankingMethod
  readonly daysInPeriod: number
  readonly inputs: readonly FirmInput[]
  readonly scores: readonly FirmScore[]
}

export async function listContent(db: LedgerDb, policy: Policy, list: RankingList): Promise<ListContent> {
  if (list.state === 'frozen') {
    const { frozen, scores } = await frozenList(db, list.id)
    return { method: frozen.method, daysInPeriod: frozen.daysInPeriod, inputs: frozen.inputs, scores }
  }
  const method = findMethod(list.method, list.methodVersion)
  if (!method) throw new Error(`The method ${list.method} ${list.methodVersion} of list ${list.id} is not there`)
  const inputs = await firmInputs(db, policy, list)
  const daysInPeriod = (await rankingDays(db, list)).length
  return { method, daysInPeriod, inputs, scores: rankFirms(method, inputs, daysInPeriod) }
}

/** What a published list was frozen from, and the scores that it was published with. */
export async function frozenList(
  db: LedgerDb,
  id: string,
): Promise<{ readonly frozen: FrozenInputs; readonly scores: FirmScore[] }> {
  const row = await listRow(db, id)
  return { frozen: JSON.parse(row?.frozen ?? ''), scores: JSON.parse(row?.result ?? '') }
}

export type PublishRefusal = 'notOpenForObjection' | 'objectionsStillOpen' | 'objectionsUndecided'

/**
 * Freezes a list for good, when its time for objections is over and each is decided. The digest goes to the audit
 * log in the same transaction, so that inputs and digest cannot be exchanged together unseen.
 */
export async function publishList(
  ledger: Ledger,
  policy: Policy,
  list: RankingList,
  by: { readonly actor: string; readonly at: number },
): Promise<{ readonly ok: true; readonly digest: string } | { readonly ok: false; readonly reason: PublishRefusal }> {
  if (list.state !== 'objection' || list.objectionsUntil === undefined)
    return { ok: false, reason: 'notOpenForObjection' }
  if (by.at < list.objectionsUntil) return { ok: false, reason: 'objectionsStillOpen' }
  const objections = await objectionsTo(ledger.db, list.id)
  if (objections.some(({ state }) => state === 'open')) return { ok: false, reason: 'objectionsUndecided' }
  const content = await listContent(ledger.db, policy, list)
  const days = (await rankingDays(ledger.db, list)).map(({ day, root, leaves }) => ({ day, root, leaves }))
  const frozen: FrozenInputs = {
    list: list.id,
    period: { territory: list.territory, fromDay: list.fromDay, toDay: list.toDay },
    method: content.method,
    registryVersion: await registryVersion(ledger.db),
    publishedAt: by.at,
    daysInPeriod: content.daysInPeriod,
    inputs: content.inputs,
    salts: newSalts(content.inputs),
    days,
    root: rootOfDays(days),
  }
  const digest = frozenDigest(frozen)
  const published = await ledger.write(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('ranking_list')
      .set({
        state: 'frozen',
        published_by: by.actor,
        published_at: by.at,
        frozen: canonicalJson(frozen),
        digest,
        result: canonicalJson(content.scores),
      })
      .where('id', '=', list.id)
      .where('state', '=', 'objection')
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    const detail = { digest, root: frozen.root, method: list.method, version: list.methodVersion }
    await appendAudit(transaction, { ...by, action: 'ranking.publish', subject: `ranking-list/${list.id}`, detail })
    return true
  })
  return published ? { ok: true, digest } : { ok: false, reason: 'notOpenForObjection' }
}
