import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { announceStream } from '../triggers.ts'

/** Where the stream's numbers were given: a ledger that was put back from a copy begins another stream. */
export const streamOrigin: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('stream').addColumn('origin', 'text').execute()
    await announceStream(db)
  },
}
