import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What monitors outside tell of Warmcity itself. */
export const serviceNotices: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('service_notice')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('rule', 'text', (column) => column.notNull())
      .addColumn('summary', 'text', (column) => column.notNull())
      .addColumn('labels', 'text', (column) => column.notNull())
      .addColumn('began_at', 'bigint', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('told_at', 'bigint', (column) => column.notNull())
      .addColumn('last_told_at', 'bigint', (column) => column.notNull())
      .addColumn('times_told', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('service_notice_newest').on('service_notice').columns(['told_at', 'key']).execute()
  },
}
