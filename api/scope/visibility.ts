import { can, inScope } from '#domain/account.ts'
import type { RegistryRow } from '#domain/registry.ts'
import type { Account } from '#store/ledger/accounts.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { currentRow, entryAt, type ThingTable } from '#store/ledger/registry-lookups.ts'
import {
  dwellingWhereabouts,
  gatewayWhereabouts,
  plantWhereabouts,
  territoryPath,
} from '#store/ledger/registry-places.ts'
import { type FirmReach, plantKey } from './firm-reach.ts'

export type PlaceKind = RegistryRow<'device_period'>['place_kind']

/**
 * What one account may see of the registry and of what hangs on it. Made anew for each request; it remembers the
 * territory it has looked up, because lists ask about the same few nodes again and again.
 */
export interface Visibility {
  readonly account: Account
  /** A thing of the registry that is there; a home only with the right to see homes. */
  seesThing(table: ThingTable, id: string): Promise<boolean>
  seesPlace(kind: PlaceKind, id: string): Promise<boolean>
  seesGateway(id: string): Promise<boolean>
  /** A territory node inside the scope, not one above it. */
  holdsTerritory(id: string): Promise<boolean>
}

export interface VisibilityDeps {
  readonly db: LedgerDb
  readonly firmReach: (firm: string, at: number) => Promise<FirmReach>
}

/** `at` is the service's clock: scope goes by who is responsible now. */
export function makeVisibility({ db, firmReach }: VisibilityDeps, account: Account, at: number): Visibility {
  const { scope } = account
  const mayHomes = can(account.role, 'dwelling.read')
  const paths = new Map<string, Promise<string[]>>()

  function pathOf(node: string): Promise<string[]> {
    const known = paths.get(node)
    if (known) return known
    const path = territoryPath(db, node).then((nodes) => nodes.map(({ id }) => id))
    paths.set(node, path)
    return path
  }

  const reach = (firm: string) => firmReach(firm, at)

  const exists = async (table: ThingTable, id: string) => (await currentRow(db, table, id)) !== undefined

  async function seesTerritory(id: string): Promise<boolean> {
    if (scope.kind === 'city') return exists('territory', id)
    if (scope.kind === 'firm') return (await reach(scope.id)).territory.has(id)
    // Also what lies above: one has to know in which district one is.
    return (await pathOf(id)).includes(scope.id) || (await pathOf(scope.id)).includes(id)
  }

  async function holdsTerritory(id: string): Promise<boolean> {
    return scope.kind === 'city' || (scope.kind === 'territory' && (await pathOf(id)).includes(scope.id))
  }

  async function seesPlant(kind: 'source' | 'substation' | 'circuit', id: string): Promise<boolean> {
    if (scope.kind === 'city') return exists(kind, id)
    if (scope.kind === 'firm') return (await reach(scope.id)).plants.has(plantKey(kind, id))
    const where = await plantWhereabouts(db, kind, id, at)
    return where !== undefined && inScope(scope, where)
  }

  async function seesBuilding(id: string): Promise<boolean> {
    if (scope.kind === 'city') return true
    if (scope.kind === 'firm') return (await reach(scope.id)).buildings.has(id)
    const building = await currentRow(db, 'building', id)
    return building !== undefined && holdsTerritory(building.estate)
  }

  async function seesDwelling(id: string): Promise<boolean> {
    if (!mayHomes) return false
    if (scope.kind === 'city') return exists('dwelling', id)
    const where = await dwellingWhereabouts(db, id, at)
    return where !== undefined && inScope(scope, where)
  }

  async function seesGateway(id: string): Promise<boolean> {
    if (scope.kind === 'city') return true
    if (scope.kind === 'firm') return (await reach(scope.id)).gateways.has(id)
    const where = await gatewayWhereabouts(db, id)
    return where !== undefined && inScope(scope, where)
  }

  async function seesPlace(kind: PlaceKind, id: string): Promise<boolean> {
    if (kind === 'dwelling') return seesDwelling(id)
    return kind === 'district' ? seesTerritory(id) : seesPlant(kind, id)
  }

  async function seesDevice(id: string): Promise<boolean> {
    const period = await entryAt(db, 'device_period', [id], at)
    if (!period) return scope.kind === 'city'
    return seesPlace(period.place_kind, period.place)
  }

  async function seesEntrance(id: string): Promise<boolean> {
    if (scope.kind === 'city') return true
    const entrance = await currentRow(db, 'entrance', id)
    return entrance !== undefined && seesBuilding(entrance.building)
  }

  async function seesRiser(id: string): Promise<boolean> {
    if (scope.kind === 'city') return true
    const riser = await currentRow(db, 'riser', id)
    return riser !== undefined && seesEntrance(riser.entrance)
  }

  const things: Readonly<Record<ThingTable, (id: string) => Promise<boolean>>> = {
    territory: seesTerritory,
    // Who heats is public, and everything else names firms.
    firm: async () => true,
    source: (id) => seesPlant('source', id),
    substation: (id) => seesPlant('substation', id),
    circuit: (id) => seesPlant('circuit', id),
    building: seesBuilding,
    entrance: seesEntrance,
    riser: seesRiser,
    dwelling: seesDwelling,
    gateway: seesGateway,
    device: seesDevice,
    // How a maker's payloads are read says nothing about a place.
    payload_mapping: async () => true,
  }

  return { account, seesThing: (table, id) => things[table](id), seesPlace, seesGateway, holdsTerritory }
}
