import { type RegistryTable, registryTables } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { currentRow, type ThingTable } from '#store/ledger/registry-lookups.ts'
import type { PlaceKind, Visibility } from '../scope/visibility.ts'

type Cells = Readonly<Record<string, unknown>>

const thingTables: ReadonlySet<string> = new Set<ThingTable>([
  'territory',
  'firm',
  'source',
  'substation',
  'circuit',
  'building',
  'entrance',
  'riser',
  'dwelling',
  'gateway',
  'device',
])

/** What several districts share: only who has the whole city may change it. */
const sharedTables: ReadonlySet<string> = new Set<RegistryTable>(['firm', 'payload_mapping', 'payload_field'])

const isThingTable = (table: string): table is ThingTable => thingTables.has(table)

/**
 * Whether an account may write a row: what the row names must lie in its scope, and so must the thing that the row
 * corrects. Who has the whole city may write everything.
 */
export async function mayWrite(db: LedgerDb, see: Visibility, table: RegistryTable, row: Cells): Promise<boolean> {
  if (see.account.scope.kind === 'city') return true
  // Nothing lies above a city.
  if (sharedTables.has(table) || (table === 'territory' && row.parent === undefined)) return false
  if (isThingTable(table) && typeof row.id === 'string') {
    const known = await currentRow(db, table, row.id)
    if (known && !(await holds(see, table, row.id))) return false
  }
  for (const [column, reference] of Object.entries<string | { kindColumn: string }>(registryTables[table].references)) {
    const id = row[column]
    const target = typeof reference === 'string' ? reference : row[reference.kindColumn]
    if (typeof id !== 'string' || typeof target !== 'string' || sharedTables.has(target)) continue
    if (!(await holds(see, target, id))) return false
  }
  return true
}

async function holds(see: Visibility, kind: string, id: string): Promise<boolean> {
  // Nodes above the scope can be seen, but nothing can be hung on them.
  if (kind === 'territory' || kind === 'district') return see.holdsTerritory(id)
  return isThingTable(kind) ? see.seesThing(kind, id) : see.seesPlace(kind as PlaceKind, id)
}
