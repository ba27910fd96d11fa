import { z } from 'zod'
import type { FirmScore } from '#domain/ranking.ts'
import { vetoKinds } from '#domain/ranking-method.ts'
import { idSchema } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { dayNumber, dayText } from '#store/ledger/dwelling-days.ts'
import type { RankingList } from '#store/ledger/ranking-lists.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { ProblemError } from '../problems.ts'
import { instantOut } from '../schemas.ts'

/** Shapes of the ranking, for the routes of those who work on it and for the public ones. */

/** A local date; stored as its number. */
export const dateIn = z.iso.date().transform(dayNumber)
/** A season with the days before and after it. */
const periodDaysMax = 400

/** Refuses days that end before they begin, or that are more than any season. */
export function checkPeriod({ from, to }: { readonly from: number; readonly to: number }): {
  fromDay: number
  toDay: number
} {
  if (to < from || to - from >= periodDaysMax) {
    throw new ProblemError('validation', undefined, {
      errors: [{ where: 'body/to', reason: `is before the first day, or more than ${periodDaysMax} days after it` }],
    })
  }
  return { fromDay: from, toDay: to }
}

export const listSchema = z
  .object({
    id: z.string(),
    territory: z.string(),
    from: z.string(),
    to: z.string(),
    state: z.enum(['draft', 'objection', 'frozen']),
    method: z.string(),
    methodVersion: z.number().int(),
    draftedBy: z.string(),
    draftedAt: instantOut,
    objectionsUntil: instantOut.optional(),
    publishedBy: z.string().optional(),
    publishedAt: instantOut.optional(),
    digest: z.string().optional().describe('SHA-256 of the frozen inputs as canonical JSON'),
  })
  .meta({ id: 'RankingList' })

export function shownList({ fromDay, toDay, ...list }: RankingList): z.infer<typeof listSchema> {
  return { ...list, from: dayText(fromDay), to: dayText(toDay) }
}

export const placedFirmSchema = z
  .object({
    firm: z.string(),
    name: z.string().optional(),
    rank: z.number().int().optional().describe('The same for the same points; absent without data'),
    standing: z.enum(['red', 'yellow', 'black', 'interim', 'noData']),
    score: z.number(),
    assessedPoints: z.number(),
    totalPoints: z.number(),
    assessedShare: z.number(),
    scaled: z.number().optional().describe('The score as if all points were assessed alike'),
    interval: z.array(z.number()).readonly().optional().describe('Of the scaled score, with 95 % confidence'),
    provisional: z.array(z.enum(['fewProbes', 'partOfThePeriod'])).readonly(),
    excludedShare: z.number(),
    vetoes: z
      .array(
        z.object({
          kind: z.enum(vetoKinds),
          state: z.enum(['proven', 'cleared', 'notAssessed']),
          document: z.string().optional(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'RankedFirm' })

export const itemSchema = z
  .object({
    dimension: z.string(),
    item: z.string(),
    points: z.number(),
    measure: z.string(),
    state: z.enum(['assessed', 'notAssessed']),
    value: z.number().optional(),
    score: z.number().optional(),
  })
  .meta({ id: 'RankingItem' })

/** The firms of a list with their names, without the items behind. */
export async function placedFirms(
  db: LedgerDb,
  scores: readonly FirmScore[],
): Promise<z.infer<typeof placedFirmSchema>[]> {
  const placed: z.infer<typeof placedFirmSchema>[] = []
  for (const { items: _, ...score } of scores) {
    const firm = await currentRow(db, 'firm', score.firm)
    placed.push({ ...score, ...(firm && { name: firm.name }) })
  }
  return placed
}

/** Figures of fewer homes speak of single ones. */
export const probesShownMin = 10

export const listParams = z.object({ id: z.uuid() })
export const firmParams = z.object({ id: z.uuid(), firm: idSchema })
export const evidenceText = z.string().trim().min(1).max(2_000)
export const idAnswer = z.object({ id: z.string() })
