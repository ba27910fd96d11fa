import { deserialize, serialize } from 'node:v8'
import { newProbe } from '#domain/dwelling-watch.ts'
import type { StoredFlag } from '#store/ledger/flags.ts'
import { type Directory, placeCodes } from './directory.ts'
import { packPage, unpackPage } from './page-codec.ts'
import type { DirtyPages } from './pages.ts'
import type { ProbeColumns } from './probe-columns.ts'
import type { WorldPart, WorldWatch } from './world-watch.ts'

/**
 * Moves what the watch knows of some gateways to the watch of another worker: their probes, the plants whose sensors
 * they carry, and when they were last heard.
 */
export interface HandOverParts {
  readonly directory: Directory
  readonly columns: ProbeColumns
  readonly pages: DirtyPages
  readonly world: WorldWatch
}

interface PackedGatewayState {
  /** Ids of the probes, in the order of their states. */
  readonly devices: readonly string[]
  readonly states: Uint8Array
  readonly world: WorldPart
}

/** What the watch knows of each gateway that is asked for, packed; gateways of which it knows nothing are left out. */
export function packGateways(parts: HandOverParts, isAsked: (gateway: string) => boolean): Map<string, Uint8Array> {
  const { directory, columns, world } = parts
  const slots = Map.groupBy(slotsOf(parts, isAsked), (slot) => gatewayOf(directory, slot))
  const plants = plantsOf(parts)
  const packed = new Map<string, Uint8Array>()
  for (let number = 0; number < directory.gateways.length; number++) {
    const gateway = directory.gateways.at(number)
    if (!isAsked(gateway)) continue
    const known = (slots.get(gateway) ?? []).filter((slot) => isKnown(columns, slot))
    const part = world.partOf(
      (kind, id) => (kind === 'gateway' ? id === gateway : plants.get(id)?.has(gateway)) ?? false,
    )
    if (known.length + part.plants.length + part.gateways.length === 0) continue
    const state: PackedGatewayState = {
      devices: known.map((slot) => directory.devices.at(slot)),
      states: packPage(known.map((slot) => columns.get(slot))),
      world: part,
    }
    packed.set(gateway, serialize(state))
  }
  return packed
}

/** Takes what another watch has packed; it has to be written before the journal's records of these gateways count. */
export function unpackGateway(
  { directory, columns, pages, world }: HandOverParts,
  packed: Uint8Array,
  position: number,
): void {
  const { devices, states, world: part }: PackedGatewayState = deserialize(packed)
  for (const [index, state] of unpackPage(states).entries()) {
    const slot = directory.devices.find(devices[index] ?? '')
    if (slot < 0) continue
    columns.put(slot, state)
    pages.touch(slot, position)
  }
  world.takePart(part)
}

/** Forgets what the watch knows of gateways that others watch now: it would take them for silent. */
export function forgetGateways(parts: HandOverParts, isOthers: (gateway: string) => boolean, position: number): number {
  const { columns, pages, world } = parts
  let forgotten = 0
  for (const slot of slotsOf(parts, isOthers)) {
    if (!isKnown(columns, slot)) continue
    columns.put(slot, newProbe)
    pages.touch(slot, position)
    forgotten++
  }
  const plants = plantsOf(parts)
  world.forget((kind, id) => {
    if (kind === 'gateway') return isOthers(id)
    const gateways = plants.get(id)
    return gateways !== undefined && [...gateways].every(isOthers)
  })
  return forgotten
}

/** Whose flag it is: that of the gateway through which its probe or sensor reports; everybody's where none is known. */
export function flagBelongs(parts: HandOverParts, isOurs: (gateway: string) => boolean): (flag: StoredFlag) => boolean {
  const { directory } = parts
  const plants = plantsOf(parts)
  return ({ subjectKind, subject, device }) => {
    if (subjectKind === 'gateway') return isOurs(subject)
    if (subjectKind === 'dwelling' || subjectKind === 'device') {
      const slot = directory.devices.find(subjectKind === 'device' ? subject : (device ?? ''))
      return slot < 0 || directory.columns.placeKind[slot] === placeCodes.none || isOurs(gatewayOf(directory, slot))
    }
    const gateways = plants.get(`${subjectKind}/${subject}`)
    return gateways === undefined || [...gateways].some(isOurs)
  }
}

const gatewayOf = (directory: Directory, slot: number) => directory.gateways.at(directory.columns.gateway[slot] ?? 0)

const isKnown = (columns: ProbeColumns, slot: number) =>
  (columns.newestAt[slot] ?? 0) > 0 || (columns.heardAt[slot] ?? 0) > 0 || columns.isUneasy(slot)

function slotsOf({ directory }: HandOverParts, isAsked: (gateway: string) => boolean): number[] {
  const asked = Array.from({ length: directory.gateways.length }, (_, number) => isAsked(directory.gateways.at(number)))
  const slots: number[] = []
  for (let slot = 0; slot < directory.devices.length; slot++) {
    if (directory.columns.placeKind[slot] !== placeCodes.dwelling) continue
    if (asked[directory.columns.gateway[slot] ?? 0]) slots.push(slot)
  }
  return slots
}

/** By plant, as "circuit/C-1": the gateways that carry its sensors. */
function plantsOf({ directory }: HandOverParts): Map<string, Set<string>> {
  const plants = new Map<string, Set<string>>()
  for (let slot = 0; slot < directory.devices.length; slot++) {
    const kind = directory.columns.placeKind[slot]
    if (kind === placeCodes.none || kind === placeCodes.dwelling || kind === placeCodes.district) continue
    const plant = directory.plants.at(directory.columns.place[slot] ?? 0)
    const gateways = plants.get(plant) ?? new Set()
    gateways.add(gatewayOf(directory, slot))
    plants.set(plant, gateways)
  }
  return plants
}
