import { type CreateTableBuilder, type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The dated registry. The primary key of each table is the key of an entry and the batch, so that the row that counts
 * is found by one descent of the index. Each index below serves one question of the service; the one on the batch
 * lets an import that failed be removed in short pieces.
 */
export const registry: Migration = {
  async up(db: Kysely<unknown>) {
    await batches(db)
    await territoryAndFirms(db)
    await plants(db)
    await homes(db)
    await devices(db)
  },
}

async function batches(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('registry_batch')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('made_current_at', 'bigint')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addColumn('progress', 'bigint', (column) => column.notNull())
    .execute()
  // Two imports at once would each judge references without seeing the other's rows.
  await db.schema
    .createIndex('registry_batch_one_staged')
    .on('registry_batch')
    .column('state')
    .unique()
    .where(sql.ref('state'), '=', sql.lit('staged'))
    .execute()
  await db.schema
    .createTable('ledger_version')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .execute()
  await (db as Kysely<{ ledger_version: { name: string; version: number } }>)
    .insertInto('ledger_version')
    .values([
      { name: 'registry', version: 0 },
      { name: 'identities', version: 0 },
    ])
    .execute()
}

type ColumnType = 'text' | 'integer' | 'bigint' | 'double precision'
interface TableShape {
  /** Columns with "?" at the end may be null. */
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly key: readonly string[]
  /** Columns that are searched, each with the ones that follow it in its index. */
  readonly indexes?: readonly (readonly string[])[]
}

async function createRegistryTable(db: Kysely<unknown>, name: string, shape: TableShape): Promise<void> {
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name)
  for (const [column, type] of Object.entries(shape.columns)) {
    table = column.endsWith('?')
      ? table.addColumn(column.slice(0, -1), type)
      : table.addColumn(column, type, (builder) => builder.notNull())
  }
  await table
    .addColumn('batch', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint(`${name}_key`, [...shape.key, 'batch'])
    .execute()
  for (const columns of [...(shape.indexes ?? []), ['batch']]) {
    await db.schema
      .createIndex(`${name}_by_${columns[0]}`)
      .on(name)
      .columns([...columns])
      .execute()
  }
}

async function territoryAndFirms(db: Kysely<unknown>): Promise<void> {
  await createRegistryTable(db, 'territory', {
    columns: { id: 'text', kind: 'text', 'parent?': 'text', name: 'text', 'name_en?': 'text' },
    key: ['id'],
    indexes: [['parent']],
  })
  await createRegistryTable(db, 'firm', {
    columns: { id: 'text', name: 'text', 'name_en?': 'text', role: 'text', 'phone?': 'text' },
    key: ['id'],
  })
}

async function plants(db: Kysely<unknown>): Promise<void> {
  await createRegistryTable(db, 'source', {
    columns: { id: 'text', kind: 'text', district: 'text', name: 'text', 'name_en?': 'text' },
    key: ['id'],
    indexes: [['district']],
  })
  await createRegistryTable(db, 'substation', {
    columns: { id: 'text', territory: 'text', name: 'text', 'name_en?': 'text' },
    key: ['id'],
    indexes: [['territory']],
  })
  await createRegistryTable(db, 'circuit', {
    columns: { id: 'text', substation: 'text', zone: 'text', pumps: 'integer', name: 'text', 'name_en?': 'text' },
    key: ['id'],
    indexes: [['substation']],
  })
  await createRegistryTable(db, 'substation_source', {
    columns: { substation: 'text', source: 'text', valid_from: 'bigint', 'valid_to?': 'bigint' },
    key: ['substation', 'source', 'valid_from'],
    indexes: [['source']],
  })
  await createRegistryTable(db, 'plant_period', {
    columns: {
      plant_kind: 'text',
      plant: 'text',
      firm: 'text',
      valid_from: 'bigint',
      'valid_to?': 'bigint',
      'design_supply_c?': 'double precision',
      'design_return_c?': 'double precision',
    },
    key: ['plant_kind', 'plant', 'valid_from'],
    indexes: [['firm']],
  })
}

async function homes(db: Kysely<unknown>): Promise<void> {
  await createRegistryTable(db, 'building', {
    columns: {
      id: 'text',
      estate: 'text',
      name: 'text',
      'name_en?': 'text',
      floors: 'integer',
      'built_year?': 'integer',
    },
    key: ['id'],
    indexes: [['estate']],
  })
  await createRegistryTable(db, 'entrance', {
    columns: { id: 'text', building: 'text', name: 'text' },
    key: ['id'],
    indexes: [['building']],
  })
  await createRegistryTable(db, 'riser', {
    columns: { id: 'text', entrance: 'text', name: 'text' },
    key: ['id'],
    indexes: [['entrance']],
  })
  await createRegistryTable(db, 'dwelling', {
    columns: { id: 'text', entrance: 'text', 'riser?': 'text', door: 'text' },
    key: ['id'],
    indexes: [['entrance']],
  })
  await createRegistryTable(db, 'dwelling_period', {
    columns: {
      dwelling: 'text',
      circuit: 'text',
      valid_from: 'bigint',
      'valid_to?': 'bigint',
      heated_area_m2: 'double precision',
      floor: 'integer',
      position: 'text',
      heating_type: 'text',
      contract: 'text',
    },
    key: ['dwelling', 'valid_from'],
    indexes: [['circuit']],
  })
}

async function devices(db: Kysely<unknown>): Promise<void> {
  await createRegistryTable(db, 'gateway', {
    columns: { id: 'text', territory: 'text', 'name?': 'text' },
    key: ['id'],
    indexes: [['territory']],
  })
  await createRegistryTable(db, 'device', { columns: { id: 'text', kind: 'text', 'model?': 'text' }, key: ['id'] })
  await createRegistryTable(db, 'device_period', {
    columns: {
      device: 'text',
      gateway: 'text',
      place_kind: 'text',
      place: 'text',
      valid_from: 'bigint',
      'valid_to?': 'bigint',
      sampling_interval_s: 'integer',
      reporting_interval_s: 'integer',
      tolerance_k: 'double precision',
    },
    key: ['device', 'valid_from'],
    indexes: [['place', 'place_kind'], ['gateway']],
  })
}
