import { type RawBuilder, sql } from 'kysely'

/** Where a page of what is listed newest first begins: after this entry. */
export interface NewestFirstCursor {
  readonly at: number
  readonly key: string
}

/** True for rows that come after a cursor, by a column of times and one of keys; for all where there is none. */
export function behind(after: NewestFirstCursor | undefined, time: string, key: string): RawBuilder<boolean> {
  if (!after) return sql<boolean>`1 = 1`
  return sql<boolean>`(${sql.ref(time)} < ${after.at} or (${sql.ref(time)} = ${after.at} and ${sql.ref(key)} < ${after.key}))`
}

/** The cursor of the next page, of rows of which one more than the limit was asked for. */
export function nextAfter<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => NewestFirstCursor,
): { readonly next?: NewestFirstCursor } {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return last === undefined ? {} : { next: cursorOf(last) }
}
