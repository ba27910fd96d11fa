import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Whether circuits had flow and useful supply temperature, hour by hour, from the hot trial run on. */
export const circuitSupply: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('supply_day')
      .addColumn('day', 'integer', (column) => column.primaryKey())
      .addColumn('hours', 'integer', (column) => column.notNull())
      .addColumn('read_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('circuit_supply')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('circuit', 'text', (column) => column.notNull())
      .addColumn('firm', 'text', (column) => column.notNull())
      .addColumn('district', 'text', (column) => column.notNull())
      .addColumn('homes', 'integer', (column) => column.notNull())
      .addColumn('area_tenths', 'bigint', (column) => column.notNull())
      .addColumn('heard', 'integer', (column) => column.notNull())
      .addColumn('flowing', 'integer', (column) => column.notNull())
      .addColumn('warm', 'integer', (column) => column.notNull())
      .addColumn('hours', 'integer', (column) => column.notNull())
      .addColumn('open_hours', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('circuit_supply_key', ['day', 'circuit'])
      .execute()
    await db.schema
      .createTable('supply_opening')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('firm', 'text', (column) => column.notNull())
      .addColumn('district', 'text', (column) => column.notNull())
      .addColumn('area_tenths', 'bigint', (column) => column.notNull())
      .addColumn('open_tenths', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('supply_opening_key', ['day', 'firm', 'district'])
      .execute()
  },
}
