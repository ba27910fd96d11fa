import { emitterExponentOf, emitterExponents, type HeatingCurve } from '#domain/heating-curve.ts'
import { type RegistryRow, registryTableNames } from '#domain/registry.ts'
import { type CityOptions, planCity } from './city-plan.ts'
import { demoGatewayId } from './estate-rows.ts'
import { type RegistryRows, registryRows } from './registry-rows.ts'

/** A simulated city: its registry, and the same as numbered things for the physics. */
export interface City {
  readonly seed: number
  readonly registry: RegistryRows
  readonly districts: readonly string[]
  readonly sources: readonly SourcePlace[]
  readonly substations: readonly SubstationPlace[]
  readonly circuits: readonly CircuitPlace[]
  readonly dwellings: readonly DwellingPlace[]
  /** Homes of one building on one circuit: they share walls and water. */
  readonly groups: readonly { readonly building: string; readonly circuit: number }[]
  readonly gateways: readonly GatewayPlace[]
  readonly devices: readonly DevicePlace[]
}

interface SourcePlace {
  readonly id: string
  readonly kind: RegistryRow<'source'>['kind']
  readonly district: number
  readonly curve: HeatingCurve
}

interface SubstationPlace {
  readonly id: string
  readonly sources: readonly number[]
  readonly district: number
}

interface CircuitPlace {
  readonly id: string
  readonly substation: number
  readonly zone: RegistryRow<'circuit'>['zone']
  readonly curve: HeatingCurve
  readonly floorHeating: boolean
}

export interface DwellingPlace {
  readonly id: string
  readonly building: string
  readonly riser: string | undefined
  readonly builtYear: number
  readonly circuit: number
  readonly group: number
  readonly areaM2: number
  readonly floor: number
  readonly position: RegistryRow<'dwelling_period'>['position']
  readonly contract: RegistryRow<'dwelling_period'>['contract']
}

interface GatewayPlace {
  readonly id: string
  /** The few gateways of another make speak SenML. */
  readonly encoding: 'native' | 'senml'
}

export interface DevicePlace {
  readonly id: string
  readonly kind: RegistryRow<'device'>['kind']
  readonly gateway: number
  readonly placeKind: RegistryRow<'device_period'>['place_kind']
  /** Number of the dwelling, plant or district where it is. */
  readonly place: number
  readonly samplingMs: number
  readonly reportingMs: number
}

/** Outdoor temperature that Harbin's heating is designed for, and the indoor temperature that curves aim at, °C. */
const designOutdoorC = -24.2
const curveIndoorC = 20

/** The last period of a subject is the one that the simulation lives in. */
const lastBy = <R, K>(rows: readonly R[], keyOf: (row: R) => K) => new Map(rows.map((row) => [keyOf(row), row]))

/** One probe gateway in this many speaks SenML. */
const senmlGatewayEvery = 12

const numbered = (rows: readonly { readonly id: string }[]) => new Map(rows.map((row, index) => [row.id, index]))

function lookUp<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key)
  if (value === undefined) throw new Error(`the registry of the simulated city has no ${String(key)}`)
  return value
}

/** Makes the whole city in memory: about 3 KB a dwelling. For the registry alone of a huge city see `registryCsv`. */
export function makeCity(options: CityOptions): City {
  const rows = Object.fromEntries(registryTableNames.map((table) => [table, []])) as unknown as RegistryRows
  for (const { table, row } of registryRows(planCity(options))) (rows[table] as unknown[]).push(row)
  return cityOf(options.seed, rows)
}

