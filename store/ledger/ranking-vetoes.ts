import { randomUUID } from 'node:crypto'
import type { VetoKind } from '#domain/ranking-method.ts'
import type { LocalDays } from '#domain/season.ts'
import { appendAudit } from './audit.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { dayText } from './dwelling-days.ts'

/** Days are local, both included. */
export interface RankingVetoTables {
  ranking_veto: {
    id: string
    firm: string
    kind: string
    from_day: number
    to_day: number
    state: string
    evidence: string
    brought_by: string
    brought_at: number
    document: string | null
    confirmed_by: string | null
    confirmed_at: number | null
  }
}

export interface StoredVeto extends LocalDays {
  readonly id: string
  readonly firm: string
  readonly kind: VetoKind
  readonly state: 'proven' | 'cleared'
  readonly evidence: string
  readonly broughtBy: string
  readonly broughtAt: number
  readonly document?: string
  readonly confirmedBy?: string
  readonly confirmedAt?: number
}

type NewVeto = Pick<StoredVeto, 'firm' | 'kind' | 'state' | 'evidence' | 'fromDay' | 'toDay'>

/** Brings a veto forward, or clears one, with evidence. */
export async function bringVeto(
  transaction: LedgerTransaction,
  veto: NewVeto,
  by: { readonly actor: string; readonly at: number },
): Promise<string> {
  const id = randomUUID()
  const { firm, kind, state, evidence } = veto
  await transaction
    .insertInto('ranking_veto')
    .values({
      id,
      firm,
      kind,
      state,
      evidence,
      from_day: veto.fromDay,
      to_day: veto.toDay,
      brought_by: by.actor,
      brought_at: by.at,
      document: null,
      confirmed_by: null,
      confirmed_at: null,
    })
    .execute()
  await appendAudit(transaction, {
    ...{ at: by.at, actor: by.actor },
    action: 'ranking.bringVeto',
    subject: `ranking-veto/${id}`,
    detail: broughtVeto(veto),
  })
  return id
}

/** A veto as the audit log keeps it. */
export const broughtVeto = ({ firm, kind, state, evidence, fromDay, toDay }: NewVeto) => ({
  ...{ firm, kind, state, evidence },
  ...{ from: dayText(fromDay), to: dayText(toDay) },
})

/** Confirms a veto with the number of a document; false where it is not there or was confirmed already. */
export async function confirmVeto(
  transaction: LedgerTransaction,
  id: string,
  confirmed: { readonly document: string; readonly by: string; readonly at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('ranking_veto')
    .set({ document: confirmed.document, confirmed_by: confirmed.by, confirmed_at: confirmed.at })
    .where('id', '=', id)
    .where('document', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await appendAudit(transaction, {
    ...{ at: confirmed.at, actor: confirmed.by },
    action: 'ranking.confirmVeto',
    subject: `ranking-veto/${id}`,
    detail: { document: confirmed.document },
  })
  return true
}

/** Vetoes that touch a period, of each firm and kind the newest. */
export async function rankingVetoes(db: LedgerDb, days: LocalDays): Promise<StoredVeto[]> {
  const newest = new Map((await vetoesBrought(db, days)).map((veto) => [`${veto.firm}/${veto.kind}`, veto]))
  return [...newest.values()]
}

/** Every veto that touches a period, the oldest first. */
export async function vetoesBrought(db: LedgerDb, days: LocalDays): Promise<StoredVeto[]> {
  const rows = await db
    .selectFrom('ranking_veto')
    .selectAll()
    .where('from_day', '<=', days.toDay)
    .where('to_day', '>=', days.fromDay)
    .orderBy('brought_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    firm: row.firm,
    kind: row.kind as VetoKind,
    state: row.state as StoredVeto['state'],
    evidence: row.evidence,
    fromDay: row.from_day,
    toDay: row.to_day,
    broughtBy: row.brought_by,
    broughtAt: row.brought_at,
    ...(row.document !== null && { document: row.document }),
    ...(row.confirmed_by !== null && { confirmedBy: row.confirmed_by }),
    ...(row.confirmed_at !== null && { confirmedAt: row.confirmed_at }),
  }))
}
