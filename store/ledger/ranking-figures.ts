import { randomUUID } from 'node:crypto'
import type { ImportedMeasure } from '#domain/ranking-method.ts'
import type { LocalDays } from '#domain/season.ts'
import { appendAudit } from './audit.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { dayText } from './dwelling-days.ts'

export interface RankingFigureTables {
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
}

/** Figures of firms in a territory, from a system of their own. */
export interface RankingFigures extends LocalDays {
  readonly territory: string
  /** Where they are from: a file, a document, a system. */
  readonly evidence: string
  readonly figures: readonly { readonly firm: string; readonly measure: ImportedMeasure; readonly value: number }[]
}

/** One of them as it is kept. */
export interface RankingFigure extends LocalDays {
  readonly firm: string
  readonly territory: string
  readonly measure: ImportedMeasure
  readonly value: number
  readonly evidence: string
  readonly enteredBy: string
  readonly enteredAt: number
}

/** Adds figures. A later one for the same firm, measure, territory and days corrects an earlier one; both are kept. */
export async function enterRankingFigures(
  transaction: LedgerTransaction,
  { territory, fromDay, toDay, evidence, figures }: RankingFigures,
  by: { readonly actor: string; readonly at: number },
): Promise<void> {
  for (const figure of figures) {
    await transaction
      .insertInto('ranking_input')
      .values({
        id: randomUUID(),
        ...figure,
        territory,
        evidence,
        from_day: fromDay,
        to_day: toDay,
        entered_by: by.actor,
        entered_at: by.at,
      })
      .execute()
  }
  await appendAudit(transaction, {
    ...{ at: by.at, actor: by.actor },
    action: 'ranking.import',
    subject: `territory/${territory}`,
    detail: { from: dayText(fromDay), to: dayText(toDay), evidence, figures },
  })
}

/** The figures that count for exactly these days and this territory. */
export async function rankingFigures(db: LedgerDb, territory: string, days: LocalDays): Promise<RankingFigure[]> {
  const rows = await db
    .selectFrom('ranking_input')
    .selectAll()
    .where('territory', '=', territory)
    .where('from_day', '=', days.fromDay)
    .where('to_day', '=', days.toDay)
    .orderBy('entered_at')
    .orderBy('id')
    .execute()
  const newest = new Map<string, RankingFigure>()
  for (const row of rows) {
    newest.set(`${row.firm}/${row.measure}`, {
      firm: row.firm,
      territory: row.territory,
      measure: row.measure as ImportedMeasure,
      fromDay: row.from_day,
      toDay: row.to_day,
      value: row.value,
      evidence: row.evidence,
      enteredBy: row.entered_by,
      enteredAt: row.entered_at,
    })
  }
  return [...newest.values()]
}
