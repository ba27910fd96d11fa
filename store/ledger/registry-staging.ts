import { type CompiledQuery, sql } from 'kysely'
import type { RegistryTable } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { type AnyRow, type CellValue, isWithdrawn, keyText, type TableShape, tableShapes } from './registry-shape.ts'
import type { CellProblem } from './registry-validate.ts'

/** A row that is right by itself, and where it came from. */
export interface StagedRow {
  readonly line: number
  readonly row: AnyRow
}

/** Rows taken together: one look at what is stored, one transaction. Few enough for a few milliseconds each. */
export const chunkRowsMax = 500

/** A stored row of any table. */
export type KeptRow = AnyRow & { readonly batch: number }

/** Every stored row about the subjects of these rows, superseded ones and those of the import itself included. */
export async function keptAbout(db: LedgerDb, table: RegistryTable, rows: readonly StagedRow[]): Promise<KeptRow[]> {
  if (rows.length === 0) return []
  const { subject } = tableShapes[table]
  // For a subject of two columns this finds more than asked for; those tables are small.
  const conditions = subject.map((column) => {
    const values = [...new Set(rows.map(({ row }) => row[column] as string))]
    return sql`${sql.ref(column)} in (${sql.join(values)})`
  })
  const found = await sql<KeptRow>`select * from ${sql.table(table)} where ${sql.join(conditions, sql` and `)}`.execute(
    db,
  )
  return found.rows
}

/** What the ledger knows of the subjects of a chunk. */
export class KeptRows {
  readonly #shape: TableShape
  readonly #byKey = new Map<string, KeptRow>()

  /** Of several rows with one key, the one of the highest batch is kept: it supersedes the others. */
  constructor(table: RegistryTable, rows: readonly KeptRow[]) {
    this.#shape = tableShapes[table]
    for (const row of rows) this.add(row)
  }

  add(row: KeptRow): void {
    const key = keyText(row, this.#shape.key)
    const other = this.#byKey.get(key)
    if (!other || other.batch < row.batch) this.#byKey.set(key, row)
  }

  ofKey(row: AnyRow): KeptRow | undefined {
    return this.#byKey.get(keyText(row, this.#shape.key))
  }

  /** The entries of each subject in the order in which they begin, without those that were taken back. */
  bySubject(): Map<string, KeptRow[]> {
    const subjects = new Map<string, KeptRow[]>()
    for (const row of this.#byKey.values()) {
      if (isWithdrawn(row)) continue
      const subject = keyText(row, this.#shape.subject)
      const entries = subjects.get(subject)
      if (entries) entries.push(row)
      else subjects.set(subject, [row])
    }
    for (const entries of subjects.values()) entries.sort((a, b) => Number(a.valid_from) - Number(b.valid_from))
    return subjects
  }

  equals(row: AnyRow, kept: AnyRow): boolean {
    return this.#shape.columns.every((column) => row[column] === kept[column])
  }
}

/** Rows of one statement. Few sizes make any number of rows, so that few statements are built, once for each table. */
const rowsOfStatement = [256, 64, 16, 4, 1] as const

/**
 * Gives the statements that add rows of one table to a batch. They are built before the transaction begins, so that
 * the write lock is held for the writing only.
 */
export function insertStatements(
  db: LedgerDb,
  table: RegistryTable,
  batch: number,
): (rows: readonly StagedRow[]) => CompiledQuery[] {
  const columns = [...tableShapes[table].columns, 'batch']
  const statements = new Map<number, CompiledQuery>()
  const compile = (count: number): CompiledQuery => {
    const tuple = sql`(${sql.join(new Array(columns.length).fill(null))})`
    const into = sql.join(columns.map((column) => sql.ref(column)))
    return sql`insert into ${sql.table(table)} (${into}) values ${sql.join(new Array(count).fill(tuple))}`.compile(db)
  }
  const statementOf = (rows: readonly StagedRow[]): CompiledQuery => {
    const statement = statements.get(rows.length) ?? compile(rows.length)
    statements.set(rows.length, statement)
    const parameters: CellValue[] = []
    for (const { row } of rows) {
      for (const column of columns) parameters.push(column === 'batch' ? batch : (row[column] as CellValue))
    }
    return { ...statement, parameters }
  }
  return (rows) => {
    const queries: CompiledQuery[] = []
    let start = 0
    for (const count of rowsOfStatement) {
      for (; start + count <= rows.length; start += count) queries.push(statementOf(rows.slice(start, start + count)))
    }
    return queries
  }
}

/** The entries of a chunk that overlap another entry of their subject, told at the later one where both are new. */
export function overlapProblems(
  table: RegistryTable,
  kept: KeptRows,
  rows: readonly StagedRow[],
  batch: number,
): Map<StagedRow, CellProblem[]> {
  const { key } = tableShapes[table]
  const chunk = new Map(rows.map((staged) => [keyText(staged.row, key), staged]))
  const problems = new Map<StagedRow, CellProblem[]>()
  for (const entries of kept.bySubject().values()) {
    for (const [index, later] of entries.entries()) {
      const earlier = entries[index - 1]
      if (!earlier || earlier.valid_to === null || Number(earlier.valid_to) <= Number(later.valid_from)) continue
      const laterStaged = chunk.get(keyText(later, key))
      const earlierStaged = chunk.get(keyText(earlier, key))
      if (laterStaged) {
        problems.set(laterStaged, [{ column: 'valid_from', reason: `overlaps the entry ${period(earlier)}` }])
      } else if (earlierStaged && later.batch !== batch) {
        problems.set(earlierStaged, [{ column: 'valid_to', reason: `overlaps the entry ${period(later)}` }])
      }
    }
  }
  return problems
}

const period = ({ valid_from, valid_to }: AnyRow) =>
  `from ${new Date(Number(valid_from)).toISOString()} to ${valid_to === null ? 'now' : new Date(Number(valid_to)).toISOString()}`
