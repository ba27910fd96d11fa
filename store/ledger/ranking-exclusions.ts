import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { ExclusionKind, ExclusionPlaceKind, ExclusionState } from '#domain/ranking-exclusion.ts'
import type { LocalDays } from '#domain/season.ts'
import { appendAudit } from './audit.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { dayText } from './dwelling-days.ts'
import { buildingsOf } from './home-probes.ts'
import { haveRolledUpAgain } from './roll-up-waiting.ts'

/** Days are local, both included. */
export interface RankingExclusionTables {
  ranking_exclusion: {
    id: string
    kind: string
    place_kind: string
    place: string
    from_day: number
    to_day: number
    evidence: string
    proposed_by: string
    proposed_at: number
    state: string
    decided_by: string | null
    decided_at: number | null
    decision: string | null
  }
}

export interface Exclusion extends LocalDays {
  readonly id: string
  readonly kind: ExclusionKind
  readonly placeKind: ExclusionPlaceKind
  readonly place: string
  readonly evidence: string
  readonly proposedBy: string
  readonly proposedAt: number
  readonly state: ExclusionState
  readonly decidedBy?: string
  readonly decidedAt?: number
  readonly decision?: string
}

type NewExclusion = Pick<
  Exclusion,
  'kind' | 'placeKind' | 'place' | 'fromDay' | 'toDay' | 'evidence' | 'proposedBy' | 'proposedAt'
>

/** Proposes to leave days of a place out. It counts for nothing until somebody else confirms it. */
export async function proposeExclusion(transaction: LedgerTransaction, proposed: NewExclusion): Promise<Exclusion> {
  const row = {
    id: randomUUID(),
    kind: proposed.kind,
    place_kind: proposed.placeKind,
    place: proposed.place,
    from_day: proposed.fromDay,
    to_day: proposed.toDay,
    evidence: proposed.evidence,
    proposed_by: proposed.proposedBy,
    proposed_at: proposed.proposedAt,
    state: 'proposed',
    decided_by: null,
    decided_at: null,
    decision: null,
  }
  await transaction.insertInto('ranking_exclusion').values(row).execute()
  await appendAudit(transaction, {
    ...{ at: proposed.proposedAt, actor: proposed.proposedBy },
    action: 'ranking.proposeExclusion',
    subject: `ranking-exclusion/${row.id}`,
    detail: proposalOf(fromExclusion(row)),
  })
  return fromExclusion(row)
}

/** A proposal as the audit log keeps it. */
export const proposalOf = ({ kind, placeKind, place, fromDay, toDay, evidence }: Exclusion) => ({
  ...{ kind, placeKind, place, evidence },
  ...{ from: dayText(fromDay), to: dayText(toDay) },
})

export async function findExclusion(db: LedgerDb, id: string): Promise<Exclusion | undefined> {
  const row = await db.selectFrom('ranking_exclusion').selectAll().where('id', '=', id).executeTakeFirst()
  return row && fromExclusion(row)
}

/** Decides a proposal, and has the days it speaks of rolled up again. False where it was decided already. */
export async function decideExclusion(
  transaction: LedgerTransaction,
  exclusion: Exclusion,
  decided: {
    readonly state: 'confirmed' | 'refused'
    readonly by: string
    readonly at: number
    readonly decision: string
  },
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('ranking_exclusion')
    .set({ state: decided.state, decided_by: decided.by, decided_at: decided.at, decision: decided.decision })
    .where('id', '=', exclusion.id)
    .where('state', '=', 'proposed')
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await appendAudit(transaction, {
    ...{ at: decided.at, actor: decided.by },
    action: 'ranking.decideExclusion',
    subject: `ranking-exclusion/${exclusion.id}`,
    detail: { state: decided.state, decision: decided.decision },
  })
  if (decided.state === 'confirmed') await rollUpWithout(transaction, exclusion)
  return true
}

/** Has the days rolled up again that are left out now. */
async function rollUpWithout(transaction: LedgerTransaction, exclusion: Exclusion): Promise<void> {
  const { placeKind, place, fromDay, toDay } = exclusion
  const days = transaction
    .selectFrom('roll_up_day')
    .select(['day', 'building'])
    .distinct()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
  if (placeKind === 'circuit') {
    return haveRolledUpAgain(transaction, await days.where('circuit', '=', place).execute())
  }
  const building = placeKind === 'building' ? place : (await buildingsOf(transaction, [place])).get(place)
  if (building === undefined) return
  return haveRolledUpAgain(transaction, await days.where('building', '=', building).execute())
}

/** Exclusions that touch a day, the confirmed ones or all, in the order in which they were proposed. */
export async function exclusionsOn(db: LedgerDb, days: LocalDays, state?: Exclusion['state']): Promise<Exclusion[]> {
  let query = db
    .selectFrom('ranking_exclusion')
    .selectAll()
    .where('from_day', '<=', days.toDay)
    .where('to_day', '>=', days.fromDay)
    .orderBy('proposed_at')
    .orderBy('id')
  if (state !== undefined) query = query.where('state', '=', state)
  return (await query.execute()).map(fromExclusion)
}

const fromExclusion = (row: Selectable<RankingExclusionTables['ranking_exclusion']>): Exclusion => ({
  id: row.id,
  kind: row.kind as Exclusion['kind'],
  placeKind: row.place_kind as Exclusion['placeKind'],
  place: row.place,
  fromDay: row.from_day,
  toDay: row.to_day,
  evidence: row.evidence,
  proposedBy: row.proposed_by,
  proposedAt: row.proposed_at,
  state: row.state as Exclusion['state'],
  ...(row.decided_by !== null && { decidedBy: row.decided_by }),
  ...(row.decided_at !== null && { decidedAt: row.decided_at }),
  ...(row.decision !== null && { decision: row.decision }),
})
