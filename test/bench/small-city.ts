import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type RegistryRow, type RegistryTable, registryTableNames, registryTables } from '#domain/registry.ts'

/**
 * A city as plain as can be: so many homes, one probe each, in buildings behind gateways. The simulated city has
 * weather and faults; this one has ids that can be computed.
 */
export interface SmallCity {
  readonly dwellings: number
  readonly gateways: number
  readonly samplingIntervalSeconds: number
  readonly reportingIntervalSeconds: number
}

const dwellingsPerBuilding = 40
const dwellingsPerSubstation = 1_000
const openedAt = Date.parse('2020-10-01T00:00:00+08:00')

export const probeId = (dwelling: number) => `P-${String(dwelling).padStart(7, '0')}`
export const dwellingId = (dwelling: number) => `W-${String(dwelling).padStart(7, '0')}`
export const gatewayId = (gateway: number) => `G-${String(gateway).padStart(5, '0')}`
/** Homes of a gateway, scattered over the city: the worst case for whatever keeps neighbours together. */
export const homesOfGateway = (city: SmallCity, gateway: number): number[] => {
  const count = Math.ceil((city.dwellings - gateway) / city.gateways)
  return Array.from({ length: count }, (_, index) => gateway + index * city.gateways)
}
const gatewayOf = (city: SmallCity, dwelling: number) => gatewayId(dwelling % city.gateways)

type RowMaker<T extends RegistryTable> = {
  count(city: SmallCity): number
  row(index: number, city: SmallCity): RegistryRow<T>
}

const one = () => 1
const dwellings = (city: SmallCity) => city.dwellings
const buildings = (city: SmallCity) => Math.ceil(city.dwellings / dwellingsPerBuilding)
const substations = (city: SmallCity) => Math.ceil(city.dwellings / dwellingsPerSubstation)
const territoryIds = ['T-city', 'T-district', 'T-subdistrict', 'T-community', 'T-estate'] as const

const rowMakers: { [T in RegistryTable]?: RowMaker<T> } = {
  territory: {
    count: () => territoryIds.length,
    row: (index) => {
      const kind = (['city', 'district', 'subdistrict', 'community', 'estate'] as const)[index] ?? 'city'
      const id = territoryIds[index] ?? 'T-city'
      return { id, kind, name: kind, ...(index === 0 ? {} : { parent: territoryIds[index - 1] }) }
    },
  },
  firm: { count: one, row: () => ({ id: 'F-1', name: 'Heat supply', role: 'both' }) },
  source: { count: one, row: () => ({ id: 'S-1', kind: 'boilerRoom', district: 'T-district', name: 'Boiler room' }) },
  substation: {
    count: substations,
    row: (index) => ({ id: `X-${index}`, territory: 'T-estate', name: `Substation ${index}` }),
  },
  circuit: {
    count: substations,
    row: (index) => ({ id: `C-${index}`, substation: `X-${index}`, zone: 'low', pumps: 2, name: `Circuit ${index}` }),
  },
  substation_source: {
    count: substations,
    row: (index) => ({ substation: `X-${index}`, source: 'S-1', valid_from: openedAt }),
  },
  plant_period: {
    count: substations,
    row: (index) => ({ plant_kind: 'substation', plant: `X-${index}`, firm: 'F-1', valid_from: openedAt }),
  },
  building: {
    count: buildings,
    row: (index) => ({ id: `B-${index}`, estate: 'T-estate', name: `Building ${index}`, floors: 10 }),
  },
  entrance: {
    count: buildings,
    row: (index) => ({ id: `E-${index}`, building: `B-${index}`, name: 'Entrance' }),
  },
  dwelling: {
    count: dwellings,
    row: (index) => ({
      id: dwellingId(index),
      entrance: `E-${Math.floor(index / dwellingsPerBuilding)}`,
      door: String(index % dwellingsPerBuilding),
    }),
  },
  dwelling_period: {
    count: dwellings,
    row: (index) => ({
      dwelling: dwellingId(index),
      circuit: `C-${Math.floor(index / dwellingsPerSubstation)}`,
      valid_from: openedAt,
      heated_area_m2: 80,
      floor: 1 + (index % 10),
      position: 'middle',
      heating_type: 'radiator',
      contract: 'heated',
    }),
  },
  gateway: {
    count: (city) => city.gateways,
    row: (index) => ({ id: gatewayId(index), territory: 'T-estate' }),
  },
  device: { count: dwellings, row: (index) => ({ id: probeId(index), kind: 'probe' }) },
  device_period: {
    count: dwellings,
    row: (index, city) => ({
      device: probeId(index),
      gateway: gatewayOf(city, index),
      place_kind: 'dwelling',
      place: dwellingId(index),
      valid_from: openedAt,
      sampling_interval_s: city.samplingIntervalSeconds,
      reporting_interval_s: city.reportingIntervalSeconds,
      tolerance_k: 0.3,
    }),
  },
}

/** Writes the city's registry as CSV, one file a table, ready to be imported. */
export async function writeSmallCity(city: SmallCity, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const table of registryTableNames) {
    const maker = rowMakers[table] as RowMaker<RegistryTable> | undefined
    if (maker === undefined) continue
    const columns = Object.keys(registryTables[table].schema.shape)
    const lines = csvLines(columns, maker, city)
    await pipeline(Readable.from(lines), createWriteStream(join(directory, `${table}.csv`)))
  }
}

/** A thousand rows at a time: a stream of single lines would spend its time on itself. */
function* csvLines(columns: readonly string[], maker: RowMaker<RegistryTable>, city: SmallCity): Generator<string> {
  yield `${columns.join(',')}\n`
  const count = maker.count(city)
  for (let start = 0; start < count; start += 1_000) {
    let text = ''
    for (let index = start; index < Math.min(start + 1_000, count); index++) {
      const row: Readonly<Record<string, string | number | undefined>> = maker.row(index, city)
      text += `${columns.map((column) => cell(column, row[column])).join(',')}\n`
    }
    yield text
  }
}

function cell(column: string, value: string | number | undefined): string {
  if (value === undefined) return ''
  return column.startsWith('valid_') ? new Date(value).toISOString() : String(value)
}
