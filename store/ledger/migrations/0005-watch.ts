import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the watch finds: flags, alerts, summaries of dwelling days, our own outages, and the weather it judges by. */
export const watch: Migration = {
  async up(db: Kysely<unknown>) {
    await flags(db)
    await alerts(db)
    await dwellingDays(db)
    await outages(db)
    await weather(db)
  },
}

async function flags(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('flag')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('subject_kind', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .addColumn('raised_at', 'bigint', (column) => column.notNull())
    .addColumn('cleared_at', 'bigint')
    .addColumn('cleared_by', 'text')
    .addColumn('value', 'double precision')
    .addColumn('target_c', 'double precision')
    .addColumn('history', 'integer', (column) => column.notNull())
    .addColumn('of_dwelling', 'integer', (column) => column.notNull())
    .addColumn('territory', 'text', (column) => column.notNull())
    .addColumn('firm', 'text')
    .addColumn('building', 'text')
    .addColumn('circuit', 'text')
    .addColumn('device', 'text')
    .addColumn('alert', 'text')
    .execute()
  // One condition is open once, whatever else goes wrong; also how the flag of a condition that ends is found.
  await db.schema
    .createIndex('flag_open')
    .on('flag')
    .columns(['subject', 'subject_kind', 'rule'])
    .unique()
    .where(sql.ref('cleared_at'), 'is', null)
    .execute()
  await db.schema
    .createIndex('flag_open_newest')
    .on('flag')
    .columns(['raised_at', 'key'])
    .where(sql.ref('cleared_at'), 'is', null)
    .execute()
  await db.schema.createIndex('flag_newest').on('flag').columns(['raised_at', 'key']).execute()
  await db.schema.createIndex('flag_subject').on('flag').columns(['subject', 'subject_kind', 'raised_at']).execute()
  await db.schema
    .createIndex('flag_alert')
    .on('flag')
    .columns(['alert', 'raised_at', 'key'])
    .where(sql.ref('alert'), 'is not', null)
    .execute()
}

async function alerts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('alert')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('place_kind', 'text', (column) => column.notNull())
    .addColumn('place', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('last_flag_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('flags', 'integer', (column) => column.notNull())
    .addColumn('open_flags', 'integer', (column) => column.notNull())
    .addColumn('tier', 'text', (column) => column.notNull())
    .addColumn('rule', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('announced_at', 'bigint', (column) => column.notNull())
    .addColumn('announced_flags', 'integer', (column) => column.notNull())
    .addColumn('of_dwelling', 'integer', (column) => column.notNull())
    .addColumn('territory', 'text', (column) => column.notNull())
    .addColumn('firm', 'text')
    .addColumn('district', 'text')
    .execute()
  await db.schema
    .createIndex('alert_open')
    .on('alert')
    .columns(['opened_at', 'id'])
    .where(sql.ref('closed_at'), 'is', null)
    .execute()
  await db.schema.createIndex('alert_newest').on('alert').columns(['opened_at', 'id']).execute()
  await db.schema.createIndex('alert_place').on('alert').columns(['place', 'place_kind', 'opened_at']).execute()
  await db.schema.createIndex('alert_last_flag').on('alert').columns(['last_flag_at']).execute()
}

async function dwellingDays(db: Kysely<unknown>): Promise<void> {
  // Day first: a day's rows arrive together in order of dwelling, so that they are appended, not scattered.
  await db.schema
    .createTable('dwelling_day')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('dwelling', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('covered_ms', 'bigint', (column) => column.notNull())
    .addColumn('below_target_ms', 'bigint', (column) => column.notNull())
    .addColumn('below_16_ms', 'bigint', (column) => column.notNull())
    .addColumn('below_12_ms', 'bigint', (column) => column.notNull())
    .addColumn('deficit_target_kh', 'double precision', (column) => column.notNull())
    .addColumn('deficit_16_kh', 'double precision', (column) => column.notNull())
    .addColumn('deficit_12_kh', 'double precision', (column) => column.notNull())
    .addColumn('min_c', 'double precision')
    .addColumn('mean_c', 'double precision')
    .addColumn('stale_since', 'bigint')
    .addPrimaryKeyConstraint('dwelling_day_key', ['day', 'dwelling', 'device'])
    .execute()
  await db.schema
    .createIndex('dwelling_day_stale')
    .on('dwelling_day')
    .column('stale_since')
    .where(sql.ref('stale_since'), 'is not', null)
    .execute()
}

async function outages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outage')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('outage_time').on('outage').column('began_at').execute()
}

async function weather(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('weather')
    .addColumn('district', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('outdoor_temperature_c', 'double precision', (column) => column.notNull())
    .addColumn('recorded_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('weather_key', ['district', 'kind', 'at', 'source'])
    .execute()
}
