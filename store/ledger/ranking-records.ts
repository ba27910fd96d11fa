import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { ImportedMeasure, VetoKind } from '#domain/ranking-method.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

/** What people bring to the ranking: imported figures, exclusions and vetoes. Days are local, both included. */
export interface RankingRecordTables {
  ranking_input: {
    id: string
    firm: string
    territory: string
    measure: string
    from_day: number
    to_day: number
    value: number
    evidence: string
    entered_by: string
    entered_at: number
  }
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

interface Days {
  readonly fromDay: number
  readonly toDay: number
}

/** A figure of a firm in a territory, from a system of its own. */
export interface RankingInput extends Days {
  readonly firm: string
  readonly territory: string
  readonly measure: ImportedMeasure
  readonly value: number
  /** Where it is from: a file, a document, a system. */
  readonly evidence: string
}

/** Adds figures. A later one for the same firm, measure, territory and days corrects an earlier one; both are kept. */
export async function enterRankingInputs(
  transaction: LedgerTransaction,
  inputs: readonly RankingInput[],
  by: { readonly actor: string; readonly at: number },
): Promise<void> {
  for (const { fromDay, toDay, ...input } of inputs) {
    await transaction
      .insertInto('ranking_input')
      .values({
        id: randomUUID(),
        ...input,
        from_day: fromDay,
        to_day: toDay,
        entered_by: by.actor,
        entered_at: by.at,
      })
      .execute()
  }
}

/** The figures that count for exactly these days and this territory. */
export async function rankingInputs(db: LedgerDb, territory: string, days: Days): Promise<RankingInput[]> {
  const rows = await db
    .selectFrom('ranking_input')
    .selectAll()
    .where('territory', '=', territory)
    .where('from_day', '=', days.fromDay)
    .where('to_day', '=', days.toDay)
    .orderBy('entered_at')
    .orderBy('id')
    .execute()
  const newest = new Map<string, RankingInput>()
  for (const row of rows) {
    newest.set(`${row.firm}/${row.measure}`, {
      firm: row.firm,
      territory: row.territory,
      measure: row.measure as ImportedMeasure,
      fromDay: row.from_day,
      toDay: row.to_day,
      value: row.value,
      evidence: row.evidence,
    })
  }
  return [...newest.values()]
}

export const exclusionKinds = ['plannedWork', 'refusedAccess', 'heatingSuspended', 'openWindow', 'carrier'] as const
export const exclusionPlaceKinds = ['dwelling', 'building', 'circuit'] as const

export interface Exclusion extends Days {
  readonly id: string
  readonly kind: (typeof exclusionKinds)[number]
  readonly placeKind: (typeof exclusionPlaceKinds)[number]
  readonly place: string
  readonly evidence: string
  readonly proposedBy: string
  readonly proposedAt: number
  readonly state: 'proposed' | 'confirmed' | 'refused'
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
  return fromExclusion(row)
}

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
  await transaction
    .updateTable('ranking_day')
    .set({ stale: 1 })
    .where('day', '>=', exclusion.fromDay)
    .where('day', '<=', exclusion.toDay)
    .execute()
  return true
}

/** Exclusions that touch a day, the confirmed ones or all, in the order in which they were proposed. */
export async function exclusionsOn(db: LedgerDb, days: Days, state?: Exclusion['state']): Promise<Exclusion[]> {
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

const fromExclusion = (row: Selectable<RankingRecordTables['ranking_exclusion']>): Exclusion => ({
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

export interface StoredVeto extends Days {
  readonly id: string
  readonly firm: string
  readonly kind: VetoKind
  readonly state: 'proven' | 'cleared'
  readonly evidence: string
  readonly document?: string
  readonly confirmedBy?: string
}

/** Brings a veto forward, or clears one, with evidence. */
export async function bringVeto(
  transaction: LedgerTransaction,
  veto: Omit<StoredVeto, 'id' | 'document' | 'confirmedBy'>,
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
  return id
}

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
  return numUpdatedRows > 0n
}

/** Vetoes of a period, the newest of each firm and kind. */
export async function rankingVetoes(db: LedgerDb, days: Days): Promise<StoredVeto[]> {
  const rows = await db
    .selectFrom('ranking_veto')
    .selectAll()
    .where('from_day', '<=', days.toDay)
    .where('to_day', '>=', days.fromDay)
    .orderBy('brought_at')
    .orderBy('id')
    .execute()
  const newest = new Map<string, StoredVeto>()
  for (const row of rows) {
    newest.set(`${row.firm}/${row.kind}`, {
      id: row.id,
      firm: row.firm,
      kind: row.kind as VetoKind,
      state: row.state as StoredVeto['state'],
      evidence: row.evidence,
      fromDay: row.from_day,
      toDay: row.to_day,
      ...(row.document !== null && { document: row.document }),
      ...(row.confirmed_by !== null && { confirmedBy: row.confirmed_by }),
    })
  }
  return [...newest.values()]
}
