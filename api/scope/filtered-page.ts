/** Rows of a list that one request looks at, at most: a small scope in a large city must not hold everybody up. */
const rowsLookedAtMax = 1_000
const rowsPerReadMax = 200

interface Page<T> {
  readonly items: T[]
  /** Cursor of the next page; it may be there after a page with few rows or none. */
  readonly next?: string
}

/**
 * A page of those rows that pass a test which the database cannot make. `read` gives rows behind a cursor in order;
 * `cursorOf` names a row. A page ends when it is full or when enough rows were looked at.
 */
export async function filteredPage<T>(
  cursor: string | undefined,
  limit: number,
  read: (cursor: string | undefined, rows: number) => Promise<readonly T[]>,
  cursorOf: (row: T) => string,
  keep: (row: T) => Promise<boolean>,
): Promise<Page<T>> {
  const items: T[] = []
  let next = cursor
  for (let lookedAt = 0; lookedAt < rowsLookedAtMax; lookedAt += rowsPerReadMax) {
    const rows = await read(next, rowsPerReadMax)
    for (const row of rows) {
      if (await keep(row)) items.push(row)
      next = cursorOf(row)
      if (items.length === limit) return { items, next }
    }
    if (rows.length < rowsPerReadMax) return { items }
  }
  return { items, ...(next !== undefined && { next }) }
}
