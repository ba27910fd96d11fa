import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import { type CityPlan, districtOf, dwellingsOf, hasFloorHeating, shapeOf, sourcesOf, supplierOf } from './city-plan.ts'
import { type CityRow, layEstate, numberedId, rowOf } from './estate-rows.ts'
import {
  circuitName,
  cityName,
  communityName,
  districts,
  estateName,
  firmName,
  sourceName,
  subdistrictName,
  substationName,
} from './names.ts'

/** When the registry of the simulated city begins: the first day of a heating season. */
const registryFrom = Date.parse('2015-10-20T00:00:00+08:00')
/** One substation in nine has changed its operator, in summer as usual. */
const operatorChangedAt = Date.parse('2024-07-01T00:00:00+08:00')

/** Plant sensors and weather stations: measured once a minute and reported at once; the weather every five. */
const plantIntervalS = 60
const weatherIntervalS = 300

/** Design temperatures in °C at the design outdoor temperature, supply and return. */
const designC = { source: [110, 60], radiator: [75, 50], floor: [50, 40] } as const

const cityId = 'hrb'
const districtId = (district: number) => `${cityId}-${districts[district]?.code}`
const firmId = (index: number) => numberedId('F', index, 2)
const sourceId = (index: number) => numberedId('S', index, 2)
const substationId = (index: number) => numberedId('H', index, 4)

/** Every row of the city's registry in an order in which it can be loaded, made on the way: nothing is kept. */
export function* registryRows(plan: CityPlan): Generator<CityRow> {
  yield* topRows(plan)
  for (let substation = 0; substation < plan.substations; substation++) {
    const estate = numberedId('E', substation, 4)
    yield* territoryRows(plan, substation, estate)
    yield* substationRows(plan, substation, estate)
    const shape = shapeOf(substation)
    const circuits = shape.zones.map((zone) => `${substationId(substation)}-${zone}`)
    yield* layEstate({
      plan,
      substation,
      estate,
      shape,
      circuits,
      heatingType: hasFloorHeating(substation) ? 'floor' : 'radiator',
      dwellings: dwellingsOf(plan, substation),
      firstDwelling: Math.floor((plan.dwellings * substation) / plan.substations),
      validFrom: registryFrom,
    })
  }
}

function* topRows(plan: CityPlan): Generator<CityRow> {
  yield rowOf('territory', { id: cityId, kind: 'city', ...cityName })
  for (let index = 0; index < plan.districts; index++) {
    const { name, name_en } = districts[index] as (typeof districts)[number]
    yield rowOf('territory', { id: districtId(index), kind: 'district', parent: cityId, name, name_en })
  }
  for (const [index, role] of plan.firms.entries()) {
    yield rowOf('firm', { id: firmId(index), ...firmName(index), role, phone: `0451-5550${100 + index}` })
  }
  for (const [index, source] of plan.sources.entries()) {
    const id = sourceId(index)
    const place = districtId(source.district)
    yield rowOf('source', { id, kind: source.kind, district: place, ...sourceName(source.kind, index) })
    yield rowOf('plant_period', {
      plant_kind: 'source',
      plant: id,
      firm: firmId(source.firm),
      valid_from: registryFrom,
      design_supply_c: designC.source[0],
      design_return_c: designC.source[1],
    })
    yield* plantDeviceRows('source', [id], `G-${id}`, place)
  }
  for (let index = 0; index < plan.districts; index++) yield* weatherStationRows(index)
}

function* weatherStationRows(district: number): Generator<CityRow> {
  const code = districts[district]?.code
  const place = districtId(district)
  yield rowOf('gateway', { id: `G-W-${code}`, territory: place })
  yield rowOf('device', { id: `W-${code}`, kind: 'weatherStation', model: 'WS-5' })
  yield rowOf('device_period', {
    device: `W-${code}`,
    gateway: `G-W-${code}`,
    place_kind: 'district',
    place,
    valid_from: registryFrom,
    sampling_interval_s: weatherIntervalS,
    reporting_interval_s: weatherIntervalS,
    tolerance_k: 0.2,
  })
}

