import type { ImportProblem, RegistryTable } from '#domain/registry.ts'
import type { CellProblem } from './registry-validate.ts'

/** As many as a person can put right in one go; the rest is counted. */
const problemsListedMax = 1_000
/** Ids of bad rows that are remembered, so that rows that refer to them are not called wrong too. */
const rejectedIdsMax = 100_000

/** Everything that is wrong with an import. */
export class ImportProblems {
  readonly list: ImportProblem[] = []
  count = 0
  readonly #rejected = new Set<string>()

  add(file: string, line: number, problems: readonly CellProblem[]): void {
    for (const { column, reason } of problems) {
      this.count += 1
      if (this.list.length < problemsListedMax) this.list.push({ file, line, column, reason })
    }
  }

  /**
   * Remembers that the import has a row of this table that was not taken. Where its id cannot be told, or there are
   * too many to remember, no row that refers to the table is called wrong for that.
   */
  reject(table: RegistryTable, id?: unknown): void {
    if (typeof id === 'string' && this.#rejected.size < rejectedIdsMax) this.#rejected.add(`${table}/${id.trim()}`)
    else this.#rejected.add(table)
  }

  readonly isRejected = (table: RegistryTable, id: string): boolean =>
    this.#rejected.has(`${table}/${id}`) || this.#rejected.has(table)
}
