import type { Family } from '#domain/few-homes.ts'
import type { RollUpLevel } from '#domain/telemetry-names.ts'
import { dayMs } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { type HomeCircuit, homeBuildings, homeCircuits } from '#store/ledger/roll-up-homes.ts'
import { ended, inForceAt, withEntry } from '../watch/dated-entries.ts'
import type { IdTable } from '../watch/id-table.ts'
import { everyRow } from '../watch/places.ts'
import { inTurns } from './turns.ts'

/** A place that gets roll-ups. Its number is its index among all places of the plan. */
export interface PlannedPlace {
  readonly level: RollUpLevel
  readonly id: string
  readonly name: string
  readonly nameEn?: string
}

/**
 * Which homes are where, for counting: the registry as roll-ups need it, by numbers. Homes stand together by building,
 * and within a building by circuit; such a stretch is counted at once.
 */
export interface CityPlan {
  readonly version: number
  readonly builtAt: number
  readonly places: readonly PlannedPlace[]
  /** Number of a place; undefined where the registry has none. */
  numberOf(level: RollUpLevel, id: string): number | undefined
  /** Numbers of the homes in the watch's directory, stretch by stretch. */
  readonly homes: Uint32Array
  readonly stretches: readonly Stretch[]
  /** By number of a circuit's place: the stretches that it feeds. */
  readonly fedBy: ReadonlyMap<number, readonly Stretch[]>
  /** By number of a building's place: the circuit that feeds most of its homes, and how many circuits feed it. */
  readonly circuitOf: ReadonlyMap<number, number>
  readonly circuitsOfBuilding: ReadonlyMap<number, number>
  /** By number of a substation's place, -1 for circuits of none. */
  readonly circuitsOf: ReadonlyMap<number, readonly number[]>
  /** By number of a circuit's place. */
  readonly substationOf: ReadonlyMap<number, number>
  /** By number of a substation's place: the sources that feed it. */
  readonly sourcesOf: ReadonlyMap<number, readonly number[]>
  /** By number of a building's, circuit's, substation's or source's place. */
  readonly districtOf: ReadonlyMap<number, number>
  readonly city: number
  /** Which places are made of which, as far as figures of both are shown; those of firms change by date. */
  readonly families: readonly Family[]
}

export interface Stretch {
  readonly building: number
  /** -1 where nothing feeds the homes. */
  readonly circuit: number
  readonly from: number
  readonly to: number
}

export interface PlanSource {
  readonly db: LedgerDb
  /** Homes of the watch's directory. */
  readonly dwellings: IdTable
  /** Lets other work have its turn: called after each page of the registry. */
  pause(): Promise<void>
}

/** What begins or ends by its date is noticed within a day; what is changed, at the next period. */
const planAgeMsMax = dayMs

export async function isCurrent(plan: CityPlan | undefined, db: LedgerDb, at: number): Promise<boolean> {
  if (plan === undefined || Math.abs(at - plan.builtAt) >= planAgeMsMax) return false
  return (await registryVersion(db)) === plan.version
}

