import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Flags by the time of their end: which were open at a time is asked for every period of roll-ups. */
export const flagCleared: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createIndex('flag_cleared')
      .on('flag')
      .columns(['cleared_at', 'key'])
      .where(sql.ref('cleared_at'), 'is not', null)
      .execute()
  },
}
