import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which ingest worker behind an outside broker has which gateways, and the watch's state of those that move. */
export const ingestWorkers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('ingest_worker')
      .addColumn('worker', 'integer', (column) => column.primaryKey())
      .addColumn('workers', 'integer', (column) => column.notNull())
      .addColumn('handed_over', 'integer', (column) => column.notNull())
      .addColumn('subscribed', 'integer', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('watch_hand_over')
      .addColumn('gateway', 'text', (column) => column.primaryKey())
      .addColumn('to_worker', 'integer', (column) => column.notNull())
      .addColumn('state', 'blob', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('watch_hand_over_by_worker')
      .on('watch_hand_over')
      .columns(['to_worker', 'gateway'])
      .execute()
  },
}
