import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ImportProblem, type RegistryTable, registryTableNames } from '#domain/registry.ts'
import { appendAudit } from './audit.ts'
import type { Ledger, LedgerTransaction } from './database.ts'
import {
  abandonBatch,
  batchStillMsMax,
  beginBatch,
  holdBatch,
  makeCurrent,
  registryVersion,
} from './registry-batches.ts'
import { openRegistrySource, type RegistryInput } from './registry-open.ts'
import { ImportProblems } from './registry-problems.ts'
import { referenceProblems } from './registry-references.ts'
import { tableShapes } from './registry-shape.ts'
import type { RegistrySource } from './registry-source.ts'
import {
  chunkRowsMax,
  insertStatements,
  KeptRows,
  keptAbout,
  overlapProblems,
  type StagedRow,
} from './registry-staging.ts'
import { checkRow } from './registry-validate.ts'

export interface ImportOptions {
  /** Who imports, for the audit log. */
  readonly actor: string
  /** Service's clock: when the rows begin to count. */
  readonly now: () => number
  /** Why, or from where; kept with the batch. */
  readonly note?: string
  /** Checks everything and tells what would change, and changes nothing. */
  readonly checkOnly?: boolean
  readonly onProgress?: (progress: ImportProgress) => void
  /** Written in the transaction that makes the import current, which must stay short. */
  readonly alsoWrite?: (transaction: LedgerTransaction, batch: number) => Promise<void>
  /** How long another import may stand still before it counts as crashed; for tests. */
  readonly stillMs?: number
}

interface ImportProgress {
  readonly table: RegistryTable
  /** Rows read of this table, and of all tables. */
  readonly tableRows: number
  readonly rows: number
}

interface TableCounts {
  readonly read: number
  readonly added: number
  readonly corrected: number
  /** Rows that say what the registry holds already: nothing is written for them. */
  readonly unchanged: number
}

export type ImportResult =
  | {
      readonly ok: true
      /** The registry's version now; the same as before where nothing changed. */
      readonly batch: number
      /** True where rows were added or corrected, or would be if they were not only checked. */
      readonly changed: boolean
      readonly counts: { readonly [T in RegistryTable]?: TableCounts }
    }
  | { readonly ok: false; readonly problems: readonly ImportProblem[]; readonly problemCount: number }

type Insertion = ReturnType<typeof insertStatements>

interface Import {
  readonly ledger: Ledger
  readonly source: RegistrySource
  readonly batch: number
  readonly problems: ImportProblems
  /** Rows of the next transaction. */
  readonly pace: { rows: number }
  readonly report: (table: RegistryTable, tableRows: number, rows: number) => void
}

/**
 * Takes a registry in, all or nothing. Rows go into the real tables in short transactions as a batch that does not
 * count; when all are right, one short transaction makes the batch current, and writes that into the audit log.
 * A row whose key is known corrects the stored one, which is kept. Throws RegistryBusyError while another import runs.
 */
export async function importRegistry(
  ledger: Ledger,
  input: RegistryInput,
  options: ImportOptions,
): Promise<ImportResult> {
  const source = await openRegistrySource(input)
  if ('problems' in source) return { ok: false, problems: source.problems, problemCount: source.problems.length }
  const note = options.note ?? ''
  const batch = await beginBatch(ledger, { actor: options.actor, note }, options.stillMs ?? batchStillMsMax)
  const problems = new ImportProblems()
  const report: Import['report'] = (table, tableRows, rows) => options.onProgress?.({ table, tableRows, rows })
  try {
    const counts = await stageTables({ ledger, source, batch, problems, report, pace: { rows: chunkRowsMax } })
    const changed = Object.values(counts).some(({ added, corrected }) => added + corrected > 0)
    if (problems.count > 0 || !changed || options.checkOnly === true) {
      await abandonBatch(ledger, batch)
      if (problems.count > 0) return { ok: false, problems: problems.list, problemCount: problems.count }
      return { ok: true, batch: await registryVersion(ledger.db), changed, counts }
    }
    await ledger.write(async (transaction) => {
      const at = options.now()
      await makeCurrent(transaction, batch, at)
      const detail = { note, counts }
      await appendAudit(transaction, {
        at,
        actor: options.actor,
        action: 'registry.import',
        subject: `registry/${batch}`,
        detail,
      })
      await options.alsoWrite?.(transaction, batch)
    })
    return { ok: true, batch, changed, counts }
  } catch (error) {
    // What cannot be removed now is removed when the next import begins.
    await abandonBatch(ledger, batch).catch(() => undefined)
    throw error
  }
}

async function stageTables(work: Import): Promise<{ [T in RegistryTable]?: TableCounts }> {
  const counts: { [T in RegistryTable]?: TableCounts } = {}
  let rowsBefore = 0
  for (const table of registryTableNames) {
    if (!work.source.tables.has(table)) continue
    const staged = await stageTable(work, table, rowsBefore)
    counts[table] = staged.counts
    rowsBefore += staged.counts.read
    if (staged.lookAgain) await lookAgain(work, table)
  }
  return counts
}

