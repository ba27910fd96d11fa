import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { type RegistryTable, registryTableNames } from '#domain/registry.ts'
import type { Ledger, LedgerDb, LedgerTransaction } from './database.ts'
import { raiseVersion, readVersion } from './ledger-version.ts'
import { tableShapes } from './registry-shape.ts'

/**
 * A staged batch that made no progress for this long was left behind by a crash. A chunk takes milliseconds; this is
 * long enough for a source that stutters. Whoever is wrongly taken for dead fails cleanly at its next chunk.
 */
export const batchStillMsMax = 15_000
const progressPollMs = 250
/** Rows removed in one transaction: a few milliseconds of the write lock. */
const rowsRemovedMax = 500

/** The number of the registry that counts now; it rises with every import that changes something. */
export const registryVersion = (db: LedgerDb): Promise<number> => readVersion(db, 'registry')

/** Another import was found to be under way, or ours was taken for dead and its place given to another. */
export class RegistryBusyError extends Error {
  readonly code: 'import_running' | 'import_superseded'

  constructor(code: 'import_running' | 'import_superseded') {
    super(
      code === 'import_running'
        ? 'Another import of the registry is under way: try again when it is done'
        : 'This import stood still for so long that another one took its place',
    )
    this.code = code
  }
}

/** Begins an import: a batch whose rows do not count yet. Throws `import_running` while another one makes progress. */
export async function beginBatch(
  ledger: Ledger,
  { actor, note }: { actor: string; note: string },
  stillMs: number,
): Promise<number> {
  if (!(await clearLeftBatches(ledger, stillMs))) throw new RegistryBusyError('import_running')
  return ledger.write(async (transaction) => {
    if (await stagedBatch(transaction)) throw new RegistryBusyError('import_running')
    const id = await raiseVersion(transaction, 'registry_batch')
    await transaction
      .insertInto('registry_batch')
      .values({ id, state: 'staged', made_current_at: null, actor, note, progress: 0 })
      .execute()
    return id
  })
}

/** Shows that the import lives, and makes sure that it is still the one: call it in every chunk's transaction. */
export async function holdBatch(transaction: LedgerTransaction, batch: number): Promise<void> {
  const held = await transaction
    .updateTable('registry_batch')
    .set((expression) => ({ progress: expression('progress', '+', 1) }))
    .where('id', '=', batch)
    .where('state', '=', 'staged')
    .executeTakeFirst()
  if (held.numUpdatedRows !== 1n) throw new RegistryBusyError('import_superseded')
}

/** All rows of the batch count from now on, together. */
export async function makeCurrent(transaction: LedgerTransaction, batch: number, at: number): Promise<void> {
  await holdBatch(transaction, batch)
  await transaction
    .updateTable('registry_batch')
    .set({ state: 'current', made_current_at: at })
    .where('id', '=', batch)
    .execute()
  await transaction.updateTable('ledger_version').set({ version: batch }).where('name', '=', 'registry').execute()
}

const stagedBatch = (db: LedgerDb) =>
  db.selectFrom('registry_batch').select(['id', 'progress']).where('state', '=', 'staged').executeTakeFirst()

/**
 * Removes what a crashed import left. Returns false when the staged batch makes progress and is somebody's who lives.
 * Call it at the start of a service; every import does so as well.
 */
export async function clearLeftBatches(ledger: Ledger, stillMs = batchStillMsMax): Promise<boolean> {
  const staged = await stagedBatch(ledger.db)
  if (staged) {
    const deadline = performance.now() + stillMs
    while (performance.now() < deadline) {
      await delay(Math.min(progressPollMs, stillMs))
      const now = await stagedBatch(ledger.db)
      if (now?.id !== staged.id) break
      if (now.progress !== staged.progress) return false
    }
    await giveUp(ledger, staged.id, staged.progress)
  }
  const left = await ledger.db.selectFrom('registry_batch').select('id').where('state', '=', 'abandoned').execute()
  for (const { id } of left) await removeBatch(ledger, id)
  return true
}

async function giveUp(ledger: Ledger, batch: number, progress?: number): Promise<void> {
  await ledger.write(async (transaction) => {
    let update = transaction
      .updateTable('registry_batch')
      .set({ state: 'abandoned' })
      .where('id', '=', batch)
      .where('state', '=', 'staged')
    if (progress !== undefined) update = update.where('progress', '=', progress)
    await update.execute()
  })
}

/** Gives an import up: none of its rows ever counted, and now they go, in short pieces. */
export async function abandonBatch(ledger: Ledger, batch: number): Promise<void> {
  await giveUp(ledger, batch)
  await removeBatch(ledger, batch)
}

async function removeBatch(ledger: Ledger, batch: number): Promise<void> {
  for (const table of registryTableNames) {
    while ((await removeSome(ledger, table, batch)) > 0) await nextTurn()
  }
  await ledger.write(async (transaction) => {
    await transaction.deleteFrom('registry_batch').where('id', '=', batch).where('state', '=', 'abandoned').execute()
  })
}

/** Removes at most `rowsRemovedMax` rows; the number that went. */
async function removeSome(ledger: Ledger, table: RegistryTable, batch: number): Promise<number> {
  const key = sql.join(tableShapes[table].key.map((column) => sql.ref(column)))
  const removed = await ledger.stage((transaction) =>
    sql`delete from ${sql.table(table)} where batch = ${batch} and (${key}) in (
      select ${key} from ${sql.table(table)} where batch = ${batch} limit ${rowsRemovedMax})`.execute(transaction),
  )
  return Number(removed.numAffectedRows ?? 0n)
}