/** Subdistrict and community where the estate is the first of them, then the estate itself. */
function* territoryRows(plan: CityPlan, substation: number, estate: string): Generator<CityRow> {
  const small = plan.substations <= 40
  const estatesPerCommunity = small ? 2 : 4
  const communitiesPerSubdistrict = small ? 1 : 4
  const district = districtOf(plan, substation)
  const inDistrict = Math.floor(substation / plan.districts)
  const community = Math.floor(inDistrict / estatesPerCommunity)
  const subdistrict = Math.floor(community / communitiesPerSubdistrict)
  const subdistrictId = numberedId(districtId(district), subdistrict, 2)
  const communityId = numberedId(subdistrictId, community % communitiesPerSubdistrict, 2)
  if (inDistrict % (estatesPerCommunity * communitiesPerSubdistrict) === 0) {
    const names = subdistrictName(districts[district] as (typeof districts)[number], subdistrict)
    yield rowOf('territory', { id: subdistrictId, kind: 'subdistrict', parent: districtId(district), ...names })
  }
  if (inDistrict % estatesPerCommunity === 0) {
    const names = communityName(community * plan.districts + district)
    yield rowOf('territory', { id: communityId, kind: 'community', parent: subdistrictId, ...names })
  }
  yield rowOf('territory', { id: estate, kind: 'estate', parent: communityId, ...estateName(substation) })
}

function* substationRows(plan: CityPlan, substation: number, estate: string): Generator<CityRow> {
  const id = substationId(substation)
  const names = substationName(estateName(substation))
  const zones = shapeOf(substation).zones
  yield rowOf('substation', { id, territory: estate, ...names })
  for (const source of sourcesOf(plan, substation)) {
    yield rowOf('substation_source', { substation: id, source: sourceId(source), valid_from: registryFrom })
  }
  yield* operatorRows(plan, substation, { plant_kind: 'substation', plant: id })
  const [supply, back] = hasFloorHeating(substation) ? designC.floor : designC.radiator
  for (const zone of zones) {
    const plant = `${id}-${zone}`
    yield rowOf('circuit', { id: plant, substation: id, zone, pumps: 2, ...circuitName(names, zone) })
    const design = { design_supply_c: supply, design_return_c: back }
    yield* operatorRows(plan, substation, { plant_kind: 'circuit', plant, ...design })
  }
  yield* plantDeviceRows('substation', [id], `G-${id}`, estate)
  yield* plantDeviceRows(
    'circuit',
    zones.map((zone) => `${id}-${zone}`),
    `G-${id}`,
  )
}

type PlantPeriodStart = Pick<
  RegistryRow<'plant_period'>,
  'plant_kind' | 'plant' | 'design_supply_c' | 'design_return_c'
>

function* operatorRows(plan: CityPlan, substation: number, plant: PlantPeriodStart): Generator<CityRow> {
  const firm = firmId(supplierOf(plan, substation))
  const before = firmId(supplierOf(plan, substation + 1))
  const { plant_kind, plant: id, ...design } = plant
  const period = (firm: string, valid_from: number, valid_to?: number) =>
    rowOf('plant_period', {
      plant_kind,
      plant: id,
      firm,
      valid_from,
      ...(valid_to === undefined ? {} : { valid_to }),
      ...design,
    })
  if (substation % 9 !== 3 || before === firm) {
    yield period(firm, registryFrom)
    return
  }
  yield period(before, registryFrom, operatorChangedAt)
  yield period(firm, operatorChangedAt)
}

/** The controllers of plants that share a gateway; the gateway's own row comes with the plant that has a territory. */
function* plantDeviceRows(
  kind: 'source' | 'substation' | 'circuit',
  plants: readonly string[],
  gateway: string,
  territory?: string,
): Generator<CityRow> {
  if (territory !== undefined) yield rowOf('gateway', { id: gateway, territory })
  for (const plant of plants) {
    yield rowOf('device', { id: `M-${plant}`, kind: 'plantSensor', model: 'PLC-16' })
    yield rowOf('device_period', {
      device: `M-${plant}`,
      gateway,
      place_kind: kind,
      place: plant,
      valid_from: registryFrom,
      sampling_interval_s: plantIntervalS,
      reporting_interval_s: plantIntervalS,
      tolerance_k: 0.3,
    })
  }
}

/** Rows of a registry by table, as an import takes them. */
export type RegistryRows = { [T in RegistryTable]: RegistryRow<T>[] }
