import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Platforms that push over HTTP what their devices say. */
export const pushSources: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('push_source')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('scheme', 'text', (column) => column.notNull())
      .addColumn('networks', 'text', (column) => column.notNull())
      .addColumn('secret', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
