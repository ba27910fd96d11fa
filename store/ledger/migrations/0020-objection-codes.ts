import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Codes by which residents object to a list. They are for a firm's homes, and none of them says for which. */
export const objectionCodes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('ranking_objection_code')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('list', 'text', (column) => column.notNull())
      .addColumn('firm', 'text', (column) => column.notNull())
      .addColumn('issued_by', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint')
      .execute()
  },
}
