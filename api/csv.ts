import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { NewestFirstCursor } from '#store/ledger/newest-first.ts'
import { guarded } from '#store/ledger/registry-csv-cells.ts'

/** Spreadsheets take a file for UTF-8, and show Chinese names, only when it begins with this mark. */
const byteOrderMark = '\uFEFF'

type Cell = string | number | undefined

/** A CSV text in pieces: a line of column names, then the rows as they come. */
export async function* csvText(
  columns: readonly string[],
  batches: AsyncIterable<readonly (readonly Cell[])[]>,
): AsyncGenerator<string> {
  yield `${byteOrderMark}${stringify([columns])}`
  for await (const rows of batches) yield stringify(rows.map((row) => row.map(cellText)))
}

const cellText = (cell: Cell): string | number => (typeof cell === 'string' ? guarded(cell) : (cell ?? ''))

export const csvContentType = 'text/csv; charset=utf-8'

/** Header values for a download with this name. */
export const attachment = (name: string) => ({ 'content-disposition': `attachment; filename="${name}"` })

/** An export is made of pages of this many, so that no reader holds the ledger for long. */
const exportPageRows = 500

/** All pages of a list whose newest come first, as batches of rows. */
export async function* everyPage<Row>(
  read: (page: { readonly limit: number; readonly after?: NewestFirstCursor }) => Promise<{
    readonly rows: Row[]
    readonly next: NewestFirstCursor | undefined
  }>,
): AsyncGenerator<Row[]> {
  let after: NewestFirstCursor | undefined
  do {
    const { rows, next } = await read({ limit: exportPageRows, ...(after && { after }) })
    yield rows
    after = next
  } while (after)
}

/** The answer of a route that gives a file of CSV. */
export const csvResponse = { 200: { content: { 'text/csv': { schema: z.string() } } } }

/** Sends a download in pieces, as the rows come. */
export function sendCsv(
  reply: FastifyReply,
  name: string,
  columns: readonly string[],
  batches: Parameters<typeof csvText>[1],
) {
  reply.type(csvContentType).headers(attachment(name))
  // Typed as text for the description of the api; it is sent as it is made.
  return Readable.from(csvText(columns, batches)) as unknown as string
}

/** A time as spreadsheets read it; nothing where there is none. */
export const csvTime = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString())
