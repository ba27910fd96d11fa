import { createRandom, type Random } from './random.ts'

/** What kind of city to make. */
export interface CityOptions {
  /** Any whole number; the same seed and sizes give the same city. */
  readonly seed: number
  readonly dwellings: number
  /** Share of dwellings with a probe; half where nothing is said. */
  readonly probeShare?: number
  /** One gateway a building, or one an estate; buildings up to 20,000 dwellings where nothing is said. */
  readonly gatewayPer?: 'building' | 'estate'
}

type SourceKind = 'boilerRoom' | 'chp' | 'peakBoiler'
type FirmRole = 'supplier' | 'source' | 'both'

/** One building by its shape. A later floor belongs to a higher zone. */
export interface BuildingShape {
  readonly floors: number
  readonly entrances: number
  readonly perFloor: number
}

/** What stands around a substation. */
export interface EstateShape {
  readonly zones: readonly ('low' | 'middle' | 'high')[]
  /** Buildings in turn until the estate's dwellings are used up. */
  readonly buildings: readonly BuildingShape[]
  readonly builtFrom: number
  readonly builtTo: number
}

/** The sizes of a city: a few numbers from which every row follows, so that any size fits in memory. */
export interface CityPlan {
  readonly seed: number
  readonly random: Random
  readonly dwellings: number
  readonly probeShare: number
  readonly gatewayPer: 'building' | 'estate'
  readonly districts: number
  readonly substations: number
  readonly sources: readonly { readonly kind: SourceKind; readonly firm: number; readonly district: number }[]
  readonly firms: readonly FirmRole[]
}

/** Floors of a zone in tall buildings; a circuit's pressure then suits its lowest and its highest radiator. */
export const floorsPerZone = 9

const estateShapes: readonly EstateShape[] = [
  {
    zones: ['low'],
    buildings: [
      { floors: 6, entrances: 2, perFloor: 2 },
      { floors: 4, entrances: 2, perFloor: 2 },
      { floors: 5, entrances: 2, perFloor: 2 },
    ],
    builtFrom: 1976,
    builtTo: 1999,
  },
  {
    zones: ['low', 'high'],
    buildings: [
      { floors: 18, entrances: 1, perFloor: 2 },
      { floors: 3, entrances: 2, perFloor: 2 },
      { floors: 6, entrances: 1, perFloor: 2 },
    ],
    builtFrom: 1998,
    builtTo: 2010,
  },
  {
    zones: ['low', 'middle', 'high'],
    buildings: [
      { floors: 27, entrances: 1, perFloor: 2 },
      { floors: 6, entrances: 1, perFloor: 2 },
      { floors: 5, entrances: 1, perFloor: 2 },
      { floors: 6, entrances: 1, perFloor: 2 },
      { floors: 3, entrances: 2, perFloor: 2 },
    ],
    builtFrom: 2009,
    builtTo: 2021,
  },
]

/** Dwellings of a small city's substation; 9 of them make the 1,200 of the demo. */
const smallCityDwellingsPerSubstation = 1200 / 9
/** A full-size substation feeds about a thousand homes. */
const dwellingsPerSubstationMax = 1000
/** Substations of one heat source in a big city. */
const substationsPerSource = 17
const substationsPerFirm = 40

/** Up to this many dwellings each building has its own gateway; beyond, an estate shares one. */
const buildingGatewaysUpToDwellings = 20_000

const firmRoleCycle: readonly FirmRole[] = ['both', 'source', 'both', 'supplier', 'supplier', 'supplier']

/** Works out the sizes of a city. At least four dwellings, at most ten million. */
export function planCity(options: CityOptions): CityPlan {
  const { seed, dwellings } = options
  if (!Number.isInteger(dwellings) || dwellings < 4 || dwellings > 10_000_000) {
    throw new RangeError(`a city has 4 to 10,000,000 dwellings, not ${dwellings}`)
  }
  const substations =
    dwellings <= 1200
      ? Math.max(1, Math.round(dwellings / smallCityDwellingsPerSubstation))
      : Math.max(9, Math.ceil(dwellings / dwellingsPerSubstationMax))
  const firmCount = Math.max(Math.min(6, substations + 1), Math.ceil(substations / substationsPerFirm))
  const firms = Array.from({ length: firmCount }, (_, index) => firmRoleCycle[index % 6] as FirmRole)
  const districts = Math.min(9, Math.max(1, Math.round(substations / 3)))
  const sourceCount = Math.max(Math.min(3, substations), Math.ceil(substations / substationsPerSource))
  const sourceFirms = firms.flatMap((role, index) => (role === 'supplier' ? [] : [index]))
  const sources = Array.from({ length: sourceCount }, (_, index) => ({
    kind: (['chp', 'boilerRoom', 'peakBoiler'] as const)[index % 3] as SourceKind,
    firm: sourceFirms[(index + 1) % sourceFirms.length] as number,
    district: index % districts,
  }))
  return {
    seed,
    random: createRandom(seed).fork('city'),
    dwellings,
    probeShare: options.probeShare ?? 0.5,
    gatewayPer: options.gatewayPer ?? (dwellings <= buildingGatewaysUpToDwellings ? 'building' : 'estate'),
    districts,
    substations,
    sources,
    firms,
  }
}

/** Sources that feed a substation, by number: its base source, and for some a peak boiler that stands by. */
export function sourcesOf(plan: CityPlan, substation: number): number[] {
  const base = plan.sources.flatMap((source, index) => (source.kind === 'peakBoiler' ? [] : [index]))
  const main = base[Math.floor((substation * base.length) / plan.substations)] as number
  const peak = plan.sources.findIndex((source, index) => index > main && source.kind === 'peakBoiler')
  return peak >= 0 && substation % 3 === 1 ? [main, peak] : [main]
}

/** Firm that operates a substation, by number. */
export function supplierOf(plan: CityPlan, substation: number): number {
  const suppliers = plan.firms.flatMap((role, index) => (role === 'source' ? [] : [index]))
  return suppliers[substation % suppliers.length] as number
}

export const districtOf = (plan: CityPlan, substation: number) => substation % plan.districts

export const shapeOf = (substation: number) => estateShapes[substation % estateShapes.length] as EstateShape

/** New tall estates have floor heating, every other one of them. */
export const hasFloorHeating = (substation: number) =>
  substation % estateShapes.length === 2 && Math.floor(substation / estateShapes.length) % 2 === 0

/** Dwellings that a substation feeds; the shares of all add up to the city's. */
export function dwellingsOf(plan: CityPlan, substation: number): number {
  const until = (count: number) => Math.floor((plan.dwellings * count) / plan.substations)
  return until(substation + 1) - until(substation)
}
