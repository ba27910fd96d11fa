import { randomUUID } from 'node:crypto'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface RankingObjectionTables {
  ranking_objection: {
    id: string
    list: string
    firm: string
    text: string
    evidence: string
    raised_by: string
    raised_at: number
    state: string
    decided_by: string | null
    decided_at: number | null
    decision: string | null
  }
}

export interface Objection {
  readonly id: string
  readonly list: string
  readonly firm: string
  readonly text: string
  readonly evidence: string
  readonly raisedBy: string
  readonly raisedAt: number
  readonly state: 'open' | 'upheld' | 'rejected'
  readonly decidedBy?: string
  readonly decidedAt?: number
  readonly decision?: string
}

/** Objects to a firm's place on a list. */
export async function raiseObjection(
  transaction: LedgerTransaction,
  objection: Pick<Objection, 'list' | 'firm' | 'text' | 'evidence' | 'raisedBy' | 'raisedAt'>,
): Promise<string> {
  const id = randomUUID()
  await transaction
    .insertInto('ranking_objection')
    .values({
      id,
      list: objection.list,
      firm: objection.firm,
      text: objection.text,
      evidence: objection.evidence,
      raised_by: objection.raisedBy,
      raised_at: objection.raisedAt,
      state: 'open',
      decided_by: null,
      decided_at: null,
      decision: null,
    })
    .execute()
  return id
}

/** Decides an objection; false where it is not there or was decided already. */
export async function decideObjection(
  transaction: LedgerTransaction,
  id: string,
  decided: {
    readonly state: 'upheld' | 'rejected'
    readonly by: string
    readonly at: number
    readonly decision: string
  },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('ranking_objection')
    .set({ state: decided.state, decided_by: decided.by, decided_at: decided.at, decision: decided.decision })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function objectionsTo(db: LedgerDb, list: string): Promise<Objection[]> {
  const rows = await db
    .selectFrom('ranking_objection')
    .selectAll()
    .where('list', '=', list)
    .orderBy('raised_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    list: row.list,
    firm: row.firm,
    text: row.text,
    evidence: row.evidence,
    raisedBy: row.raised_by,
    raisedAt: row.raised_at,
    state: row.state as Objection['state'],
    ...(row.decided_by !== null && { decidedBy: row.decided_by }),
    ...(row.decided_at !== null && { decidedAt: row.decided_at }),
    ...(row.decision !== null && { decision: row.decision }),
  }))
}
