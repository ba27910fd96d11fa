import { z } from 'zod'
import type { Scope } from '#domain/account.ts'
import { idSchema } from '#domain/registry.ts'
import type { NewestFirstCursor } from '#store/ledger/newest-first.ts'
import type { NamedWhereabouts } from '#store/ledger/registry-places.ts'
import { invalid, problemContentType, problemSchema } from './problems.ts'

/** Shared pieces of the routes' schemas. */

/** Epoch milliseconds. */
export const instantOut = z.number().int()

/** The last millisecond that a calendar of JavaScript has, and without its sign the first. */
const instantMax = 8.64e15

/** A time in a query: epoch milliseconds or ISO 8601 with offset. */
export const instantQuery = z
  .string()
  .refine((text) => /^-?\d{1,16}$/.test(text) || z.iso.datetime({ offset: true }).safeParse(text).success, {
    error: 'give epoch milliseconds or ISO 8601 with offset',
  })
  .transform((text) => (/^-?\d+$/.test(text) ? Number(text) : Date.parse(text)))
  .refine((at) => Math.abs(at) <= instantMax, { error: 'is no time of any calendar' })

/** More rows in one answer make it slow for whoever waits and for everybody behind. */
const pageLimitMax = 500
const pageLimitDefault = 50

export const limitQuery = z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault)

/** Names what the page before ended with, as that page gave it in `next`. */
const cursorQuery = z.string().max(200).optional()

export const pageQuery = z.object({ limit: limitQuery, cursor: cursorQuery })

export const idParams = z.object({ id: idSchema })

/** Territory node ids from the city down, and the firm that operates what feeds it. */
export const whereaboutsSchema = z.object({ territory: z.array(z.string()).readonly(), firm: z.string().optional() })

/** The same with names. */
export const namedWhereaboutsSchema = whereaboutsSchema.extend({
  territoryNames: z.array(z.string()).readonly(),
  firmName: z.string().optional(),
})

/** Of whereabouts that hold more, what everybody who sees the thing may see. */
export function shownWhereabouts(where: NamedWhereabouts): z.infer<typeof namedWhereaboutsSchema> {
  const { territory, territoryNames, firm, firmName } = where
  return { territory, territoryNames, ...(firm !== undefined && { firm }), ...(firmName !== undefined && { firmName }) }
}

/** Narrows a list to a part of what the account may see. */
export const withinQuery = z.object({
  territory: idSchema.optional().describe('Only in this territory node or below it'),
  firm: idSchema.optional().describe('Only what this firm operates'),
})

/** The parts of the scope that a query names. */
export function withinOf({ territory, firm }: z.infer<typeof withinQuery>): Scope[] {
  return [
    ...(territory === undefined ? [] : [{ kind: 'territory', id: territory } as const]),
    ...(firm === undefined ? [] : [{ kind: 'firm', id: firm } as const]),
  ]
}

/** A page of a list; `next` is there when more may follow. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional() })
}

/** Makes a page of one row more than was asked for: the surplus row tells that more follow. */
export function makePage<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string | number) {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, ...(rows.length > limit && last !== undefined && { next: String(cursorOf(last)) }) }
}

/** A cursor that must be a whole number; `fallback` for the first page. */
export function numberCursor(cursor: string | undefined, fallback: number): number {
  if (cursor === undefined) return fallback
  const number = Number(cursor)
  if (!Number.isSafeInteger(number) || cursor.trim() === '') {
    throw invalid({ where: 'querystring/cursor', reason: 'is not one that a page before gave' })
  }
  return number
}

/** The two parts of a cursor `number,text`; both undefined for the first page. */
export function cursorParts(cursor: string | undefined): [number, string] | [undefined, undefined] {
  if (cursor === undefined) return [undefined, undefined]
  const comma = cursor.indexOf(',')
  return [numberCursor(cursor.slice(0, Math.max(comma, 0)), 0), cursor.slice(comma + 1)]
}

/** The cursor `number,text` of a list whose newest come first, as its store takes it. */
export function newestFirstAfter(cursor: string | undefined): { readonly after?: NewestFirstCursor } {
  const [at, key] = cursorParts(cursor)
  return key === undefined ? {} : { after: { at, key } }
}

export const newestFirstText = ({ at, key }: NewestFirstCursor): string => `${at},${key}`

const problemResponse = {
  description: 'What is wrong',
  content: { [problemContentType]: { schema: problemSchema } },
}

/** Every error has one shape; routes add it to their answers. */
export const problemResponses = { '4xx': problemResponse, '5xx': problemResponse } as const
