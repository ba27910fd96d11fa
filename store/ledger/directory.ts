import { sql } from 'kysely'
import type { DevicePeriod, DwellingPeriod, RegistryTable } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { counts, inForce } from './registry-view.ts'
import { perStatement } from './statement-rows.ts'

/**
 * The registry as the watch needs it: every device and contract in pages of few columns, and the places of single
 * dwellings when something happens there. Rows come with corrections after what they correct; an entry that ends
 * when it begins was taken back.
 */
export type PlacementRow = Omit<DevicePeriod, 'valid_to'> & {
  readonly valid_to: number | null
  readonly batch: number
}
export type ContractRow = Pick<DwellingPeriod, 'dwelling' | 'valid_from' | 'contract'> & {
  readonly valid_to: number | null
}

/** Batches of the registry: rows that came after one and up to another. */
export interface BatchRange {
  readonly after: number
  readonly through: number
}

/** Placements of devices in pages. */
export const placementPages = (db: LedgerDb, range: BatchRange): AsyncGenerator<PlacementRow[]> =>
  pages<PlacementRow>(db, 'device_period', 'device', placementColumns, range)
const placementColumns = [
  'gateway',
  'place_kind',
  'place',
  'valid_to',
  'sampling_interval_s',
  'reporting_interval_s',
  'tolerance_k',
]

/** Contract states of dwellings in pages. */
export const contractPages = (db: LedgerDb, range: BatchRange): AsyncGenerator<ContractRow[]> =>
  pages<ContractRow>(db, 'dwelling_period', 'dwelling', ['valid_to', 'contract'], range)

/** A page is read in about 10 ms. */
const rowsPerPage = 4_000
/** So few changed rows are found through the index on the batch; more are found by reading the table in its order. */
const smallChangeRowsMax = 20_000

async function* pages<Row>(
  db: LedgerDb,
  table: RegistryTable,
  subject: string,
  columns: readonly string[],
  { after, through }: BatchRange,
): AsyncGenerator<Row[]> {
  const key = [subject, 'valid_from', 'batch'].map((column) => sql.ref(column))
  const selected = sql.join([...key, ...columns.map((column) => sql.ref(column))])
  const inRange = sql`batch > ${after} and batch <= ${through}`
  const from = sql.table(table)
  const small = await sql<{ rows: number }>`select count(*) as rows
    from (select 1 from ${from} where ${inRange} limit ${smallChangeRowsMax + 1}) as part`.execute(db)
  if (Number(small.rows[0]?.rows) <= smallChangeRowsMax) {
    const found = await sql<Row>`select ${selected} from ${from} where ${inRange} order by batch`.execute(db)
    if (found.rows.length > 0) yield found.rows
    return
  }
  // The plus keeps SQLite from finding these rows by their batch and sorting them again for every page.
  const inRangeByKey = sql`+batch > ${after} and +batch <= ${through}`
  let last: readonly unknown[] = ['', 0, 0]
  for (;;) {
    const page = await sql<Row & { valid_from: number; batch: number }>`select ${selected} from ${from}
      where (${sql.join(key)}) > (${sql.join(last)}) and ${inRangeByKey}
      order by ${sql.join(key)} limit ${rowsPerPage}`.execute(db)
    const end = page.rows.at(-1)
    if (!end) return
    last = [(end as Record<string, unknown>)[subject], end.valid_from, end.batch]
    yield page.rows
  }
}

/** Where a dwelling is and what feeds it. */
export interface DwellingPlace {
  readonly building: string
  readonly estate: string
  readonly circuit?: string
}

/** Places of dwellings at a time; one that the registry does not know is left out. */
export async function dwellingPlaces(
  db: LedgerDb,
  dwellings: readonly string[],
  at: number,
): Promise<Map<string, DwellingPlace>> {
  const places = new Map<string, DwellingPlace>()
  for (const some of perStatement(dwellings)) {
    const ids = sql.join([...some])
    const found = await sql<{ id: string; building: string; estate: string }>`
      select dwelling.id, building.id as building, building.estate from dwelling
        join entrance on entrance.id = dwelling.entrance and ${counts('entrance', 'entrance')}
        join building on building.id = entrance.building and ${counts('building', 'building')}
        where dwelling.id in (${ids}) and ${counts('dwelling', 'dwelling')}`.execute(db)
    const fed = await sql<{ dwelling: string; circuit: string }>`
      select t.dwelling, t.circuit from dwelling_period as t
        where t.dwelling in (${ids}) and ${inForce('dwelling_period', 't', at)}`.execute(db)
    const circuits = new Map(fed.rows.map((row) => [row.dwelling, row.circuit]))
    for (const { id, building, estate } of found.rows) {
      const circuit = circuits.get(id)
      places.set(id, { building, estate, ...(circuit !== undefined && { circuit }) })
    }
  }
  return places
}

/** How many dwellings of a circuit or building have a probe at a time; counting ends at `limit`. */
export async function countMeasuredDwellings(
  db: LedgerDb,
  place: { readonly kind: 'circuit' | 'building'; readonly id: string },
  at: number,
  limit: number,
): Promise<number> {
  const there =
    place.kind === 'circuit'
      ? sql`select t.dwelling as id from dwelling_period as t
          where t.circuit = ${place.id} and ${inForce('dwelling_period', 't', at)}`
      : sql`select dwelling.id from entrance
          join dwelling on dwelling.entrance = entrance.id and ${counts('dwelling', 'dwelling')}
          where entrance.building = ${place.id} and ${counts('entrance', 'entrance')}`
  const found = await sql<{ dwellings: number }>`select count(*) as dwellings from (
    select 1 from (${there}) as home where exists (select 1 from device_period as d
      where d.place = home.id and d.place_kind = 'dwelling' and ${inForce('device_period', 'd', at)})
    limit ${limit}) as part`.execute(db)
  return Number(found.rows[0]?.dwellings ?? 0)
}
