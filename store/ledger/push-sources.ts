import type { Selectable } from 'kysely'
import type { PushScheme, PushSource } from '#domain/push-source.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface PushSourceTables {
  push_source: {
    id: string
    gateway: string
    scheme: PushScheme
    /** JSON array of networks. */
    networks: string
    /** Needed to check signatures, so it cannot be a hash. */
    secret: string
    created_at: number
  }
}

export interface PushSourceRecord extends PushSource {
  readonly createdAt: number
}

/** Makes a source; false where the id is in use. */
export async function createPushSource(
  transaction: LedgerTransaction,
  { id, gateway, scheme, networks, createdAt, secret }: PushSourceRecord & { readonly secret: string },
): Promise<boolean> {
  const made = await transaction
    .insertInto('push_source')
    .values({ id, gateway, scheme, networks: JSON.stringify(networks), secret, created_at: createdAt })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst()
  return made !== undefined
}

/** Sources by id, at most `limit`, behind `after`; never what their secrets are. */
export async function listPushSources(db: LedgerDb, after: string, limit: number): Promise<PushSourceRecord[]> {
  const rows = await db
    .selectFrom('push_source')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

export async function countPushSources(db: LedgerDb): Promise<number> {
  const { count } = await db
    .selectFrom('push_source')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A source with what its pushes are checked by. */
export async function findPushSource(
  db: LedgerDb,
  id: string,
): Promise<(PushSourceRecord & { readonly secret: string }) | undefined> {
  const row = await db.selectFrom('push_source').selectAll().where('id', '=', id).executeTakeFirst()
  return row && { ...fromRow(row), secret: row.secret }
}

/** Gives a source another secret, and ends the old one; false where there is no such source. */
export async function changePushSecret(transaction: LedgerTransaction, id: string, secret: string): Promise<boolean> {
  const changed = await transaction.updateTable('push_source').set({ secret }).where('id', '=', id).executeTakeFirst()
  return changed.numUpdatedRows > 0n
}

/** Ends a source; false where there is none. */
export async function deletePushSource(transaction: LedgerTransaction, id: string): Promise<boolean> {
  const deleted = await transaction.deleteFrom('push_source').where('id', '=', id).executeTakeFirst()
  return deleted.numDeletedRows > 0n
}

function fromRow(row: Selectable<PushSourceTables['push_source']>): PushSourceRecord {
  const { id, gateway, scheme, networks, created_at } = row
  return { id, gateway, scheme, networks: JSON.parse(networks), createdAt: created_at }
}
