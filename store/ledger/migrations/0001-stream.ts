import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Signals, their counter, and how far each journal reader has come. */
export const stream: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('reader_position')
      .addColumn('reader', 'text', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('counters', 'text', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('stream')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('head', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema
      .createTable('signal')
      .addColumn('number', 'bigint', (column) => column.primaryKey())
      .addColumn('key', 'text', (column) => column.notNull().unique())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject_kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('history', 'integer', (column) => column.notNull())
      .addColumn('of_dwelling', 'integer', (column) => column.notNull())
      .addColumn('territory', 'text', (column) => column.notNull())
      .addColumn('firm', 'text')
      .addColumn('payload', 'text', (column) => column.notNull())
      .execute()
    await (db as Kysely<{ stream: { id: string; head: number } }>)
      .insertInto('stream')
      .values({ id: randomUUID(), head: 0 })
      .execute()
  },
}