/** Reads the registry as it is at a time. */
export async function loadCityPlan(source: PlanSource, at: number): Promise<CityPlan> {
  const { db } = source
  const version = await registryVersion(db)
  const places: PlannedPlace[] = []
  const numbers = new Map<string, number>()
  const key = (level: RollUpLevel, id: string) => `${level}/${id}`
  const numberOf = (level: RollUpLevel, id: string) => numbers.get(key(level, id))
  function add(level: RollUpLevel, { id, name, name_en }: { id: string; name: string; name_en?: string | undefined }) {
    numbers.set(key(level, id), places.length)
    places.push({ level, id, name, ...(name_en !== undefined && { nameEn: name_en }) })
  }

  const territory = new Map((await everyRow(db, 'territory')).map((node) => [node.id, node]))
  const buildings = await everyRow(db, 'building')
  const circuits = await everyRow(db, 'circuit')
  const substations = await everyRow(db, 'substation')
  const sources = await everyRow(db, 'source')
  for (const building of buildings) add('building', building)
  for (const circuit of circuits) add('circuit', circuit)
  for (const substation of substations) add('substation', substation)
  for (const one of sources) add('source', one)
  for (const firm of await everyRow(db, 'firm')) add('firm', firm)
  for (const node of territory.values()) if (node.kind === 'district') add('district', node)
  const city = [...territory.values()].find(({ kind }) => kind === 'city')
  add('city', city ?? { id: 'city', name: 'city' })

  function districtIn(node: string | undefined): number | undefined {
    const seen = new Set<string>()
    for (let next = node; next !== undefined && !seen.has(next); next = territory.get(next)?.parent) {
      seen.add(next)
      const number = numberOf('district', next)
      if (number !== undefined) return number
    }
    return undefined
  }

  const districtOf = new Map<number, number>()
  const setDistrict = (level: RollUpLevel, id: string, node: string | undefined) => {
    const [place, district] = [numberOf(level, id), districtIn(node)]
    if (place !== undefined && district !== undefined) districtOf.set(place, district)
  }
  const territoryOf = new Map(substations.map((substation) => [substation.id, substation.territory]))
  for (const building of buildings) setDistrict('building', building.id, building.estate)
  for (const circuit of circuits) setDistrict('circuit', circuit.id, territoryOf.get(circuit.substation))
  for (const substation of substations) setDistrict('substation', substation.id, substation.territory)
  for (const one of sources) setDistrict('source', one.id, one.district)

  const substationOf = new Map<number, number>()
  const circuitsOf = new Map<number, number[]>()
  for (const { id, substation } of circuits) {
    const [circuit, above] = [numberOf('circuit', id), numberOf('substation', substation)]
    if (circuit === undefined) continue
    if (above !== undefined) substationOf.set(circuit, above)
    append(circuitsOf, above ?? nowhere, circuit)
  }
  const sourcesOf = new Map<number, number[]>()
  for (const row of await everyRow(db, 'substation_source')) {
    const [substation, from] = [numberOf('substation', row.substation), numberOf('source', row.source)]
    const isFed = row.valid_from <= at && (row.valid_to === undefined || row.valid_to > at)
    if (!isFed || substation === undefined || from === undefined) continue
    sourcesOf.set(
      substation,
      [...new Set([...(sourcesOf.get(substation) ?? []), from])].sort((a, b) => a - b),
    )
  }
  const homes = await loadHomes(source, at, numberOf, buildings.length)
  const relations = {
    substationOf,
    circuitsOf,
    sourcesOf,
    districtOf,
    ...feeding(homes.stretches),
    city: places.length - 1,
  }
  const families = familiesOf(relations)
  return { version, builtAt: at, places, numberOf, ...homes, ...relations, families }
}

type Relations = Pick<CityPlan, 'circuitsOf' | 'sourcesOf' | 'districtOf' | 'fedBy' | 'circuitsOfBuilding' | 'city'>

function familiesOf({ circuitsOf, sourcesOf, districtOf, fedBy, circuitsOfBuilding, city }: Relations): Family[] {
  const ofDistrict = new Map<number, number[]>()
  for (const [place, district] of districtOf) if (circuitsOfBuilding.has(place)) append(ofDistrict, district, place)
  const ofSource = new Map<number, number[]>()
  for (const [substation, sources] of sourcesOf) for (const source of sources) append(ofSource, source, substation)
  // A circuit may feed a few whole buildings, and nothing else.
  const ofCircuit = [...fedBy].map(([circuit, stretches]) => {
    const whole = stretches.map(({ building }) => building).filter((building) => circuitsOfBuilding.get(building) === 1)
    return [circuit, whole] as const
  })
  const all = [...ofDistrict, ...ofSource, ...circuitsOf, ...ofCircuit]
  const families = all.filter(([parent]) => parent !== nowhere).map(([parent, children]) => ({ parent, children }))
  return [...families, { parent: city, children: [...ofDistrict.keys()] }]
}

export const nowhere = -1

/** Adds to the list that a key has. */
export function append<Value>(lists: Map<number, Value[]>, key: number, value: Value): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function feeding(stretches: readonly Stretch[]): Pick<CityPlan, 'fedBy' | 'circuitOf' | 'circuitsOfBuilding'> {
  const fedBy = new Map<number, Stretch[]>()
  const largest = new Map<number, Stretch>()
  const circuitsOfBuilding = new Map<number, number>()
  for (const stretch of stretches) {
    circuitsOfBuilding.set(stretch.building, (circuitsOfBuilding.get(stretch.building) ?? 0) + 1)
    if (stretch.circuit === nowhere) continue
    append(fedBy, stretch.circuit, stretch)
    const before = largest.get(stretch.building)
    if (!before || stretch.to - stretch.from > before.to - before.from) largest.set(stretch.building, stretch)
  }
  const circuitOf = new Map([...largest].map(([building, { circuit }]) => [building, circuit]))
  return { fedBy, circuitOf, circuitsOfBuilding }
}