async function stageTable(
  work: Import,
  table: RegistryTable,
  rowsBefore: number,
): Promise<{ counts: TableCounts; lookAgain: boolean }> {
  const { ledger, batch, problems } = work
  const insertion = insertStatements(ledger.db, table, batch)
  const file = work.source.fileOf(table)
  const counts = { read: 0, added: 0, corrected: 0, unchanged: 0 }
  // A parent may stand below its children in the file.
  let lookAgain = table === 'territory'
  for await (const { rows, read } of checkedChunks(work, table, true)) {
    const kept = new KeptRows(table, await keptAbout(ledger.db, table, rows))
    const wrong =
      table === 'territory' ? new Map() : await referenceProblems(ledger.db, table, rows, problems.isRejected)
    const fresh: StagedRow[] = []
    for (const staged of rows) {
      const { line, row } = staged
      const before = kept.ofKey(row)
      const reasons = [...(wrong.get(staged) ?? [])]
      if (before?.batch === batch) reasons.push({ column: tableShapes[table].key[0], reason: twice(table) })
      if (table === 'territory' && before && before.kind !== row.kind) {
        reasons.push({
          column: 'kind',
          reason: `"${row.id}" is of the kind ${before.kind} in the registry, and stays so`,
        })
      }
      if (reasons.length > 0) {
        problems.add(file, line, reasons)
        if (before?.batch !== batch) problems.reject(table, row.id)
        continue
      }
      if (before && kept.equals(row, before)) {
        counts.unchanged += 1
        continue
      }
      counts[before ? 'corrected' : 'added'] += 1
      fresh.push(staged)
      kept.add({ ...row, batch })
    }
    lookAgain ||= tableShapes[table].dated && overlapProblems(table, kept, rows, batch).size > 0
    await insertShortly(work, fresh, insertion)
    counts.read += read
    work.report(table, counts.read, rowsBefore + counts.read)
  }
  return { counts, lookAgain }
}

/** A transaction that took longer is followed by smaller ones, a shorter one by larger ones. */
const transactionMsWanted = { min: 4, max: 15 }
const transactionRows = { min: 50, max: chunkRowsMax }

/**
 * Adds rows in transactions that hold the write lock for some milliseconds only: fewer rows each where keys come in no
 * order, so that every row touches pages of its own, or where somebody else needs the disk. Without rows it still
 * shows that the import lives.
 */
async function insertShortly(work: Import, rows: readonly StagedRow[], insertion: Insertion): Promise<void> {
  let start = 0
  do {
    const some = rows.slice(start, start + work.pace.rows)
    const inserts = insertion(some)
    const began = performance.now()
    await work.ledger.stage(async (transaction) => {
      await holdBatch(transaction, work.batch)
      for (const insert of inserts) await transaction.executeQuery(insert)
    })
    const tookMs = performance.now() - began
    start += some.length
    if (tookMs > transactionMsWanted.max) work.pace.rows = Math.max(transactionRows.min, Math.ceil(work.pace.rows / 2))
    else if (tookMs < transactionMsWanted.min) work.pace.rows = Math.min(transactionRows.max, work.pace.rows * 2)
  } while (start < rows.length)
}

const twice = (table: RegistryTable) => `the import has another row with the same ${tableShapes[table].key.join(', ')}`

/**
 * Reads a table once more when all of its rows are staged, for what no single chunk can decide: a parent may stand
 * below its children, and an entry that seems to overlap a stored one may come with the correction of that one.
 */
async function lookAgain(work: Import, table: RegistryTable): Promise<void> {
  const { ledger, batch, problems } = work
  const file = work.source.fileOf(table)
  for await (const { rows } of checkedChunks(work, table, false)) {
    const wrong =
      table === 'territory'
        ? await referenceProblems(ledger.db, table, rows, problems.isRejected)
        : overlapProblems(table, new KeptRows(table, await keptAbout(ledger.db, table, rows)), rows, batch)
    for (const [staged, reasons] of wrong) problems.add(file, staged.line, reasons)
    await ledger.stage((transaction) => holdBatch(transaction, batch))
  }
}

/** The rows of a table that are right by themselves, some hundreds at a time; what is wrong is told on the first look. */
async function* checkedChunks(
  { source, problems }: Import,
  table: RegistryTable,
  tell: boolean,
): AsyncGenerator<{ rows: StagedRow[]; read: number }> {
  const file = source.fileOf(table)
  let rows: StagedRow[] = []
  let read = 0
  for await (const raw of source.rows(table)) {
    read += 1
    const checked = 'cells' in raw ? checkRow(table, raw.cells) : { problems: [raw] }
    if ('row' in checked) rows.push({ line: raw.line, row: checked.row })
    else if (tell) {
      problems.add(file, raw.line, checked.problems)
      problems.reject(table, 'cells' in raw ? raw.cells.id : undefined)
    }
    if (read < chunkRowsMax) continue
    yield { rows, read }
    rows = []
    read = 0
    // The process that imports may be serving requests too.
    await nextTurn()
  }
  if (read > 0) yield { rows, read }
}
