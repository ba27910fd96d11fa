import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Counting what is kept by its first problem reads this index, not the rows. */
export const quarantineReasons: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('quarantine_delivery_reason')
      .on('quarantine_delivery')
      .columns(['first_code', 'replayed_at'])
      .execute()
  },
}
