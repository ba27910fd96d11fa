import type { CreateTableBuilder, Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** The ranking of firms: sealed days with their roll-ups, what was imported and excluded, and the lists. */
export const ranking: Migration = {
  async up(db: Kysely<unknown>) {
    await days(db)
    await records(db)
    await lists(db)
  },
}

type ColumnType = 'text' | 'integer' | 'bigint' | 'double precision'

/** A table from its columns; those with "?" at the end may be null. */
function table(db: Kysely<unknown>, name: string, columns: Record<string, ColumnType>) {
  let made: CreateTableBuilder<string, string> = db.schema.createTable(name)
  for (const [column, type] of Object.entries(columns)) {
    made = column.endsWith('?')
      ? made.addColumn(column.slice(0, -1), type)
      : made.addColumn(column, type, (builder) => builder.notNull())
  }
  return made
}

const sums = {
  home_days: 'bigint',
  excluded_home_days: 'bigint',
  passed_home_days: 'bigint',
  area_minutes: 'bigint',
  area_minutes_at_target: 'bigint',
  area_minutes_below_16: 'bigint',
  area_minutes_below_12: 'bigint',
  area_minutes_covered: 'bigint',
  area_shortfall: 'bigint',
  homes: 'integer',
  probes: 'integer',
  area_tenths: 'bigint',
  watched_homes: 'integer',
  watched_area_tenths: 'bigint',
} as const

async function days(db: Kysely<unknown>): Promise<void> {
  await table(db, 'ranking_day', {
    day: 'integer',
    root: 'text',
    leaves: 'integer',
    'outdoor_c?': 'double precision',
    registry_version: 'bigint',
    stale: 'integer',
    sealed_at: 'bigint',
    rolled_up_at: 'bigint',
  })
    .addPrimaryKeyConstraint('ranking_day_key', ['day'])
    .execute()
  await table(db, 'roll_up_day', {
    day: 'integer',
    circuit: 'text',
    building: 'text',
    estate: 'text',
    firm: 'text',
    ...sums,
  })
    .addPrimaryKeyConstraint('roll_up_day_key', ['day', 'circuit', 'building'])
    .execute()
  await db.schema.createIndex('roll_up_day_firm').on('roll_up_day').columns(['firm', 'day']).execute()
  await db.schema.createIndex('roll_up_day_circuit').on('roll_up_day').columns(['circuit', 'day']).execute()
  // A season's list reads one row for each firm, district and day, not one for each building.
  await table(db, 'firm_day', { day: 'integer', firm: 'text', district: 'text', ...sums })
    .addPrimaryKeyConstraint('firm_day_key', ['day', 'firm', 'district'])
    .execute()
  await table(db, 'dwelling_day_change', {
    day: 'integer',
    dwelling: 'text',
    device: 'text',
    /** What the day's leaf was, empty where there was none. */
    before_leaf: 'text',
    after_leaf: 'text',
    position: 'bigint',
  }).execute()
  await db.schema.createIndex('dwelling_day_change_day').on('dwelling_day_change').column('day').execute()
}

async function records(db: Kysely<unknown>): Promise<void> {
  await table(db, 'ranking_input', {
    id: 'text',
    firm: 'text',
    territory: 'text',
    measure: 'text',
    from_day: 'integer',
    to_day: 'integer',
    value: 'double precision',
    evidence: 'text',
    entered_by: 'text',
    entered_at: 'bigint',
  })
    .addPrimaryKeyConstraint('ranking_input_key', ['firm', 'measure', 'territory', 'from_day', 'to_day', 'id'])
    .execute()
  await table(db, 'ranking_exclusion', {
    id: 'text',
    kind: 'text',
    place_kind: 'text',
    place: 'text',
    from_day: 'integer',
    to_day: 'integer',
    evidence: 'text',
    proposed_by: 'text',
    proposed_at: 'bigint',
    state: 'text',
    'decided_by?': 'text',
    'decided_at?': 'bigint',
    'decision?': 'text',
  })
    .addPrimaryKeyConstraint('ranking_exclusion_key', ['id'])
    .execute()
  await db.schema.createIndex('ranking_exclusion_days').on('ranking_exclusion').columns(['state', 'to_day']).execute()
  await table(db, 'ranking_veto', {
    id: 'text',
    firm: 'text',
    kind: 'text',
    from_day: 'integer',
    to_day: 'integer',
    state: 'text',
    evidence: 'text',
    brought_by: 'text',
    brought_at: 'bigint',
    'document?': 'text',
    'confirmed_by?': 'text',
    'confirmed_at?': 'bigint',
  })
    .addPrimaryKeyConstraint('ranking_veto_key', ['id'])
    .execute()
}

async function lists(db: Kysely<unknown>): Promise<void> {
  await table(db, 'ranking_list', {
    id: 'text',
    territory: 'text',
    from_day: 'integer',
    to_day: 'integer',
    method: 'text',
    method_version: 'integer',
    state: 'text',
    drafted_by: 'text',
    drafted_at: 'bigint',
    'objections_until?': 'bigint',
    'published_by?': 'text',
    'published_at?': 'bigint',
    'frozen?': 'text',
    'digest?': 'text',
    'result?': 'text',
  })
    .addPrimaryKeyConstraint('ranking_list_key', ['id'])
    .execute()
  await db.schema.createIndex('ranking_list_newest').on('ranking_list').columns(['drafted_at', 'id']).execute()
  await table(db, 'ranking_objection', {
    id: 'text',
    list: 'text',
    firm: 'text',
    text: 'text',
    evidence: 'text',
    raised_by: 'text',
    raised_at: 'bigint',
    state: 'text',
    'decided_by?': 'text',
    'decided_at?': 'bigint',
    'decision?': 'text',
  })
    .addPrimaryKeyConstraint('ranking_objection_key', ['id'])
    .execute()
  await db.schema.createIndex('ranking_objection_list').on('ranking_objection').columns(['list', 'raised_at']).execute()
}
