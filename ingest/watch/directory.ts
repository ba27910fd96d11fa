import type { DevicePeriod, DwellingPeriod } from '#domain/registry.ts'
import type { ContractRow, PlacementRow } from '#store/ledger/directory.ts'
import { type ContractColumns, type ContractPeriod, createContracts } from './contracts.ts'
import { type Endable, endable, ended, inForceAt, withEntry } from './dated-entries.ts'
import { type DirectoryColumns, emptyColumns, extended, growColumns, roomFor } from './directory-columns.ts'
import { createIdTable, type IdTable, type IdTableParts } from './id-table.ts'

/** A device's place from a time until a time. */
export interface Placement {
  readonly placeKind: DevicePeriod['place_kind']
  readonly place: string
  readonly gateway: string
  readonly validFrom: number
  readonly validTo: number
  readonly samplingMs: number
  readonly reportingMs: number
  readonly toleranceK: number
}

export const placeCodes = { none: 0, dwelling: 1, circuit: 2, substation: 3, source: 4, district: 5 } as const
const placeKinds = ['none', 'dwelling', 'circuit', 'substation', 'source', 'district'] as const

const forever = Number.POSITIVE_INFINITY

/**
 * Every device with the place that it is watched at, by slot: one column a field, because 2.5 million objects would
 * not fit. The few devices and dwellings with several entries have them in maps beside.
 */
export interface Directory {
  readonly devices: IdTable
  readonly dwellings: IdTable
  /** Plants and districts, as "circuit/C-1". */
  readonly plants: IdTable
  readonly gateways: IdTable
  /** By slot, of the placement in use. `place` is a number in `dwellings`, or in `plants`. */
  readonly columns: DirectoryColumns
  /** By gateway: the longest reporting interval of its devices. */
  gatewayReportingMs(gateway: number): number
  /** By plant: the shortest reporting interval of its sensors; infinite without any. */
  plantReportingMs(plant: number): number
  placementOf(slot: number): Placement | undefined
  /** All placements that are known, in order of their beginning. */
  placementsOf(slot: number): readonly Placement[]
  /** Gateway of a device with one placement; -1 for one that has none or several. */
  onlyGateway(slot: number): number
  /** The placement in force at a time, whether it is in use or not. */
  placementAt(slot: number, at: number): Placement | undefined
  putPlacement(slot: number, placement: Placement): void
  /** Contract in force at a time. */
  contractAt(dwelling: number, at: number): DwellingPeriod['contract'] | undefined
  /** Slots of the probes in a dwelling. */
  slotsIn(dwelling: number): number[]
  /** The first of these, or -1; the others follow in the column `sibling`. */
  firstSlotIn(dwelling: number): number
  /** Takes registry rows; returns the slots in use whose placement was taken from under them. */
  addPlacements(rows: readonly PlacementRow[], inUseAt: (slot: number) => number): DisplacedSlot[]
  addContracts(rows: readonly ContractRow[]): void
  /** Chooses again among the entries of devices that have several. */
  chooseAgain(inUseAt: (slot: number) => number): void
  /** Call when a load is over. */
  finishLoad(): void
  /** Slots in the order of their dwellings' numbers. */
  slotsByDwelling(): Uint32Array
  /** Rises with every change. */
  readonly revision: number
  parts(): DirectoryParts
}

/** All of a directory, to be kept in a file. */
export interface DirectoryParts {
  readonly arrays: DirectoryArrays
  readonly entries: DirectoryEntries
}

/** By name: the columns, and the parts of the tables of ids. */
export type DirectoryArrays = Readonly<
  Record<string, Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>
>

/** Of the devices and dwellings that have several entries; an end that is not known is null. */
export interface DirectoryEntries {
  readonly placements: readonly (readonly [number, readonly Endable<Placement>[]])[]
  readonly contracts: readonly (readonly [number, readonly Endable<ContractPeriod>[]])[]
}

/** A slot whose placement was corrected away, and where it was until now. */
export interface DisplacedSlot {
  readonly slot: number
  readonly before: Placement
}

