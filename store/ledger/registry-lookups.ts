import { type RawBuilder, sql } from 'kysely'
import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { type AnyRow, tableShapes } from './registry-shape.ts'
import { counts, inForce, presentVersion, territoryBelow } from './registry-view.ts'

type Sql = RawBuilder<unknown>

/** A page of a list: what lies behind `after`, the key of the last row seen, in the order of the key. */
export interface RowPage {
  readonly after?: readonly (string | number)[]
  readonly limit: number
}

/** Tables whose rows are things with an id; the others hold entries that are valid from a time until a time. */
export type ThingTable = {
  [T in RegistryTable]: RegistryRow<T> extends { id: string } ? T : never
}[RegistryTable]
export type DatedTable = {
  [T in RegistryTable]: RegistryRow<T> extends { valid_from: number } ? T : never
}[RegistryTable]

export interface RowFilter {
  /** Part of a name in either language, or the beginning of an id. */
  readonly search?: string
  /** Only what hangs on this row directly: the estate of a building, the entrance of a dwelling. */
  readonly parent?: string
  /** Only what lies in this territory node or below it. */
  readonly territory?: string
  /** Only things of this kind, of a table that has kinds. */
  readonly kind?: string
}

/** The thing with this id as it is known now; undefined where the registry has none. */
export async function currentRow<T extends ThingTable>(
  db: LedgerDb,
  table: T,
  id: string,
): Promise<RegistryRow<T> | undefined> {
  const [row] = await rowsWhere(db, table, sql`t.id = ${id} and ${counts(table, 't')}`, { limit: 1 })
  return row
}

/** Things of one table in the order of their ids. */
export async function listRows<T extends ThingTable>(
  db: LedgerDb,
  table: T,
  filter: RowFilter,
  page: RowPage,
): Promise<RegistryRow<T>[]> {
  const conditions: Sql[] = [counts(table, 't')]
  if (filter.search) conditions.push(matches(table, filter.search))
  if (filter.parent !== undefined) conditions.push(sql`${sql.ref(`t.${parentColumn(table)}`)} = ${filter.parent}`)
  if (filter.kind !== undefined) conditions.push(sql`t.kind = ${filter.kind}`)
  // In the only city lies everything: to gather it first would take seconds with millions of homes.
  if (filter.territory !== undefined && filter.territory !== (await onlyCity(db))) {
    conditions.push(within(table, territoryBelow(filter.territory)))
  }
  return rowsWhere(db, table, sql.join(conditions, sql` and `), page)
}

async function onlyCity(db: LedgerDb): Promise<string | undefined> {
  const condition = sql`t.kind = 'city' and ${counts('territory', 't')}`
  const cities = await rowsWhere(db, 'territory', condition, { limit: 2 })
  return cities.length === 1 ? cities[0]?.id : undefined
}

/** Every entry about one subject, corrected ones not, in the order in which they begin. `subject` is its key. */
export function entriesOf<T extends DatedTable>(
  db: LedgerDb,
  table: T,
  subject: readonly string[],
  page: RowPage,
): Promise<RegistryRow<T>[]> {
  return rowsWhere(db, table, sql`${isSubject(table, subject)} and ${counts(table, 't')}`, page)
}

/** The entry about one subject that is in force at a time. */
export async function entryAt<T extends DatedTable>(
  db: LedgerDb,
  table: T,
  subject: readonly string[],
  at: number,
): Promise<RegistryRow<T> | undefined> {
  const [row] = await rowsWhere(db, table, sql`${isSubject(table, subject)} and ${inForce(table, 't', at)}`, {
    limit: 1,
  })
  return row
}

/** The entries in force at a time that name something: the dwellings of a circuit, the devices of a gateway. */
export function entriesAt<T extends DatedTable>(
  db: LedgerDb,
  table: T,
  named: Partial<RegistryRow<T>>,
  at: number,
  page: RowPage,
): Promise<RegistryRow<T>[]> {
  const conditions = Object.entries(named).map(([column, value]) => sql`${sql.ref(`t.${column}`)} = ${value}`)
  return rowsWhere(db, table, sql.join([...conditions, inForce(table, 't', at)], sql` and `), page)
}

/** Which of all rows: those in force at a time, and those that counted at an earlier version of the registry. */
export interface RegistryMoment {
  readonly at?: number
  readonly version?: number
}

