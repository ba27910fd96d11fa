import type { Ledger } from '#store/ledger/database.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import type { RegistryRows } from '#store/ledger/registry-open.ts'

/** Two districts that mirror each other: whatever one has, the other has under its own name. */
export const districts = ['nangang', 'daoli'] as const
export type District = (typeof districts)[number]

/** When everything in it began. */
export const registryBeginning = Date.parse('2025-10-01T00:00:00+08:00')

/** Ids of what a district of the small registry has. */
export const idsOf = (district: District) => ({
  subdistrict: `${district}-street`,
  community: `${district}-community`,
  estate: `${district}-estate`,
  firm: `firm-${district}`,
  source: `source-${district}`,
  substation: `station-${district}`,
  circuit: `circuit-${district}`,
  building: `building-${district}`,
  entrance: `entrance-${district}`,
  dwelling: `D-${district}-1`,
  otherDwelling: `D-${district}-2`,
  gateway: `GW-${district}`,
  probe: `P-${district}-1`,
  sensor: `S-${district}-1`,
})

export const smallRegistry: RegistryRows = (() => {
  const from = registryBeginning
  const all = districts.map((district) => ({ district, ...idsOf(district) }))
  const carried = {
    gateway: '',
    valid_from: from,
    sampling_interval_s: 600,
    reporting_interval_s: 600,
    tolerance_k: 0.3,
  }
  return {
    territory: [
      { id: 'harbin', kind: 'city', name: '哈尔滨' },
      ...all.flatMap(({ district, subdistrict, community, estate }) => [
        { id: district, kind: 'district', parent: 'harbin', name: district },
        { id: subdistrict, kind: 'subdistrict', parent: district, name: subdistrict },
        { id: community, kind: 'community', parent: subdistrict, name: community },
        { id: estate, kind: 'estate', parent: community, name: estate },
      ]),
    ],
    firm: all.map(({ firm }) => ({ id: firm, name: firm, role: 'both' })),
    source: all.map(({ source, district }) => ({ id: source, kind: 'boilerRoom', district, name: source })),
    substation: all.map(({ substation, estate }) => ({ id: substation, territory: estate, name: substation })),
    circuit: all.map(({ circuit, substation }) => ({ id: circuit, substation, zone: 'low', pumps: 2, name: circuit })),
    substation_source: all.map(({ substation, source }) => ({ substation, source, valid_from: from })),
    plant_period: all.flatMap(({ source, substation, firm }) => [
      { plant_kind: 'source', plant: source, firm, valid_from: from },
      { plant_kind: 'substation', plant: substation, firm, valid_from: from },
    ]),
    building: all.map(({ building, estate }) => ({ id: building, estate, name: building, floors: 7 })),
    entrance: all.map(({ entrance, building }) => ({ id: entrance, building, name: '1' })),
    dwelling: all.flatMap(({ dwelling, otherDwelling, entrance }) => [
      { id: dwelling, entrance, door: '101' },
      { id: otherDwelling, entrance, door: '102' },
    ]),
    dwelling_period: all.flatMap(({ dwelling, otherDwelling, circuit }) =>
      [dwelling, otherDwelling].map((id) => ({
        dwelling: id,
        circuit,
        valid_from: from,
        heated_area_m2: 80,
        floor: 1,
        position: 'middle',
        heating_type: 'radiator',
        contract: 'heated',
      })),
    ),
    gateway: all.map(({ gateway, estate }) => ({ id: gateway, territory: estate })),
    device: all.flatMap(({ probe, sensor }) => [
      { id: probe, kind: 'probe' },
      { id: sensor, kind: 'plantSensor' },
    ]),
    device_period: all.flatMap(({ probe, sensor, gateway, dwelling, circuit }) => [
      { ...carried, device: probe, gateway, place_kind: 'dwelling', place: dwelling },
      { ...carried, device: sensor, gateway, place_kind: 'circuit', place: circuit },
    ]),
  }
})()

/** Puts the small registry into a ledger. */
export async function importSmallRegistry(ledger: Ledger, rows: RegistryRows = smallRegistry): Promise<void> {
  const result = await importRegistry(ledger, { rows }, { actor: 'test', now: () => registryBeginning })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
}
