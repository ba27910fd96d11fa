import { z } from 'zod'
import type { FirmScore, ItemScore } from '#domain/ranking.ts'
import { type RankingMethod, vetoKinds } from '#domain/ranking-method.ts'
import { findMethod } from '#domain/ranking-methods/index.ts'
import { listRecordSchema } from '#domain/ranking-record.ts'
import { idSchema } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { dayNumber, dayText } from '#store/ledger/dwelling-days.ts'
import type { RankingList } from '#store/ledger/ranking-lists.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { invalid } from '../problems.ts'
import { instantOut } from '../schemas.ts'

/** Shapes of the ranking, for the routes of those who work on it and for the public ones. */

/** A local date; stored as its number. */
export const dateIn = z.iso.date().transform(dayNumber)
/** A season with the days before and after it. */
const periodDaysMax = 400

/** Refuses days that end before they begin, or that are more than any season. */
export function checkPeriod(
  { from, to }: { readonly from: number; readonly to: number },
  part: 'body' | 'querystring',
  daysMax = periodDaysMax,
): { fromDay: number; toDay: number } {
  if (to < from || to - from >= daysMax) {
    throw invalid({ where: `${part}/to`, reason: `is before the first day, or ${daysMax} days or more after it` })
  }
  return { fromDay: from, toDay: to }
}

const textSchema = z.object({ en: z.string(), zh: z.string() })

export const listSchema = z
  .object({
    id: z.string(),
    territory: z.string(),
    territoryName: z.string().optional(),
    territoryNameEn: z.string().optional(),
    from: z.string(),
    to: z.string(),
    state: z.enum(['draft', 'objection', 'frozen']),
    method: z.string(),
    methodVersion: z.number().int(),
    methodName: textSchema.optional(),
    draftedBy: z.string(),
    draftedAt: instantOut,
    objectionsUntil: instantOut.optional(),
    publishedBy: z.string().optional(),
    publishedAt: instantOut.optional(),
    digest: z.string().optional().describe('SHA-256 of the frozen inputs as canonical JSON'),
  })
  .meta({ id: 'RankingList' })

export async function shownList(
  db: LedgerDb,
  { fromDay, toDay, ...list }: RankingList,
): Promise<z.infer<typeof listSchema>> {
  const territory = await currentRow(db, 'territory', list.territory)
  const method = findMethod(list.method, list.methodVersion)
  return {
    ...list,
    from: dayText(fromDay),
    to: dayText(toDay),
    ...(territory && { territoryName: territory.name }),
    ...(territory?.name_en !== undefined && { territoryNameEn: territory.name_en }),
    ...(method && { methodName: method.name }),
  }
}

/** What the files of a list are called, without their ending. */
export const fileName = ({ territory, fromDay, toDay }: RankingList): string =>
  `ranking-${territory}-${dayText(fromDay)}-${dayText(toDay)}`

export const placedFirmSchema = z
  .object({
    firm: z.string(),
    name: z.string().optional(),
    nameEn: z.string().optional(),
    rank: z.number().int().optional().describe('The same for the same points; absent without data'),
    standing: z.enum(['red', 'yellow', 'black', 'interim', 'noData']),
    score: z
      .number()
      .optional()
      .describe('With `scaled`, `interval` and `excludedShare` left out where they speak of fewer than ten homes'),
    assessedPoints: z.number(),
    totalPoints: z.number(),
    assessedShare: z.number(),
    scaled: z.number().optional().describe('The score as if all points were assessed alike'),
    interval: z.array(z.number()).readonly().optional().describe('Of the scaled score, with 95 % confidence'),
    provisional: z.array(z.enum(['fewProbes', 'partOfThePeriod'])).readonly(),
    excludedShare: z.number().optional(),
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
    dimensionName: textSchema,
    item: z.string(),
    name: textSchema,
    points: z.number().describe('For the best value'),
    measure: z.string(),
    full: z.number().describe('All points from here on'),
    none: z.number().describe('No points from here on'),
    state: z.enum(['assessed', 'notAssessed']),
    value: z.number().optional(),
    score: z.number().optional(),
  })
  .meta({ id: 'RankingItem' })

/** Items with the names that the list's own method has for them. */
export function shownItems({ dimensions }: RankingMethod, items: readonly ItemScore[]): z.infer<typeof itemSchema>[] {
  return items.flatMap((score) => {
    const dimension = dimensions.find(({ id }) => id === score.dimension)
    const item = dimension?.items.find(({ id }) => id === score.item)
    if (!dimension || !item) return []
    return [{ ...score, dimensionName: dimension.name, name: item.name, full: item.full, none: item.none }]
  })
}

/** The firms of a list with their names, without the items behind; figures of hidden ones are left out. */
export async function placedFirms(
  db: LedgerDb,
  scores: readonly FirmScore[],
  hidden: ReadonlySet<string>,
): Promise<z.infer<typeof placedFirmSchema>[]> {
  const placed: z.infer<typeof placedFirmSchema>[] = []
  for (const { items: _, ...known } of scores) {
    const { score, scaled, interval, excludedShare, ...standing } = known
    const firm = await currentRow(db, 'firm', known.firm)
    placed.push({
      ...standing,
      ...(!hidden.has(known.firm) && {
        ...{ score, excludedShare },
        ...(scaled !== undefined && { scaled }),
        ...(interval !== undefined && { interval }),
      }),
      ...(firm && { name: firm.name }),
      ...(firm?.name_en !== undefined && { nameEn: firm.name_en }),
    })
  }
  return placed
}

/** Figures of fewer homes speak of single ones. */
export const probesShownMin = 10

export const listParams = z.object({ id: z.uuid() })
export const firmParams = z.object({ id: z.uuid(), firm: idSchema })
/** The route of a list's record, for those who are signed in and for anybody. */
export const recordSchema = {
  summary: 'What a published list follows from, to be checked with `warmcity verify-record`',
  description:
    'Method, inputs of each firm and roots of the sealed days, with the digest over them. Inputs that speak of fewer than ten homes stand as their hash, and what officers wrote about a veto does.',
  params: listParams,
  response: { 200: listRecordSchema },
}
export const evidenceText = z.string().trim().min(1).max(2_000)
export const idAnswer = z.object({ id: z.string() })
