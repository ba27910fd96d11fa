/** Rows, or values, of one statement: with the columns of any table far below SQLite's limit of bound values. */
const rowsPerStatementMax = 500

/** Parts of a list, in order, each as long as one statement takes. */
export function* perStatement<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += rowsPerStatementMax) {
    yield items.slice(start, start + rowsPerStatementMax)
  }
}
