import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** A retained message may be old: it must still say so when it is sent through again. */
export const quarantineRetain: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('quarantine_delivery')
      .addColumn('retain', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