/** `shared`: the table of devices to go on with; it begins with the devices of `kept`. */
export function createDirectory(kept?: DirectoryParts, shared?: IdTable): Directory {
  const tableOf = (name: (typeof tableNames)[number]) => createIdTable(kept && tableFrom(kept, name))
  const devices = shared ?? tableOf('devices')
  const tables = { devices, dwellings: tableOf('dwellings'), plants: tableOf('plants'), gateways: tableOf('gateways') }
  const { dwellings, plants, gateways } = tables
  const columns = kept ? columnsFrom(kept) : emptyColumns(1024)
  const homes = kept?.arrays as (ContractColumns & { readonly firstSlot: Int32Array<ArrayBuffer> }) | undefined
  const contracts = createContracts(homes, kept?.entries.contracts)
  /** By dwelling: its first probe, or -1. */
  let firstSlot = homes?.firstSlot ?? new Int32Array(1024).fill(-1)
  let revision = 0
  /** All entries of the devices that have several, by time of beginning. */
  const placements = new Map<number, Placement[]>(kept?.entries.placements.map(([slot, all]) => [slot, all.map(ended)]))
  let gatewayReporting = new Float64Array(0)
  let plantReporting = new Float64Array(0)

  function roomForSlots(count: number): void {
    if (count > columns.place.length) growColumns(columns, count)
  }

  function roomForDwellings(count: number): void {
    if (count > firstSlot.length) firstSlot = extended(firstSlot, new Int32Array(roomFor(count)).fill(-1))
  }

  function placementOf(slot: number): Placement | undefined {
    const code = columns.placeKind[slot] ?? placeCodes.none
    if (code === placeCodes.none) return undefined
    const place = columns.place[slot] as number
    const placeKind = placeKinds[code] as Placement['placeKind']
    return {
      placeKind,
      place: code === placeCodes.dwelling ? dwellings.at(place) : plants.at(place).slice(placeKind.length + 1),
      gateway: gateways.at(columns.gateway[slot] as number),
      validFrom: columns.validFrom[slot] as number,
      validTo: columns.validTo[slot] as number,
      samplingMs: columns.samplingMs[slot] as number,
      reportingMs: columns.reportingMs[slot] as number,
      toleranceK: (columns.toleranceCenti[slot] as number) / 100,
    }
  }

  function unlink(slot: number): void {
    if (columns.placeKind[slot] !== placeCodes.dwelling) return
    const dwelling = columns.place[slot] as number
    const next = columns.sibling[slot] as number
    let before = firstSlot[dwelling] as number
    if (before === slot) firstSlot[dwelling] = next
    else {
      while (before >= 0 && columns.sibling[before] !== slot) before = columns.sibling[before] as number
      if (before >= 0) columns.sibling[before] = next
    }
    columns.sibling[slot] = -1
  }

  function putPlacement(slot: number, placement: Placement): void {
    revision += 1
    unlink(slot)
    const code = placeCodes[placement.placeKind]
    const inDwelling = code === placeCodes.dwelling
    const place = inDwelling
      ? dwellings.take(placement.place)
      : plants.take(`${placement.placeKind}/${placement.place}`)
    columns.placeKind[slot] = code
    columns.place[slot] = place
    columns.gateway[slot] = gateways.take(placement.gateway)
    columns.validFrom[slot] = placement.validFrom
    const next = placements.get(slot)?.find((entry) => entry.validFrom > placement.validFrom)
    columns.validTo[slot] = Math.min(placement.validTo, next?.validFrom ?? forever)
    columns.samplingMs[slot] = placement.samplingMs
    columns.reportingMs[slot] = placement.reportingMs
    columns.toleranceCenti[slot] = Math.round(placement.toleranceK * 100)
    if (!inDwelling) return
    roomForDwellings(dwellings.length)
    columns.sibling[slot] = firstSlot[place] as number
    firstSlot[place] = slot
  }

  function clearPlacement(slot: number): void {
    revision += 1
    unlink(slot)
    columns.placeKind[slot] = placeCodes.none
  }

  function placementsOf(slot: number): readonly Placement[] {
    const several = placements.get(slot)
    if (several) return several
    const only = placementOf(slot)
    return only ? [only] : []
  }

  function choose(slot: number, all: readonly Placement[], at: number): Placement | undefined {
    const chosen = inForceAt(all, at) ?? all.findLast((entry) => entry.validFrom <= at) ?? all[0]
    if (chosen) putPlacement(slot, chosen)
    else clearPlacement(slot)
    return chosen
  }

  /** Returns where the slot was, when the entry it used is gone or speaks of another place. */
  function addPlacement(row: PlacementRow, inUseAt: (slot: number) => number): DisplacedSlot | undefined {
    const slot = devices.take(row.device)
    roomForSlots(devices.length)
    revision += 1
    columns.changedIn[slot] = Math.max(columns.changedIn[slot] as number, row.batch)
    const placement = placementFrom(row)
    const used = placementOf(slot)
    if (!used && !placements.has(slot)) {
      if (placement.validTo > placement.validFrom) putPlacement(slot, placement)
      return undefined
    }
    const all = withEntry(placements.get(slot) ?? (used ? [used] : []), placement)
    if (all.length > 1) placements.set(slot, all)
    else placements.delete(slot)
    const chosen = choose(slot, all, inUseAt(slot))
    const stays = chosen && used && chosen.placeKind === used.placeKind && chosen.place === used.place
    return used && !stays ? { slot, before: used } : undefined
  }

  function addContract(row: ContractRow): void {
    revision += 1
    contracts.add(dwellings.take(row.dwelling), row)
    roomForDwellings(dwellings.length)
  }

  function finishLoad(): void {
    roomForSlots(devices.length)
    gatewayReporting = new Float64Array(gateways.length)
    plantReporting = new Float64Array(plants.length).fill(forever)
    for (let slot = 0; slot < devices.length; slot += 1) {
      const code = columns.placeKind[slot] as number
      if (code === placeCodes.none) continue
      const reportingMs = columns.reportingMs[slot] as number
      const gateway = columns.gateway[slot] as number
      gatewayReporting[gateway] = Math.max(gatewayReporting[gateway] as number, reportingMs)
      const place = columns.place[slot] as number
      if (code !== placeCodes.dwelling) plantReporting[place] = Math.min(plantReporting[place] as number, reportingMs)
    }
  }

  /** A counting sort: dwellings' numbers are dense. */
  function slotsByDwelling(): Uint32Array {
    roomForSlots(devices.length)
    const starts = new Uint32Array(dwellings.length + 1)
    let count = 0
    for (let slot = 0; slot < devices.length; slot += 1) {
      if (columns.placeKind[slot] !== placeCodes.dwelling) continue
      const next = (columns.place[slot] as number) + 1
      starts[next] = (starts[next] as number) + 1
      count += 1
    }
    for (let dwelling = 1; dwelling < starts.length; dwelling += 1) {
      starts[dwelling] = (starts[dwelling] as number) + (starts[dwelling - 1] as number)
    }
    const ordered = new Uint32Array(count)
    for (let slot = 0; slot < devices.length; slot += 1) {
      if (columns.placeKind[slot] !== placeCodes.dwelling) continue
      const dwelling = columns.place[slot] as number
      ordered[starts[dwelling] as number] = slot
      starts[dwelling] = (starts[dwelling] as number) + 1
    }
    return ordered
  }

  return {
    devices,
    dwellings,
    plants,
    gateways,
    columns,
    gatewayReportingMs: (gateway) => gatewayReporting[gateway] ?? 0,
    plantReportingMs: (plant) => plantReporting[plant] ?? forever,
    placementOf,
    placementsOf,
    onlyGateway(slot) {
      if ((columns.placeKind[slot] ?? placeCodes.none) === placeCodes.none) return -1
      return placements.size > 0 && placements.has(slot) ? -1 : (columns.gateway[slot] as number)
    },
    placementAt: (slot, at) => inForceAt(placementsOf(slot), at),
    putPlacement,
    contractAt: contracts.at,
    slotsIn(dwelling) {
      const slots: number[] = []
      for (let slot = firstSlot[dwelling] ?? -1; slot >= 0; slot = columns.sibling[slot] as number) slots.push(slot)
      return slots
    },
    firstSlotIn: (dwelling) => firstSlot[dwelling] ?? -1,
    addPlacements: (rows, inUseAt) =>
      rows.map((row) => addPlacement(row, inUseAt)).filter((displaced) => displaced !== undefined),
    addContracts: (rows) => rows.forEach(addContract),
    chooseAgain(inUseAt) {
      for (const [slot, all] of placements) choose(slot, all, inUseAt(slot))
    },
    finishLoad,
    slotsByDwelling,
    get revision() {
      return revision
    },
    parts() {
      roomForSlots(devices.length)
      const arrays: Record<string, DirectoryArrays[string]> = {}
      for (const [name, column] of Object.entries(columns)) arrays[name] = column.subarray(0, devices.length)
      Object.assign(arrays, contracts.columns(dwellings.length), { firstSlot: firstSlot.subarray(0, dwellings.length) })
      for (const name of tableNames) {
        for (const [part, values] of Object.entries(tables[name].parts())) arrays[`${name}.${part}`] = values
      }
      const entries = {
        placements: [...placements].map(([slot, all]) => [slot, all.map(endable)] as const),
        contracts: [...contracts.several()].map(([dwelling, all]) => [dwelling, all.map(endable)] as const),
      }
      return { arrays, entries }
    },
  }
}

const tableNames = ['devices', 'dwellings', 'plants', 'gateways'] as const

function columnsFrom({ arrays }: DirectoryParts): DirectoryColumns {
  const columns: Record<string, DirectoryArrays[string] | undefined> = {}
  for (const name of Object.keys(emptyColumns(0))) columns[name] = arrays[name]
  return columns as unknown as DirectoryColumns
}

function tableFrom({ arrays }: DirectoryParts, name: string): IdTableParts {
  const parts = { bytes: arrays[`${name}.bytes`], ends: arrays[`${name}.ends`], cells: arrays[`${name}.cells`] }
  return parts as unknown as IdTableParts
}

const placementFrom = (row: PlacementRow): Placement => ({
  placeKind: row.place_kind,
  place: row.place,
  gateway: row.gateway,
  validFrom: row.valid_from,
  validTo: row.valid_to ?? forever,
  samplingMs: row.sampling_interval_s * 1000,
  reportingMs: row.reporting_interval_s * 1000,
  toleranceK: row.tolerance_k,
})
