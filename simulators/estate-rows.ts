import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import { type BuildingShape, type CityPlan, type EstateShape, floorsPerZone } from './city-plan.ts'

/** A row and its table. */
export type CityRow = { [T in RegistryTable]: { readonly table: T; readonly row: RegistryRow<T> } }[RegistryTable]

export const rowOf = <T extends RegistryTable>(table: T, row: RegistryRow<T>) => ({ table, row }) as unknown as CityRow

/** Ids count from one, as signs on buildings do. */
export const numberedId = (prefix: string, index: number, digits: number) =>
  `${prefix}-${String(index + 1).padStart(digits, '0')}`

/**
 * A gateway with one probe in a real home that the simulator never speaks for, so that a person can publish for it.
 * It reports once a day at most, so that it is not missed while nobody plays with it.
 */
export const demoGatewayId = 'G-DEMO'
export const demoProbeId = 'P-DEMO'
/** The home of the demo probe: the third of the city. */
const demoDwelling = 2

/** When the dwellings that suspended their heating did so: before this season began. */
const suspendedFrom = Date.parse('2025-10-01T00:00:00+08:00')
const suspendedShare = 0.03
const notConnectedShare = 0.01

/** How probes measure and report; a probe keeps the habit of its gateway. Seconds. */
const probeHabits = {
  hourly: { sampling_interval_s: 1200, reporting_interval_s: 3600, model: 'NB-TH-20' },
  tenMinutes: { sampling_interval_s: 600, reporting_interval_s: 600, model: 'LR-TH-10' },
  fiveMinutes: { sampling_interval_s: 300, reporting_interval_s: 300, model: 'WF-TH-5' },
} as const

const probeToleranceK = 0.3

const areasM2 = { old: [46, 78], middle: [58, 110], new: [72, 135] } as const

interface Estate {
  readonly plan: CityPlan
  readonly substation: number
  readonly estate: string
  readonly shape: EstateShape
  /** A circuit for each zone of the shape. */
  readonly circuits: readonly string[]
  readonly heatingType: 'radiator' | 'floor'
  readonly dwellings: number
  /** Number of the estate's first dwelling in the city. */
  readonly firstDwelling: number
  readonly validFrom: number
}

/** All rows of an estate's buildings, homes, probes and gateways. */
export function* layEstate(estate: Estate): Generator<CityRow> {
  const estateGateway = `G-${estate.estate}`
  const perBuilding = estate.plan.gatewayPer === 'building'
  if (!perBuilding) yield rowOf('gateway', { id: estateGateway, territory: estate.estate })
  let laid = 0
  for (let building = 0; laid < estate.dwellings; building++) {
    const pattern = estate.shape.buildings[building % estate.shape.buildings.length] as BuildingShape
    const size = Math.min(pattern.floors * pattern.entrances * pattern.perFloor, estate.dwellings - laid)
    const id = `B-${estate.estate.slice(2)}-${String(building + 1).padStart(2, '0')}`
    const gateway = perBuilding ? `G-${id}` : estateGateway
    yield* layBuilding(estate, pattern, {
      id,
      number: building,
      size,
      firstDwelling: estate.firstDwelling + laid,
      gateway,
    })
    laid += size
  }
}

interface BuildingPlace {
  readonly id: string
  readonly number: number
  /** Homes in it; fewer than its shape has room for where the estate's last building is not full. */
  readonly size: number
  readonly firstDwelling: number
  readonly gateway: string
}

function* layBuilding(estate: Estate, shape: BuildingShape, place: BuildingPlace): Generator<CityRow> {
  const random = estate.plan.random.fork('building').fork(place.firstDwelling)
  const perStorey = shape.entrances * shape.perFloor
  const floors = Math.ceil(place.size / perStorey)
  const id = place.id
  yield rowOf('building', {
    id,
    estate: estate.estate,
    name: `${place.number + 1}号楼`,
    name_en: `Building ${place.number + 1}`,
    floors,
    built_year: estate.shape.builtFrom + random.below(estate.shape.builtTo - estate.shape.builtFrom + 1),
  })
  const flatsOnFirst = Math.min(perStorey, place.size)
  for (let flat = 0; flat < flatsOnFirst; flat++) {
    const entrance = Math.floor(flat / shape.perFloor) + 1
    const line = (flat % shape.perFloor) + 1
    if (line === 1) yield rowOf('entrance', { id: `${id}-${entrance}`, building: id, name: `${entrance}单元` })
    yield rowOf('riser', { id: `${id}-${entrance}-R${line}`, entrance: `${id}-${entrance}`, name: `${line}号立管` })
  }
  const buildingNumber =
    estate.plan.gatewayPer === 'building' ? estate.substation * 7 + place.number : estate.substation
  const probeRows: CityRow[] = []
  for (let index = 0; index < place.size; index++) {
    const floor = Math.floor(index / perStorey) + 1
    yield* layDwelling(estate, { place, shape, floors, floor, flat: index % perStorey, buildingNumber }, probeRows)
  }
  if (probeRows.length > 0 && estate.plan.gatewayPer === 'building') {
    yield rowOf('gateway', { id: place.gateway, territory: estate.estate })
  }
  yield* probeRows
}

