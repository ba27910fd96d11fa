import { sql } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { probesPerPage } from './dwelling-day-page.ts'
import { raiseVersion } from './ledger-version.ts'
import { perStatement } from './statement-rows.ts'

/** Where the days of a home's probe are kept: its page and its place in it, given once and never changed. */
export interface HomeProbeTables {
  home_probe: { dwelling: string; device: string; page: number; slot: number }
  /** Pages are begun building by building, because whatever reads many days reads them so. */
  home_probe_page: { page: number; building: string; slots: number }
}

export interface ProbeSlot {
  readonly dwelling: string
  readonly device: string
  readonly page: number
  readonly slot: number
}

export const probeKey = ({ dwelling, device }: { readonly dwelling: string; readonly device: string }): string =>
  `${dwelling}/${device}`

/** Slots of the probes of some homes, by `probeKey`. */
export async function slotsOf(db: LedgerDb, dwellings: Iterable<string>): Promise<Map<string, ProbeSlot>> {
  const found = new Map<string, ProbeSlot>()
  for (const some of perStatement([...new Set(dwellings)])) {
    const rows = await db.selectFrom('home_probe').selectAll().where('dwelling', 'in', some).execute()
    for (const row of rows) found.set(probeKey(row), row)
  }
  return found
}

/** Slots of probes; those that have none yet are given one. */
export async function slotsFor(
  transaction: LedgerTransaction,
  probes: readonly { readonly dwelling: string; readonly device: string }[],
): Promise<Map<string, ProbeSlot>> {
  const found = await slotsOf(
    transaction,
    probes.map(({ dwelling }) => dwelling),
  )
  const fresh = new Map(probes.filter((probe) => !found.has(probeKey(probe))).map((probe) => [probeKey(probe), probe]))
  if (fresh.size === 0) return found
  // Raised first: it locks the counter, so that two writers never give the same slot away.
  const first = await raiseVersion(transaction, 'home_probe_page', fresh.size)
  let nextPage = first - fresh.size + 1
  const buildings = await buildingsOf(
    transaction,
    [...fresh.values()].map(({ dwelling }) => dwelling),
  )
  const byBuilding = Map.groupBy(fresh.values(), ({ dwelling }) => buildings.get(dwelling) ?? '')
  const open = await openPages(transaction, [...byBuilding.keys()])
  const pages: HomeProbeTables['home_probe_page'][] = []
  const slots: ProbeSlot[] = []
  for (const [building, ofBuilding] of byBuilding) {
    let page = open.get(building) ?? { page: nextPage++, building, slots: 0 }
    for (const { dwelling, device } of ofBuilding) {
      if (page.slots === probesPerPage) {
        pages.push(page)
        page = { page: nextPage++, building, slots: 0 }
      }
      slots.push({ dwelling, device, page: page.page, slot: page.slots })
      page = { ...page, slots: page.slots + 1 }
    }
    pages.push(page)
  }
  for (const some of perStatement(slots)) await transaction.insertInto('home_probe').values(some).execute()
  for (const some of perStatement(pages)) {
    await transaction
      .insertInto('home_probe_page')
      .values(some)
      .onConflict((conflict) =>
        conflict.column('page').doUpdateSet((expression) => ({ slots: expression.ref('excluded.slots') })),
      )
      .execute()
  }
  for (const slot of slots) found.set(probeKey(slot), slot)
  return found
}

/** The newest page of each building that still has a place. */
async function openPages(
  db: LedgerDb,
  buildings: readonly string[],
): Promise<Map<string, HomeProbeTables['home_probe_page']>> {
  const open = new Map<string, HomeProbeTables['home_probe_page']>()
  for (const some of perStatement(buildings)) {
    const rows = await db
      .selectFrom('home_probe_page')
      .selectAll()
      .where('building', 'in', some)
      .where('slots', '<', probesPerPage)
      .orderBy('page')
      .execute()
    for (const row of rows) open.set(row.building, row)
  }
  return open
}

/** The building of each home as the registry has it now; a home that it does not know is in none. */
export async function buildingsOf(db: LedgerDb, dwellings: Iterable<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const some of perStatement([...new Set(dwellings)])) {
    const rows = await sql<{ id: string; building: string }>`select dwelling.id, entrance.building from dwelling
      join entrance on entrance.id = dwelling.entrance where dwelling.id in (${sql.join(some)})
      order by dwelling.batch, entrance.batch`.execute(db)
    for (const { id, building } of rows.rows) found.set(id, building)
  }
  return found
}
