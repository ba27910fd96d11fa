import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** How foreign payloads are read: tables of the registry, so that a delivery is judged by the version that it names. */
export const payloadMappings: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('payload_mapping')
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('items', 'text')
      .addColumn('address', 'text')
      .addColumn('time', 'text')
      .addColumn('time_format', 'text')
      .addColumn('time_zone', 'text')
      .addColumn('without_time', 'text', (column) => column.notNull())
      .addColumn('batch', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('payload_mapping_key', ['id', 'batch'])
      .execute()
    await db.schema
      .createTable('payload_field')
      .addColumn('mapping', 'text', (column) => column.notNull())
      .addColumn('field', 'text', (column) => column.notNull())
      .addColumn('metric', 'text')
      .addColumn('scale', 'double precision', (column) => column.notNull())
      .addColumn('shift', 'double precision', (column) => column.notNull())
      .addColumn('unit', 'text')
      .addColumn('invalid_values', 'text')
      .addColumn('when_absent', 'double precision')
      .addColumn('batch', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('payload_field_key', ['mapping', 'field', 'batch'])
      .execute()
    await db.schema
      .createTable('foreign_topic')
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('mapping', 'text', (column) => column.notNull())
      .addColumn('batch', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('foreign_topic_key', ['gateway', 'topic', 'batch'])
      .execute()
    await db.schema
      .createTable('foreign_device')
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('device', 'text')
      .addColumn('valid_from', 'bigint', (column) => column.notNull())
      .addColumn('valid_to', 'bigint')
      .addColumn('batch', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('foreign_device_key', ['gateway', 'address', 'valid_from', 'batch'])
      .execute()
    for (const table of ['payload_mapping', 'payload_field', 'foreign_topic', 'foreign_device']) {
      await db.schema.createIndex(`${table}_by_batch`).on(table).column('batch').execute()
    }
    await db.schema.createIndex('foreign_device_by_device').on('foreign_device').column('device').execute()
  },
}
