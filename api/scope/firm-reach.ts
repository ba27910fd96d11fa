import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { LedgerDb } from '#store/ledger/database.ts'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { plantsOfFirm, plantWhereabouts, territoryPath } from '#store/ledger/registry-places.ts'
import { counts, inForce } from '#store/ledger/registry-view.ts'

/**
 * What belongs to a firm by what it operates: the registry says only who operates a plant. Computed circuit by
 * circuit, so that requests in between are served, and kept for a while, because lists ask for it row by row.
 */
export interface FirmReach {
  readonly plants: ReadonlySet<string>
  readonly buildings: ReadonlySet<string>
  readonly gateways: ReadonlySet<string>
  /** Territory nodes where it has plants or feeds buildings, and those above them. */
  readonly territory: ReadonlySet<string>
}

/** Key of a plant in `plants`. */
export const plantKey = (kind: string, id: string): string => `${kind}/${id}`

/** Entries of the registry begin and end by the clock too, not only by an import. */
const reachKeptMs = 10 * 60_000
/** A city has some dozens of firms. */
const firmsKeptMax = 200

interface Kept {
  readonly version: number
  readonly at: number
  readonly reach: Promise<FirmReach>
}

/** Finds a firm's reach at a time of the service's clock, from memory where nothing changed since. */
export function makeFirmReach(db: LedgerDb): (firm: string, at: number) => Promise<FirmReach> {
  const kept = new Map<string, Kept>()
  return async (firm, at) => {
    const version = await registryVersion(db)
    const known = kept.get(firm)
    if (known?.version === version && Math.abs(at - known.at) < reachKeptMs) return known.reach
    const reach = computeReach(db, firm, at)
    kept.delete(firm)
    kept.set(firm, { version, at, reach })
    for (const oldest of kept.keys()) {
      if (kept.size <= firmsKeptMax) break
      kept.delete(oldest)
    }
    // A failure must not be what everybody gets from now on.
    reach.catch(() => kept.delete(firm))
    return reach
  }
}

async function computeReach(db: LedgerDb, firm: string, at: number): Promise<FirmReach> {
  const plants = await plantsOfFirm(db, firm, at)
  const buildings = new Set<string>()
  const gateways = new Set<string>()
  const nodes = new Set<string>()
  for (const { kind, id } of plants) {
    const where = await plantWhereabouts(db, kind, id, at)
    for (const node of where?.territory ?? []) nodes.add(node)
    for (const { gateway } of await gatewaysAtPlant(db, kind, id, at)) gateways.add(gateway)
    if (kind !== 'circuit') continue
    for (const fed of await fedByCircuit(db, id, at)) {
      buildings.add(fed.building)
      nodes.add(fed.estate)
      if (fed.gateway !== null) gateways.add(fed.gateway)
    }
    await nextTurn()
  }
  return {
    plants: new Set(plants.map(({ kind, id }) => plantKey(kind, id))),
    buildings,
    gateways,
    territory: await withNodesAbove(db, nodes),
  }
}

async function gatewaysAtPlant(db: LedgerDb, kind: string, id: string, at: number): Promise<{ gateway: string }[]> {
  const found = await sql<{ gateway: string }>`
    select distinct t.gateway from device_period as t
    where t.place = ${id} and t.place_kind = ${kind} and ${inForce('device_period', 't', at)}`.execute(db)
  return found.rows
}

interface Fed {
  building: string
  estate: string
  gateway: string | null
}

/** Buildings with homes on the circuit, and the gateways that carry the probes in these homes. */
async function fedByCircuit(db: LedgerDb, circuit: string, at: number): Promise<Fed[]> {
  const found = await sql<Fed>`
    select distinct building.id as building, building.estate, device.gateway
    from dwelling_period as home
    join dwelling on dwelling.id = home.dwelling and ${counts('dwelling', 'dwelling')}
    join entrance on entrance.id = dwelling.entrance and ${counts('entrance', 'entrance')}
    join building on building.id = entrance.building and ${counts('building', 'building')}
    left join device_period as device on device.place = home.dwelling and device.place_kind = 'dwelling'
      and ${inForce('device_period', 'device', at)}
    where home.circuit = ${circuit} and ${inForce('dwelling_period', 'home', at)}`.execute(db)
  return found.rows
}

async function withNodesAbove(db: LedgerDb, nodes: ReadonlySet<string>): Promise<Set<string>> {
  const all = new Set<string>()
  for (const node of nodes) {
    if (all.has(node)) continue
    for (const { id } of await territoryPath(db, node)) all.add(id)
  }
  return all
}
