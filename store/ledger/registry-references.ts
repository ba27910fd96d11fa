import { sql } from 'kysely'
import { type RegistryTable, type Territory, territoryKinds } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { type AnyRow, tableShapes } from './registry-shape.ts'
import type { StagedRow } from './registry-staging.ts'
import type { CellProblem } from './registry-validate.ts'

/** A reference of one row: which row of which table it needs. */
interface Reference {
  readonly column: string
  readonly table: RegistryTable
  readonly id: string
}

/** What a referenced row tells about itself beyond being there. */
interface Referenced {
  readonly id: string
  readonly batch: number
  /** A territory node's kind. */
  readonly kind?: string
  /** A riser's entrance. */
  readonly entrance?: string
}

/** What is wrong with the references of each row of a chunk, by its index in the chunk. */
export async function referenceProblems(
  db: LedgerDb,
  table: RegistryTable,
  rows: readonly StagedRow[],
  isRejected: (table: RegistryTable, id: string) => boolean,
): Promise<Map<StagedRow, CellProblem[]>> {
  const wanted = new Map<RegistryTable, Set<string>>()
  const byRow = rows.map((staged) => ({ staged, references: referencesOf(table, staged.row) }))
  for (const { references } of byRow) {
    for (const reference of references) {
      const ids = wanted.get(reference.table) ?? new Set()
      wanted.set(reference.table, ids.add(reference.id))
    }
  }
  const found = new Map<RegistryTable, Map<string, Referenced>>()
  for (const [target, ids] of wanted) found.set(target, await referencedRows(db, target, [...ids]))

  const problems = new Map<StagedRow, CellProblem[]>()
  for (const { staged, references } of byRow) {
    const wrong = references.flatMap((reference) => {
      const needed = found.get(reference.table)?.get(reference.id)
      // The row it needs is in the same files and has its own problem: one mistake is told once.
      if (!needed && isRejected(reference.table, reference.id)) return []
      const reason = referenceProblem(table, staged.row, reference, needed)
      return reason ? [{ column: reference.column, reason }] : []
    })
    if (wrong.length > 0) problems.set(staged, wrong)
  }
  return problems
}

function referencesOf(table: RegistryTable, row: AnyRow): Reference[] {
  const references: Reference[] = []
  for (const [column, target] of Object.entries(tableShapes[table].references)) {
    const id = row[column]
    if (typeof id !== 'string') continue
    references.push({ column, id, table: typeof target === 'string' ? target : tableOfKind(row[target.kindColumn]) })
  }
  return references
}

const tableOfKind = (kind: unknown): RegistryTable => (kind === 'district' ? 'territory' : (kind as RegistryTable))

async function referencedRows(
  db: LedgerDb,
  table: RegistryTable,
  ids: readonly string[],
): Promise<Map<string, Referenced>> {
  const more = table === 'territory' ? sql`, kind` : table === 'riser' ? sql`, entrance` : sql``
  const found = await sql<Referenced>`
    select id, batch${more} from ${sql.table(table)} where id in (${sql.join(ids)}) order by batch`.execute(db)
  // In the order of batches: of several versions the newest stays.
  return new Map(found.rows.map((row) => [row.id, row]))
}

function referenceProblem(
  table: RegistryTable,
  row: AnyRow,
  { column, id, table: target }: Reference,
  found: Referenced | undefined,
): string | undefined {
  if (!found) return `no ${target} has the id "${id}", neither in this import nor in the registry`
  const kind = kindWanted(table, column, row)
  if (kind !== undefined && found.kind !== kind)
    return `"${id}" is of the kind ${found.kind}; here belongs one of the kind ${kind}`
  if (column === 'riser' && found.entrance !== row.entrance) {
    return `the riser "${id}" belongs to the entrance "${found.entrance}"`
  }
  return undefined
}

/** The kind of territory node that belongs into a column; undefined where any kind will do. */
function kindWanted(table: RegistryTable, column: string, row: AnyRow): string | undefined {
  if (table === 'territory') {
    return territoryKinds[territoryKinds.indexOf(row.kind as Territory['kind']) - 1]
  }
  if (table === 'building' && column === 'estate') return 'estate'
  if (column === 'district' || (column === 'place' && row.place_kind === 'district')) return 'district'
  return undefined
}
