import { sql } from 'kysely'
import type { Whereabouts } from '#domain/account.ts'
import type { DevicePeriod, PlantPeriod, RegistryRow, Territory } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { currentRow, entriesAt, entryAt } from './registry-lookups.ts'
import { counts, inForce } from './registry-view.ts'

export type PlantKind = PlantPeriod['plant_kind']
export type PlaceKind = DevicePeriod['place_kind']

/** Where something is, and how its place and its operator are called. */
export interface NamedWhereabouts extends Whereabouts {
  /** Names of the territory nodes, from the city down. */
  readonly territoryNames: readonly string[]
  readonly firmName?: string
}

/** A node of territory and what lies above it, from the city down; empty where the registry has no such node. */
export async function territoryPath(db: LedgerDb, nodeId: string): Promise<Territory[]> {
  const path: Territory[] = []
  let next: string | undefined = nodeId
  while (next !== undefined) {
    const node: Territory | undefined = await currentRow(db, 'territory', next)
    if (!node) break
    path.unshift(node)
    next = node.parent
  }
  return path
}

async function named(db: LedgerDb, territoryNode: string, firmId: string | undefined): Promise<NamedWhereabouts> {
  const path = await territoryPath(db, territoryNode)
  const firm = firmId === undefined ? undefined : await currentRow(db, 'firm', firmId)
  return {
    territory: path.map(({ id }) => id),
    territoryNames: path.map(({ name }) => name),
    firm: firmId,
    firmName: firm?.name,
  }
}

/** A dwelling's place: territory down to the estate, and the operator of the circuit that feeds it at a time. */
export async function dwellingWhereabouts(
  db: LedgerDb,
  dwellingId: string,
  at: number,
): Promise<DwellingWhereabouts | undefined> {
  const dwelling = await currentRow(db, 'dwelling', dwellingId)
  const entrance = dwelling && (await currentRow(db, 'entrance', dwelling.entrance))
  const building = entrance && (await currentRow(db, 'building', entrance.building))
  if (!dwelling || !entrance || !building) return undefined
  const period = await entryAt(db, 'dwelling_period', [dwellingId], at)
  const firm = period && (await plantFirm(db, 'circuit', period.circuit, at))
  return { ...(await named(db, building.estate, firm)), dwelling, entrance, building, period }
}

export interface DwellingWhereabouts extends NamedWhereabouts {
  readonly dwelling: RegistryRow<'dwelling'>
  readonly entrance: RegistryRow<'entrance'>
  readonly building: RegistryRow<'building'>
  /** What holds of the dwelling then: circuit, area, contract. */
  readonly period?: RegistryRow<'dwelling_period'>
}

/** A plant's place and its operator at a time; undefined where the registry has no such plant. */
export async function plantWhereabouts(
  db: LedgerDb,
  kind: PlantKind,
  plantId: string,
  at: number,
): Promise<NamedWhereabouts | undefined> {
  const node = await plantNode(db, kind, plantId)
  return node === undefined ? undefined : named(db, node, await plantFirm(db, kind, plantId, at))
}

async function plantNode(db: LedgerDb, kind: PlantKind, plantId: string): Promise<string | undefined> {
  if (kind === 'source') return (await currentRow(db, 'source', plantId))?.district
  if (kind === 'substation') return (await currentRow(db, 'substation', plantId))?.territory
  const circuit = await currentRow(db, 'circuit', plantId)
  return circuit && (await currentRow(db, 'substation', circuit.substation))?.territory
}

/** The firm that operates a plant at a time. A circuit without an entry of its own has its substation's. */
async function plantFirm(db: LedgerDb, kind: PlantKind, plantId: string, at: number): Promise<string | undefined> {
  const own = await entryAt(db, 'plant_period', [kind, plantId], at)
  if (own || kind !== 'circuit') return own?.firm
  const circuit = await currentRow(db, 'circuit', plantId)
  return circuit && plantFirm(db, 'substation', circuit.substation, at)
}

/** More plants than any one firm of a large city operates. */
const plantsPerFirmMax = 20_000

/** Every plant that a firm operates at a time, circuits that follow their substation included. */
export async function plantsOfFirm(
  db: LedgerDb,
  firmId: string,
  at: number,
): Promise<{ kind: PlantKind; id: string }[]> {
  const found = await sql<{ kind: PlantKind; id: string }>`
    select t.plant_kind as kind, t.plant as id from plant_period as t
      where t.firm = ${firmId} and ${inForce('plant_period', 't', at)}
    union
    select 'circuit' as kind, circuit.id from plant_period as t
      join circuit on circuit.substation = t.plant and ${counts('circuit', 'circuit')}
      where t.firm = ${firmId} and t.plant_kind = 'substation' and ${inForce('plant_period', 't', at)}
        and not exists (select 1 from plant_period as own
          where own.plant_kind = 'circuit' and own.plant = circuit.id and ${inForce('plant_period', 'own', at)})
    order by kind, id limit ${plantsPerFirmMax}`.execute(db)
  return found.rows
}

/** A place holds a handful of devices; a district's weather stations are the most. */
const devicesPerPlaceMax = 1_000

/** The devices that stand at a place at a time. */
export function devicesAt(db: LedgerDb, placeKind: PlaceKind, place: string, at: number): Promise<DevicePeriod[]> {
  return entriesAt(db, 'device_period', { place_kind: placeKind, place }, at, { limit: devicesPerPlaceMax })
}

/** Whoever is responsible for a gateway's place; gateways belong to no firm. */
export async function gatewayWhereabouts(db: LedgerDb, gatewayId: string): Promise<NamedWhereabouts | undefined> {
  const gateway = await currentRow(db, 'gateway', gatewayId)
  return gateway && named(db, gateway.territory, undefined)
}