interface DwellingPlace {
  readonly place: BuildingPlace
  readonly shape: BuildingShape
  readonly floors: number
  readonly floor: number
  /** Number of the flat on its storey, over all entrances. */
  readonly flat: number
  readonly buildingNumber: number
}

function* layDwelling(estate: Estate, where: DwellingPlace, probeRows: CityRow[]): Generator<CityRow> {
  const { place, shape, floor, flat } = where
  const number = place.firstDwelling + (floor - 1) * shape.entrances * shape.perFloor + flat
  const random = estate.plan.random.fork('dwelling').fork(number)
  const id = numberedId('D', number, 7)
  const entrance = `${place.id}-${Math.floor(flat / shape.perFloor) + 1}`
  const line = (flat % shape.perFloor) + 1
  yield rowOf('dwelling', { id, entrance, riser: `${entrance}-R${line}`, door: `${floor}0${line}` })

  const position = positionOf(where)
  const [smallest, largest] =
    areasM2[estate.shape.zones.length === 1 ? 'old' : estate.shape.zones.length === 2 ? 'middle' : 'new']
  const zone = Math.min(Math.floor((floor - 1) / floorsPerZone), estate.circuits.length - 1)
  const draw = random.fraction()
  const isDemo = number === demoDwelling
  const contract =
    isDemo || draw >= suspendedShare + notConnectedShare
      ? 'heated'
      : draw < suspendedShare
        ? 'suspended'
        : 'notConnected'
  const period = {
    dwelling: id,
    circuit: estate.circuits[zone] as string,
    heated_area_m2: Math.round(random.between(smallest, largest) * 10) / 10,
    floor,
    position,
    heating_type: estate.heatingType,
  } as const
  if (contract === 'suspended') {
    const before = { valid_from: estate.validFrom, valid_to: suspendedFrom, contract: 'heated' } as const
    yield rowOf('dwelling_period', { ...period, ...before })
    yield rowOf('dwelling_period', { ...period, valid_from: suspendedFrom, contract })
  } else {
    yield rowOf('dwelling_period', { ...period, valid_from: estate.validFrom, contract })
  }
  if (isDemo) yield* layDemoGateway(estate, id)
  else if (random.chance(probeChance(estate.plan.probeShare, position)) && contract !== 'notConnected') {
    layProbe(estate, where, id, probeRows)
  }
}

function layProbe(estate: Estate, where: DwellingPlace, dwelling: string, probeRows: CityRow[]): void {
  const device = `P-${dwelling.slice(2)}`
  const { model, ...intervals } = probeHabits[habitOf(where.buildingNumber)]
  probeRows.push(rowOf('device', { id: device, kind: 'probe', model }))
  probeRows.push(
    rowOf('device_period', {
      device,
      gateway: where.place.gateway,
      place_kind: 'dwelling',
      place: dwelling,
      valid_from: estate.validFrom,
      ...intervals,
      tolerance_k: probeToleranceK,
    }),
  )
}

function* layDemoGateway(estate: Estate, dwelling: string): Generator<CityRow> {
  yield rowOf('gateway', { id: demoGatewayId, territory: estate.estate, name: 'Demo gateway / 演示网关' })
  yield rowOf('device', { id: demoProbeId, kind: 'probe', model: 'DEMO' })
  yield rowOf('device_period', {
    device: demoProbeId,
    gateway: demoGatewayId,
    place_kind: 'dwelling',
    place: dwelling,
    valid_from: estate.validFrom,
    sampling_interval_s: 60,
    reporting_interval_s: 86_400,
    tolerance_k: probeToleranceK,
  })
}

/** Most gateways carry the hourly probes that cities buy by the thousand; some carry faster ones. */
function habitOf(gatewayNumber: number): keyof typeof probeHabits {
  if (gatewayNumber % 20 === 8) return 'fiveMinutes'
  return gatewayNumber % 4 === 1 ? 'tenMinutes' : 'hourly'
}

/** Cities put probes rather at the edge of a building, where it gets cold first. */
const probeChance = (share: number, position: string) =>
  share + (position === 'middle' ? -0.4 : 0.15) * share * (1 - share)

function positionOf({ shape, floors, floor, flat }: DwellingPlace): RegistryRow<'dwelling_period'>['position'] {
  const last = shape.entrances * shape.perFloor - 1
  const gable = flat === 0 || (flat === last && shape.entrances > 1)
  if (floor === floors) return gable ? 'topGable' : 'top'
  if (floor === 1) return gable ? 'groundGable' : 'ground'
  return gable ? 'gable' : 'middle'
}
