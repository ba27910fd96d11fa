import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { makeAppendOnly } from '../triggers.ts'

/** The log of what people changed. */
export const audit: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('audit_chain')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('head', 'bigint', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('audit_entry')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .addColumn('previous_hash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('audit_entry_subject').on('audit_entry').columns(['subject', 'number']).execute()
    await db.schema.createIndex('audit_entry_actor').on('audit_entry').columns(['actor', 'number']).execute()
    await (db as Kysely<{ audit_chain: { id: string; head: number; hash: string } }>)
      .insertInto('audit_chain')
      .values({ id: 'audit', head: 0, hash: '0'.repeat(64) })
      .execute()
    await makeAppendOnly(db, 'audit_entry', 'the audit log is append-only')
  },
}
