import type { RegistryRow, RegistryTable } from '#domain/registry.ts'

/** When the small city's entries begin: 20 October 2025 in Harbin. */
export const seasonStart = Date.parse('2025-10-20T00:00:00+08:00')

/** A city of one estate with two dwellings, in Chinese: every table has a row. */
export function smallCity() {
  const from = seasonStart
  return {
    territory: [
      // The estate stands before what it lies in.
      { id: 'xueyuan', kind: 'estate', parent: 'qingbin', name: '学苑小区', name_en: 'Xueyuan' },
      { id: 'harbin', kind: 'city', name: '哈尔滨市', name_en: 'Harbin' },
      { id: 'nangang', kind: 'district', parent: 'harbin', name: '南岗区', name_en: 'Nangang' },
      { id: 'daowai', kind: 'district', parent: 'harbin', name: '道外区' },
      { id: 'hualin', kind: 'subdistrict', parent: 'nangang', name: '花园街道' },
      { id: 'qingbin', kind: 'community', parent: 'hualin', name: '清滨社区' },
    ],
    firm: [
      { id: 'F1', name: '哈尔滨热力', role: 'supplier', phone: '+86 451 8888' },
      { id: 'F2', name: '华能热电', role: 'both' },
    ],
    source: [{ id: 'S1', kind: 'boilerRoom', district: 'nangang', name: '一号锅炉房' }],
    substation: [{ id: 'T1', territory: 'xueyuan', name: '学苑换热站' }],
    circuit: [
      { id: 'T1-L', substation: 'T1', zone: 'low', pumps: 2, name: '低区机组' },
      { id: 'T1-H', substation: 'T1', zone: 'high', pumps: 2, name: '高区机组' },
    ],
    substation_source: [{ substation: 'T1', source: 'S1', valid_from: from }],
    plant_period: [
      { plant_kind: 'substation', plant: 'T1', firm: 'F1', valid_from: from, design_supply_c: 60, design_return_c: 45 },
      { plant_kind: 'circuit', plant: 'T1-H', firm: 'F2', valid_from: from },
    ],
    building: [{ id: 'B1', estate: 'xueyuan', name: '1号楼', floors: 18, built_year: 1998 }],
    entrance: [{ id: 'B1-1', building: 'B1', name: '1单元' }],
    riser: [{ id: 'B1-1-A', entrance: 'B1-1', name: 'A' }],
    dwelling: [
      { id: 'D-0101', entrance: 'B1-1', riser: 'B1-1-A', door: '101' },
      { id: 'D-1802', entrance: 'B1-1', door: '-1802' },
    ],
    dwelling_period: [
      home('D-0101', 'T1-L', { floor: 1, position: 'ground' }),
      home('D-1802', 'T1-H', { floor: 18, position: 'topGable' }),
    ],
    gateway: [{ id: 'GW-1', territory: 'xueyuan', name: '=1+1' }],
    device: [{ id: 'P-1', kind: 'probe', model: 'XT-20, "v2"' }],
    device_period: [probe('P-1', 'D-0101')],
    payload_mapping: [{ id: 'zigbee', format: 'zigbee2mqtt', without_time: 'refuse' }],
    payload_field: [
      { mapping: 'zigbee', field: 'temperature', metric: 'indoor_temperature_c', scale: 1, shift: -0.2, unit: '°F' },
    ],
    foreign_topic: [{ gateway: 'GW-1', topic: 'zigbee2mqtt/#', mapping: 'zigbee' }],
    foreign_device: [{ gateway: 'GW-1', address: '客厅/"sensor"', device: 'P-1', valid_from: from }],
  } satisfies { [T in RegistryTable]: readonly RegistryRow<T>[] }
}

export const home = (
  dwelling: string,
  circuit: string,
  more: Partial<RegistryRow<'dwelling_period'>> = {},
): RegistryRow<'dwelling_period'> => ({
  dwelling,
  circuit,
  valid_from: seasonStart,
  heated_area_m2: 62.35,
  floor: 1,
  position: 'middle',
  heating_type: 'radiator',
  contract: 'heated',
  ...more,
})

export const probe = (
  device: string,
  place: string,
  more: Partial<RegistryRow<'device_period'>> = {},
): RegistryRow<'device_period'> => ({
  device,
  gateway: 'GW-1',
  place_kind: 'dwelling',
  place,
  valid_from: seasonStart,
  sampling_interval_s: 1200,
  reporting_interval_s: 3600,
  tolerance_k: 0.3,
  ...more,
})
