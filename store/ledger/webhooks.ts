import type { Selectable } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface WebhookTables {
  webhook: {
    id: string
    /** Account that made it. It gets what this account may see, as long as the account may see it. */
    owner: string
    name: string
    url: string
    /** Needed to sign, so it cannot be a hash. */
    secret: string
    created_at: number
    deleted_at: number | null
  }
}

export interface Webhook {
  readonly id: string
  readonly owner: string
  readonly name: string
  readonly url: string
  readonly createdAt: number
}

export async function createWebhook(
  transaction: LedgerTransaction,
  webhook: Webhook & { readonly secret: string },
): Promise<void> {
  await transaction
    .insertInto('webhook')
    .values({
      id: webhook.id,
      owner: webhook.owner,
      name: webhook.name,
      url: webhook.url,
      secret: webhook.secret,
      created_at: webhook.createdAt,
      deleted_at: null,
    })
    .execute()
}

/** Webhooks in force by id, at most `limit`, behind `after`; of one owner, or of all. */
export async function listWebhooks(
  db: LedgerDb,
  owner: string | undefined,
  after: string,
  limit: number,
): Promise<Webhook[]> {
  let query = db
    .selectFrom('webhook')
    .selectAll()
    .where('deleted_at', 'is', null)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
  if (owner !== undefined) query = query.where('owner', '=', owner)
  return (await query.execute()).map(fromRow)
}

export async function countWebhooks(db: LedgerDb): Promise<number> {
  const { count } = await db
    .selectFrom('webhook')
    .select((expression) => expression.fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export async function findWebhook(db: LedgerDb, id: string): Promise<Webhook | undefined> {
  const row = await db
    .selectFrom('webhook')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row && fromRow(row)
}

/** Where to send and what to sign with; undefined once it is deleted. */
export async function webhookSecret(db: LedgerDb, id: string): Promise<{ url: string; secret: string } | undefined> {
  return db
    .selectFrom('webhook')
    .select(['url', 'secret'])
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** Deletes it, its secret at once; what it was sent stays on record. False where there is none. */
export async function deleteWebhook(transaction: LedgerTransaction, id: string, now: number): Promise<boolean> {
  const deleted = await transaction
    .updateTable('webhook')
    .set({ deleted_at: now, secret: '' })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return deleted !== undefined
}

function fromRow(row: Selectable<WebhookTables['webhook']>): Webhook {
  return { id: row.id, owner: row.owner, name: row.name, url: row.url, createdAt: row.created_at }
}
