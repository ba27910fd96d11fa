import type { Whereabouts } from '#domain/account.ts'
import type { AlertPlaceKind } from '#domain/alert.ts'
import type { PlantPeriod } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { countMeasuredDwellings, type DwellingPlace, dwellingPlaces } from '#store/ledger/directory.ts'
import { allRows, keyOf } from '#store/ledger/registry-lookups.ts'

/** Where a flag's subject is, and the place whose alert its flag joins. */
export interface SubjectPlace {
  readonly where: Whereabouts
  readonly building?: string
  readonly circuit?: string
  /** Absent where the registry does not know enough for an alert. */
  readonly alertPlace?: AlertPlace
}

export interface AlertPlace {
  readonly kind: AlertPlaceKind
  readonly id: string
  readonly name?: string
  readonly where: Whereabouts
  readonly district?: string
}

type PlantKind = PlantPeriod['plant_kind']

interface OperatedPeriod {
  readonly firm: string
  readonly from: number
  readonly to: number
  readonly designSupplyC?: number
  readonly designReturnC?: number
}

/**
 * The part of the registry that is small: territory, plants, who operates them, gateways. Homes are looked up when
 * something happens in them.
 */
export interface Places {
  readonly districts: readonly string[]
  /** Who operates a plant at a time, and its curve; a circuit without an entry of its own has its substation's. */
  operationAt(kind: PlantKind, plant: string, at: number): OperatedPeriod | undefined
  districtOf(kind: PlantKind | 'district', id: string): string | undefined
  ofPlant(kind: PlantKind, plant: string, at: number): SubjectPlace
  ofGateway(gateway: string): SubjectPlace
  /** Of dwellings, by id. */
  ofDwellings(db: LedgerDb, dwellings: readonly string[], at: number): Promise<Map<string, SubjectPlace>>
  /** True where a place has so few homes with probes that a count speaks of single homes. */
  isIntimate(db: LedgerDb, place: AlertPlace, at: number, measuredMin: number): Promise<boolean>
}

const rowsPerPage = 5_000

/** Every row of a small table that counts. */
export async function everyRow<T extends Parameters<typeof allRows>[1]>(db: LedgerDb, table: T) {
  const all: Awaited<ReturnType<typeof allRows<T>>> = []
  let after: (string | number)[] | undefined
  for (;;) {
    const page = await allRows(db, table, { limit: rowsPerPage, ...(after && { after }) })
    all.push(...page)
    const last = page.at(-1)
    if (!last || page.length < rowsPerPage) return all
    after = keyOf(table, last)
  }
}

/** Reads the small part of the registry. */
export async function loadPlaces(db: LedgerDb): Promise<Places> {
  const territory = new Map((await everyRow(db, 'territory')).map((node) => [node.id, node]))
  const sources = new Map((await everyRow(db, 'source')).map((source) => [source.id, source]))
  const substations = new Map((await everyRow(db, 'substation')).map((substation) => [substation.id, substation]))
  const circuits = new Map((await everyRow(db, 'circuit')).map((circuit) => [circuit.id, circuit]))
  const gateways = new Map((await everyRow(db, 'gateway')).map((gateway) => [gateway.id, gateway]))
  const operated = new Map<string, OperatedPeriod[]>()
  for (const row of await everyRow(db, 'plant_period')) {
    const key = `${row.plant_kind}/${row.plant}`
    const periods = operated.get(key) ?? []
    periods.push({
      firm: row.firm,
      from: row.valid_from,
      to: row.valid_to ?? Number.POSITIVE_INFINITY,
      ...(row.design_supply_c !== undefined && { designSupplyC: row.design_supply_c }),
      ...(row.design_return_c !== undefined && { designReturnC: row.design_return_c }),
    })
    operated.set(key, periods)
  }
  const intimate = new Map<string, boolean>()

  function pathOf(node: string | undefined): string[] {
    const path: string[] = []
    for (let next = node; next !== undefined; next = territory.get(next)?.parent) {
      // A registry in which a node lies in itself is refused at the door; a loop here would stop the watch.
      if (!territory.has(next) || path.includes(next)) break
      path.unshift(next)
    }
    return path
  }

  const districtIn = (path: readonly string[]) => path.find((node) => territory.get(node)?.kind === 'district')

  function operationAt(kind: PlantKind, plant: string, at: number): OperatedPeriod | undefined {
    const own = operated.get(`${kind}/${plant}`)?.findLast((period) => period.from <= at && period.to > period.from)
    if (own && own.to > at) return own
    const substation = kind === 'circuit' ? circuits.get(plant)?.substation : undefined
    return substation === undefined ? undefined : operationAt('substation', substation, at)
  }

  function nodeOf(kind: PlantKind, id: string): string | undefined {
    if (kind === 'source') return sources.get(id)?.district
    const substation = kind === 'substation' ? id : circuits.get(id)?.substation
    return substation === undefined ? undefined : substations.get(substation)?.territory
  }

  function plantWhere(kind: PlantKind, id: string, at: number): Whereabouts {
    const firm = operationAt(kind, id, at)?.firm
    return { territory: pathOf(nodeOf(kind, id)), ...(firm !== undefined && { firm }) }
  }

  function plantAlertPlace(kind: PlantKind, id: string, at: number): AlertPlace {
    const where = plantWhere(kind, id, at)
    const district = districtIn(where.territory)
    const name = (kind === 'source' ? sources : kind === 'substation' ? substations : circuits).get(id)?.name
    return { kind, id, where, ...(district !== undefined && { district }), ...(name !== undefined && { name }) }
  }

  function ofDwelling(place: DwellingPlace | undefined, at: number): SubjectPlace {
    if (!place) return { where: { territory: [] } }
    const { building, estate, circuit } = place
    const fed = circuit !== undefined && circuits.has(circuit) ? circuit : undefined
    const firm = fed === undefined ? undefined : operationAt('circuit', fed, at)?.firm
    const where = { territory: pathOf(estate), ...(firm !== undefined && { firm }) }
    const district = districtIn(where.territory)
    const ofBuilding = { kind: 'building', id: building, where, ...(district !== undefined && { district }) } as const
    return {
      where,
      building,
      ...(fed !== undefined && { circuit: fed }),
      alertPlace: fed === undefined ? ofBuilding : plantAlertPlace('circuit', fed, at),
    }
  }

  return {
    districts: [...territory.values()].filter(({ kind }) => kind === 'district').map(({ id }) => id),
    operationAt,
    districtOf: (kind, id) => (kind === 'district' ? id : districtIn(pathOf(nodeOf(kind, id)))),
    ofPlant(kind, id, at) {
      const where = plantWhere(kind, id, at)
      return { where, ...(kind === 'circuit' && { circuit: id }), alertPlace: plantAlertPlace(kind, id, at) }
    },
    ofGateway: (gateway) => ({ where: { territory: pathOf(gateways.get(gateway)?.territory) } }),
    async ofDwellings(ledger, dwellings, at) {
      const found = await dwellingPlaces(ledger, dwellings, at)
      return new Map(dwellings.map((dwelling) => [dwelling, ofDwelling(found.get(dwelling), at)]))
    },
    async isIntimate(ledger, place, at, measuredMin) {
      if (place.kind !== 'circuit' && place.kind !== 'building') return false
      const key = `${place.kind}/${place.id}`
      const known = intimate.get(key)
      if (known !== undefined) return known
      const measured = await countMeasuredDwellings(ledger, { kind: place.kind, id: place.id }, at, measuredMin)
      intimate.set(key, measured < measuredMin)
      return measured < measuredMin
    },
  }
}
