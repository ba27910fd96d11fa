import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Days of plant sensors of which readings came late, and what those changed of the hours of circuits. */
export const lateSupply: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('supply_late')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('device', 'text', (column) => column.notNull())
      .addColumn('marked_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('supply_late_key', ['day', 'device'])
      .execute()
    await db.schema
      .createTable('circuit_supply_change')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('circuit', 'text', (column) => column.notNull())
      .addColumn('before', 'text', (column) => column.notNull())
      .addColumn('after', 'text', (column) => column.notNull())
      .addColumn('read_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createIndex('circuit_supply_change_by_day')
      .on('circuit_supply_change')
      .columns(['day', 'circuit'])
      .execute()
  },
}