/** Sorts the homes into stretches. */
async function loadHomes(
  { db, dwellings, pause }: PlanSource,
  at: number,
  numberOf: CityPlan['numberOf'],
  buildings: number,
): Promise<Pick<CityPlan, 'homes' | 'stretches'>> {
  const building = new Int32Array(dwellings.length).fill(nowhere)
  const circuit = new Int32Array(dwellings.length).fill(nowhere)
  const put = (column: Int32Array, home: string, place: number | undefined) => {
    const number = dwellings.find(home)
    // A home that came into the directory meanwhile is counted with the next plan.
    if (number >= 0 && number < column.length) column[number] = place ?? nowhere
  }
  for await (const rows of homeBuildings(db)) {
    for (const row of rows) put(building, row.id, numberOf('building', row.building))
    await pause()
  }
  let periods: HomeCircuit[] = []
  const takeLast = () => {
    const entries = periods
      .map((row) =>
        ended({ circuit: row.circuit, validFrom: Number(row.valid_from), validTo: numberOrNull(row.valid_to) }),
      )
      .reduce<readonly { circuit: string; validFrom: number; validTo: number }[]>(withEntry, [])
    const fed = inForceAt(entries, at)?.circuit
    if (periods[0] && fed !== undefined) put(circuit, periods[0].dwelling, numberOf('circuit', fed))
    periods = []
  }
  for await (const rows of homeCircuits(db)) {
    for (const row of rows) {
      if (periods[0] && periods[0].dwelling !== row.dwelling) takeLast()
      periods.push(row)
    }
    await pause()
  }
  takeLast()
  return inStretches(building, circuit, buildings)
}

const numberOrNull = (value: number | null): number | null => (value === null ? null : Number(value))

/** Homes by building, and within a building by circuit; homes without a building are in none. */
async function inStretches(
  building: Int32Array,
  circuit: Int32Array,
  buildings: number,
): Promise<Pick<CityPlan, 'homes' | 'stretches'>> {
  const turn = inTurns()
  const { homes, starts } = await groupedBy(building, buildings, turn)
  const circuitOf = (home: number) => circuit[home] as number
  const stretches: Stretch[] = []
  for (let place = 0; place < buildings; place += 1) {
    if (place % buildingsPerLook === 0) await turn()
    const [first, end] = [starts[place] as number, starts[place + 1] as number]
    homes.subarray(first, end).sort((left, right) => circuitOf(left) - circuitOf(right) || left - right)
    for (let from = first; from < end; ) {
      const fed = circuitOf(homes[from] as number)
      let to = from + 1
      while (to < end && circuitOf(homes[to] as number) === fed) to += 1
      stretches.push({ building: place, circuit: fed, from, to })
      from = to
    }
  }
  return { homes, stretches }
}

/** Between two looks at the clock: a millisecond's work. */
const buildingsPerLook = 200
const homesPerLook = 50_000

/** A counting sort: to compare millions of homes with each other would take seconds. */
async function groupedBy(
  group: Int32Array,
  groups: number,
  turn: () => Promise<void> | undefined,
): Promise<{ homes: Uint32Array<ArrayBuffer>; starts: Uint32Array }> {
  const starts = new Uint32Array(groups + 1)
  for (let home = 0; home < group.length; home += 1) {
    if (home % homesPerLook === 0) await turn()
    const place = group[home] as number
    if (place !== nowhere) starts[place + 1] = (starts[place + 1] as number) + 1
  }
  for (let place = 0; place < groups; place += 1) {
    starts[place + 1] = (starts[place + 1] as number) + (starts[place] as number)
  }
  const homes = new Uint32Array(starts[groups] as number)
  const next = starts.slice()
  for (let home = 0; home < group.length; home += 1) {
    if (home % homesPerLook === 0) await turn()
    const place = group[home] as number
    if (place === nowhere) continue
    homes[next[place] as number] = home
    next[place] = (next[place] as number) + 1
  }
  return { homes, starts }
}
