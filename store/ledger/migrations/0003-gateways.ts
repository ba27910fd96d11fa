import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** MQTT identities with their secrets, and what was seen of gateways: refusals, presence, first readings. */
export const gateways: Migration = {
  async up(db: Kysely<unknown>) {
    await identities(db)
    await refusals(db)
    await presence(db)
    await db.schema
      .createTable('device_seen')
      .addColumn('device', 'text', (column) => column.primaryKey())
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('first_reading_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('device_seen_by_gateway').on('device_seen').columns(['gateway', 'device']).execute()
    await db.schema
      .createTable('gateway_seen')
      .addColumn('gateway', 'text', (column) => column.primaryKey())
      .addColumn('first_reading_at', 'bigint', (column) => column.notNull())
      .addColumn('devices', 'bigint', (column) => column.notNull())
      .addColumn('devices_not_listed', 'bigint', (column) => column.notNull())
      .execute()
  },
}

async function identities(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('mqtt_identity')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('publish', 'text', (column) => column.notNull())
    .addColumn('subscribe', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .execute()
  await db.schema
    .createTable('mqtt_secret')
    .addColumn('identity', 'text', (column) => column.notNull())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('valid_until', 'bigint')
    .addPrimaryKeyConstraint('mqtt_secret_key', ['identity', 'sha256'])
    .execute()
}

async function refusals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('refusal_client')
    .addColumn('client_id', 'text', (column) => column.primaryKey())
    .addColumn('total', 'bigint', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('refusal_client_by_last_at').on('refusal_client').column('last_at').execute()
  await db.schema
    .createTable('refusal')
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('topic', 'text')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('refusal_key', ['client_id', 'number'])
    .execute()
  await db.schema.createIndex('refusal_by_at').on('refusal').columns(['at', 'client_id', 'number']).execute()
}

async function presence(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('presence')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('first_online_at', 'bigint')
    .addColumn('changes', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('presence_change')
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('presence_change_key', ['id', 'number'])
    .execute()
}
