import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Deliveries that could not be taken whole: their bytes and what is wrong, and how much was kept and dropped. */
export const quarantine: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('quarantine_delivery')
      .addColumn('id', 'bigint', (column) => column.primaryKey())
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('received_at', 'bigint', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('stored_readings', 'integer', (column) => column.notNull())
      .addColumn('problems', 'text', (column) => column.notNull())
      .addColumn('first_code', 'text', (column) => column.notNull())
      .addColumn('replay_requested_at', 'bigint')
      .addColumn('replay_requested_by', 'text')
      .addColumn('replayed_at', 'bigint')
      // Last, so that a list is read without passing over the bytes.
      .addColumn('payload', 'blob', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('quarantine_delivery_by_gateway')
      .on('quarantine_delivery')
      .columns(['gateway', 'id'])
      .execute()
    await db.schema
      .createIndex('quarantine_delivery_to_replay')
      .on('quarantine_delivery')
      .column('id')
      .where(sql.ref('replay_requested_at'), 'is not', null)
      .where(sql.ref('replayed_at'), 'is', null)
      .execute()
    // A journal that is read again after a crash must not bring a delivery twice.
    await db.schema
      .createIndex('quarantine_delivery_by_position')
      .on('quarantine_delivery')
      .columns(['position', 'gateway', 'received_at'])
      .unique()
      .execute()
    await db.schema
      .createTable('quarantine_gateway')
      .addColumn('gateway', 'text', (column) => column.primaryKey())
      .addColumn('total', 'bigint', (column) => column.notNull())
      .addColumn('last_at', 'bigint', (column) => column.notNull())
      .addColumn('kept', 'bigint', (column) => column.notNull())
      .addColumn('kept_bytes', 'bigint', (column) => column.notNull())
      .addColumn('dropped', 'bigint', (column) => column.notNull())
      .addColumn('dropped_bytes', 'bigint', (column) => column.notNull())
      .execute()
  },
}
