import { randomBytes, randomUUID } from 'node:crypto'
import { appendAudit } from './audit.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { sha256 } from './digest.ts'

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
  /** Codes for residents, by the hash of what they were given. */
  ranking_objection_code: {
    hash: string
    list: string
    firm: string
    issued_by: string
    issued_at: number
    used_at: number | null
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
  await appendAudit(transaction, {
    ...{ at: objection.raisedAt, actor: objection.raisedBy, action: 'ranking.object' },
    subject: `ranking-objection/${id}`,
    detail: { list: objection.list, firm: objection.firm },
  })
  return id
}

/** Nobody guesses ten random bytes; in letters that are told apart on paper they are sixteen. */
const codeBytes = 10
const codeLetters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/**
 * Makes a code by which a resident of a firm's home can object once, without an account. It is kept as a hash, with
 * the list and the firm and without the home, so that nobody can tell whose objection it was.
 */
export async function issueObjectionCode(
  transaction: LedgerTransaction,
  issued: { readonly list: string; readonly firm: string; readonly by: string; readonly at: number },
): Promise<string> {
  let bits = BigInt(`0x${randomBytes(codeBytes).toString('hex')}`)
  let code = ''
  for (let letter = 0; letter < (codeBytes * 8) / 5; letter += 1) {
    code += codeLetters[Number(bits & 31n)]
    bits >>= 5n
  }
  const { list, firm, by, at } = issued
  await transaction
    .insertInto('ranking_objection_code')
    .values({ hash: hashOf(code), list, firm, issued_by: by, issued_at: at, used_at: null })
    .execute()
  await appendAudit(transaction, {
    ...{ at, actor: by, action: 'ranking.issueCode', subject: `ranking-list/${list}`, detail: { firm } },
  })
  return code
}

/** However it was typed. */
const hashOf = (code: string) => sha256(`objection code ${code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')}`)

/** Raises an objection by a code, which is used up by it; undefined where the code is not of the list, or was used. */
export async function objectByCode(
  transaction: LedgerTransaction,
  objection: Pick<Objection, 'list' | 'text' | 'evidence' | 'raisedAt'> & { readonly code: string },
): Promise<string | undefined> {
  const { code, ...said } = objection
  const used = await transaction
    .updateTable('ranking_objection_code')
    .set({ used_at: said.raisedAt })
    .where('hash', '=', hashOf(code))
    .where('list', '=', said.list)
    .where('used_at', 'is', null)
    .returning('firm')
    .executeTakeFirst()
  return used && raiseObjection(transaction, { ...said, firm: used.firm, raisedBy: 'resident' })
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
  if (numUpdatedRows === 0n) return false
  await appendAudit(transaction, {
    ...{ at: decided.at, actor: decided.by, action: 'ranking.decide', subject: `ranking-objection/${id}` },
    detail: { state: decided.state, decision: decided.decision },
  })
  return true
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