/** Every row of a table that counts, in the order of its key; with `at`, of dated tables only what is in force then. */
export function allRows<T extends RegistryTable>(
  db: LedgerDb,
  table: T,
  page: RowPage,
  { at, version }: RegistryMoment = {},
): Promise<RegistryRow<T>[]> {
  const known = version === undefined ? presentVersion : sql`${version}`
  const dated = at !== undefined && tableShapes[table].dated
  return rowsWhere(db, table, dated ? inForce(table, 't', at, known) : counts(table, 't', known), page)
}

/** The key of a row, to continue a list behind it. */
export const keyOf = (table: RegistryTable, row: object): (string | number)[] =>
  tableShapes[table].key.map((column) => (row as Record<string, string | number>)[column] as string | number)

async function rowsWhere<T extends RegistryTable>(
  db: LedgerDb,
  table: T,
  condition: Sql,
  { after, limit }: RowPage,
): Promise<RegistryRow<T>[]> {
  const key = sql.join(tableShapes[table].key.map((column) => sql.ref(`t.${column}`)))
  const behind = after ? sql` and (${key}) > (${sql.join(after)})` : sql``
  const found = await sql<AnyRow>`
    select t.* from ${sql.table(table)} as t where ${condition}${behind} order by ${key} limit ${limit}`.execute(db)
  return found.rows.map((row) => presentColumns(table, row))
}

/** A stored row in the form of its schema: absent columns are left out. */
function presentColumns<T extends RegistryTable>(table: T, row: AnyRow): RegistryRow<T> {
  const present: Record<string, string | number> = {}
  for (const column of tableShapes[table].columns) {
    const value = row[column]
    if (value !== null && value !== undefined) present[column] = value
  }
  return present as RegistryRow<T>
}

const isSubject = (table: RegistryTable, subject: readonly string[]): Sql =>
  sql.join(
    tableShapes[table].subject.map((column, index) => sql`${sql.ref(`t.${column}`)} = ${subject[index]}`),
    sql` and `,
  )

function matches(table: ThingTable, search: string): Sql {
  // No id begins with this character, and every character of an id sorts before it.
  const byId = sql`(t.id >= ${search} and t.id < ${`${search}~`})`
  // Homes and devices are millions, and entrances are all called alike: they are found by their ids.
  if (!tableShapes[table].columns.includes('name_en')) return byId
  const pattern = `%${search.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql`(${byId} or lower(t.name) like ${pattern} escape '\\' or lower(t.name_en) like ${pattern} escape '\\')`
}

const parents = {
  territory: 'parent',
  source: 'district',
  substation: 'territory',
  circuit: 'substation',
  building: 'estate',
  entrance: 'building',
  riser: 'entrance',
  dwelling: 'entrance',
  gateway: 'territory',
} as const satisfies { [T in ThingTable]?: keyof RegistryRow<T> }
type ChildTable = keyof typeof parents

function parentColumn(table: ThingTable): string {
  if (!isChildTable(table)) throw new RangeError(`Rows of ${table} hang on nothing`)
  return parents[table]
}

const isChildTable = (table: ThingTable): table is ChildTable => Object.hasOwn(parents, table)

/** What a row of each table hangs on; territory nodes are reached at last. */
const parentTables: Readonly<Record<Exclude<ChildTable, 'territory'>, ChildTable>> = {
  source: 'territory',
  substation: 'territory',
  circuit: 'substation',
  building: 'territory',
  entrance: 'building',
  riser: 'entrance',
  dwelling: 'entrance',
  gateway: 'territory',
}

function within(table: ThingTable, territory: Sql, alias = 't'): Sql {
  if (!isChildTable(table)) throw new RangeError(`Rows of ${table} lie in no territory`)
  if (table === 'territory') return sql`${sql.ref(`${alias}.id`)} in ${territory}`
  const parent = parentTables[table]
  const column = sql.ref(`${alias}.${parents[table]}`)
  if (parent === 'territory') return sql`${column} in ${territory}`
  const above = `${alias}_above`
  return sql`${column} in (select ${sql.ref(`${above}.id`)} from ${sql.table(parent)} as ${sql.table(above)}
    where ${within(parent, territory, above)} and ${counts(parent, above)})`
}
