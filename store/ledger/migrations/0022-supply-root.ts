import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The seal of a day is over the hours of its circuits, too. Of days that were sealed before, they are in no seal. */
export const supplyRoot: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('ranking_day')
      .addColumn('supply_root', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
  },
}