function cityOf(seed: number, registry: RegistryRows): City {
  const districts = registry.territory.filter((node) => node.kind === 'district').map((node) => node.id)
  const districtNumber = new Map(districts.map((id, index) => [id, index]))
  const design = lastBy(registry.plant_period, (row) => row.plant)
  const curveOf = (plant: string) => {
    const { design_supply_c: designSupplyC = 75, design_return_c: designReturnC = 50 } = lookUp(design, plant)
    const emitterExponent = emitterExponentOf(designSupplyC)
    return { designSupplyC, designReturnC, designOutdoorC, indoorC: curveIndoorC, emitterExponent }
  }
  const sourceNumber = numbered(registry.source)
  const substationNumber = numbered(registry.substation)
  const circuitNumber = numbered(registry.circuit)
  const districtOfNode = districtFinder(registry, districtNumber)
  const feeding = Map.groupBy(registry.substation_source, (row) => row.substation)
  const { dwellings, groups } = placeDwellings(registry, circuitNumber)
  const places = {
    source: sourceNumber,
    substation: substationNumber,
    circuit: circuitNumber,
    dwelling: numbered(registry.dwelling),
    district: districtNumber,
  }
  return {
    seed,
    registry,
    districts,
    sources: registry.source.map((row) => ({
      id: row.id,
      kind: row.kind,
      district: lookUp(districtNumber, row.district),
      curve: curveOf(row.id),
    })),
    substations: registry.substation.map((row) => ({
      id: row.id,
      sources: lookUp(feeding, row.id).map((feed) => lookUp(sourceNumber, feed.source)),
      district: districtOfNode(row.territory),
    })),
    circuits: registry.circuit.map((row) => ({
      id: row.id,
      substation: lookUp(substationNumber, row.substation),
      zone: row.zone,
      curve: curveOf(row.id),
      floorHeating: curveOf(row.id).emitterExponent === emitterExponents.floor,
    })),
    dwellings,
    groups,
    ...placeDevices(registry, places),
  }
}

function districtFinder(registry: RegistryRows, districtNumber: ReadonlyMap<string, number>) {
  const nodes = new Map(registry.territory.map((row) => [row.id, row]))
  return (id: string): number => {
    let node = lookUp(nodes, id)
    while (node.kind !== 'district' && node.parent !== undefined) node = lookUp(nodes, node.parent)
    return lookUp(districtNumber, node.id)
  }
}

function placeDwellings(registry: RegistryRows, circuitNumber: ReadonlyMap<string, number>) {
  const buildings = new Map(registry.building.map((row) => [row.id, row]))
  const buildingOfEntrance = new Map(registry.entrance.map((row) => [row.id, row.building]))
  const periods = lastBy(registry.dwelling_period, (row) => row.dwelling)
  const groupNumbers = new Map<string, number>()
  const groups: { building: string; circuit: number }[] = []
  const dwellings = registry.dwelling.map((row): DwellingPlace => {
    const period = lookUp(periods, row.id)
    const building = lookUp(buildings, lookUp(buildingOfEntrance, row.entrance))
    const circuit = lookUp(circuitNumber, period.circuit)
    const groupKey = `${building.id} ${period.circuit}`
    const group = groupNumbers.get(groupKey) ?? groups.length
    if (group === groups.length) {
      groupNumbers.set(groupKey, group)
      groups.push({ building: building.id, circuit })
    }
    return {
      id: row.id,
      building: building.id,
      riser: row.riser,
      builtYear: building.built_year ?? 1990,
      circuit,
      group,
      areaM2: period.heated_area_m2,
      floor: period.floor,
      position: period.position,
      contract: period.contract,
    }
  })
  return { dwellings, groups }
}

/** Gateways and devices that the simulator speaks for: all but the demo's. */
function placeDevices(
  registry: RegistryRows,
  places: Readonly<Record<RegistryRow<'device_period'>['place_kind'], ReadonlyMap<string, number>>>,
) {
  const gatewayRows = registry.gateway.filter((row) => row.id !== demoGatewayId)
  const gatewayNumber = numbered(gatewayRows)
  const kinds = new Map(registry.device.map((row) => [row.id, row.kind]))
  const devices = [...lastBy(registry.device_period, (row) => row.device).values()]
    .filter((row) => row.gateway !== demoGatewayId)
    .map(
      (row): DevicePlace => ({
        id: row.device,
        kind: lookUp(kinds, row.device),
        gateway: lookUp(gatewayNumber, row.gateway),
        placeKind: row.place_kind,
        place: lookUp(places[row.place_kind], row.place),
        samplingMs: row.sampling_interval_s * 1000,
        reportingMs: row.reporting_interval_s * 1000,
      }),
    )
  const withProbes = new Set(devices.filter((device) => device.kind === 'probe').map((device) => device.gateway))
  const gateways = gatewayRows.map(
    (row, index): GatewayPlace => ({
      id: row.id,
      encoding: withProbes.has(index) && index % senmlGatewayEvery === 5 ? 'senml' : 'native',
    }),
  )
  return { devices, gateways }
}
