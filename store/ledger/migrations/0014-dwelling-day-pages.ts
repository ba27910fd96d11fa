import type { Kysely, Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import { putEntries } from '../dwelling-day-page.ts'

/**
 * Days of homes in pages instead of rows, what waits to be rolled up by building, changes by late readings in sealed
 * numbers, and which probes others than the firm keep. Days are sealed anew: their tree has other leaves now.
 */
export const dwellingDayPages: Migration = {
  async up(db: Kysely<unknown>) {
    await pages(db)
    await moveDays(db as Kysely<MovedTables>)
    await waiting(db)
    await seals(db)
    await db.schema.alterTable('device_period').addColumn('keeper', 'text').execute()
    await db.schema.createIndex('firm_day_firm').on('firm_day').columns(['firm', 'day']).execute()
    for (const table of ['roll_up_day', 'firm_day'] as const) {
      await db.schema
        .alterTable(table)
        .addColumn('area_minutes_excluded', 'bigint', (column) => column.notNull().defaultTo(0))
        .execute()
    }
  },
}

async function pages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('home_probe')
    .addColumn('dwelling', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('page', 'bigint', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('home_probe_key', ['dwelling', 'device'])
    .execute()
  await db.schema.createIndex('home_probe_slot').on('home_probe').columns(['page', 'slot']).unique().execute()
  await db.schema
    .createTable('home_probe_page')
    .addColumn('page', 'bigint', (column) => column.primaryKey())
    .addColumn('building', 'text', (column) => column.notNull())
    .addColumn('slots', 'integer', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('home_probe_page_building').on('home_probe_page').column('building').execute()
  // Day first: a day's pages arrive together, so that they are appended, not scattered.
  await db.schema
    .createTable('dwelling_day_page')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('page', 'bigint', (column) => column.notNull())
    .addColumn('entries', 'blob', (column) => column.notNull())
    .addPrimaryKeyConstraint('dwelling_day_page_key', ['day', 'page'])
    .execute()
  await db.schema
    .createTable('dwelling_day_wrong')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('dwelling', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('dwelling_day_wrong_key', ['dwelling', 'device', 'day'])
    .execute()
  await db.schema.createIndex('dwelling_day_wrong_position').on('dwelling_day_wrong').column('position').execute()
}

interface OldDay {
  day: number
  dwelling: string
  device: string
  covered_ms: number
  below_target_ms: number
  below_16_ms: number
  below_12_ms: number
  deficit_target_kh: number
  deficit_16_kh: number
  deficit_12_kh: number
  min_c: number | null
  mean_c: number | null
  stale_since: number | null
}
interface MovedTables {
  dwelling_day: OldDay
  home_probe: { dwelling: string; device: string; page: number; slot: number }
  home_probe_page: { page: number; building: string; slots: number }
  dwelling_day_page: { day: number; page: number; entries: Uint8Array }
  dwelling_day_wrong: { day: number; dwelling: string; device: string; position: number }
  ledger_version: { name: string; version: number }
}

const probesPerMovedPage = 64
const rowsPerStatementMax = 500

async function moveDays(db: Kysely<MovedTables> | Transaction<MovedTables>): Promise<void> {
  const probes = await db
    .selectFrom('dwelling_day')
    .select(['dwelling', 'device'])
    .distinct()
    .orderBy('dwelling')
    .orderBy('device')
    .execute()
  const slots = probes.map((probe, index) => ({
    ...probe,
    page: 1 + Math.floor(index / probesPerMovedPage),
    slot: index % probesPerMovedPage,
  }))
  for (let start = 0; start < slots.length; start += rowsPerStatementMax) {
    await db
      .insertInto('home_probe')
      .values(slots.slice(start, start + rowsPerStatementMax))
      .execute()
  }
  for (const [page, ofPage] of Map.groupBy(slots, (slot) => slot.page)) {
    // Full, so that nothing joins what is not of one building.
    await db.insertInto('home_probe_page').values({ page, building: '', slots: probesPerMovedPage }).execute()
    await movePage(db, page, ofPage)
  }
  const lastPage = slots.at(-1)?.page
  if (lastPage !== undefined) {
    await db.insertInto('ledger_version').values({ name: 'home_probe_page', version: lastPage }).execute()
  }
  await db.schema.dropTable('dwelling_day').execute()
}

async function movePage(
  db: Kysely<MovedTables>,
  page: number,
  probes: readonly MovedTables['home_probe'][],
): Promise<void> {
  const slotOf = new Map(probes.map(({ dwelling, device, slot }) => [`${dwelling}/${device}`, slot]))
  const dwellings = [...new Set(probes.map(({ dwelling }) => dwelling))]
  const rows = await db.selectFrom('dwelling_day').selectAll().where('dwelling', 'in', dwellings).execute()
  const ofPage = rows.filter((row) => slotOf.has(`${row.dwelling}/${row.device}`))
  for (const [day, ofDay] of Map.groupBy(ofPage, (row) => row.day)) {
    const figures = ofDay.map((row) => [slotOf.get(`${row.dwelling}/${row.device}`) ?? 0, figuresOf(row)] as const)
    const entries = putEntries(new Uint8Array(), new Map(figures))
    await db.insertInto('dwelling_day_page').values({ day, page, entries }).execute()
  }
  for (const { day, dwelling, device, stale_since: position } of ofPage) {
    if (position === null) continue
    await db.insertInto('dwelling_day_wrong').values({ day, dwelling, device, position }).execute()
  }
}

const figuresOf = (row: OldDay) => ({
  coveredMs: row.covered_ms,
  belowTargetMs: row.below_target_ms,
  below16Ms: row.below_16_ms,
  below12Ms: row.below_12_ms,
  deficitTargetKh: row.deficit_target_kh,
  deficit16Kh: row.deficit_16_kh,
  deficit12Kh: row.deficit_12_kh,
  ...(row.min_c !== null && { minC: row.min_c }),
  ...(row.mean_c !== null && { meanC: row.mean_c }),
})

async function waiting(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('roll_up_waiting')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('building', 'text', (column) => column.notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('roll_up_waiting_key', ['day', 'building'])
    .execute()
}

async function seals(db: Kysely<unknown>): Promise<void> {
  const cleared = db as Kysely<{ ranking_day: object; roll_up_day: object; firm_day: object }>
  for (const table of ['ranking_day', 'roll_up_day', 'firm_day'] as const) await cleared.deleteFrom(table).execute()
  await db.schema.alterTable('ranking_day').dropColumn('stale').execute()
  for (const column of ['changes_after', 'changes_upto']) {
    await db.schema
      .alterTable('ranking_day')
      .addColumn(column, 'bigint', (definition) => definition.notNull().defaultTo(0))
      .execute()
  }
  await db.schema
    .alterTable('ranking_day')
    .addColumn('changes_root', 'text', (definition) => definition.notNull().defaultTo(''))
    .execute()
  await db.schema.dropTable('dwelling_day_change').execute()
  await db.schema
    .createTable('dwelling_day_change')
    .addColumn('number', 'bigint', (column) => column.primaryKey())
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('dwelling', 'text', (column) => column.notNull())
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('before_leaf', 'text', (column) => column.notNull())
    .addColumn('after_leaf', 'text', (column) => column.notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('dwelling_day_change_day').on('dwelling_day_change').columns(['day', 'number']).execute()
}
