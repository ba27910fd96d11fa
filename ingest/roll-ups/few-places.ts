import { type Family, placesOfFewHomes } from '#domain/few-homes.ts'
import { type CityPlan, nowhere } from './city-plan.ts'
import { type HomeCodes, measuredIn } from './homes-of-frame.ts'
import type { Owners } from './owners.ts'

interface MeasuredCity {
  readonly plan: CityPlan
  readonly owners: Owners
  readonly codes: HomeCodes
  readonly homesMin: number
  turn(): Promise<void> | undefined
}

/** Which places speak of too few homes in a period, by number of the place. */
export async function placesWithFew({ plan, owners, codes, homesMin, turn }: MeasuredCity): Promise<Uint8Array> {
  const measured = new Uint32Array(plan.places.length)
  const add = (place: number | undefined, homes: number) => {
    if (place !== undefined && place !== nowhere) measured[place] = (measured[place] as number) + homes
  }
  for (const stretch of plan.stretches) {
    const homes = measuredIn(plan, stretch, codes)
    add(stretch.building, homes)
    add(plan.districtOf.get(stretch.building), homes)
    add(plan.city, homes)
    add(stretch.circuit, homes)
    add(owners.get(stretch.circuit), homes)
    const substation = plan.substationOf.get(stretch.circuit)
    add(substation, homes)
    for (const source of plan.sourcesOf.get(substation ?? nowhere) ?? []) add(source, homes)
    await turn()
  }
  return placesOfFewHomes(measured, familiesOf(plan, owners), homesMin)
}

/** Which places are made of which, as far as figures of both are shown. */
function familiesOf(plan: CityPlan, owners: Owners): Family[] {
  const children = new Map<number, number[]>()
  const add = (parent: number | undefined, child: number) => {
    if (parent === undefined) return
    const list = children.get(parent)
    if (list) list.push(child)
    else children.set(parent, [child])
  }
  const families: Family[] = []
  for (const [number, { level }] of plan.places.entries()) {
    if (level === 'building') add(plan.districtOf.get(number), number)
    if (level === 'circuit') add(plan.substationOf.get(number), number)
    if (level === 'district') add(plan.city, number)
  }
  for (const [parent, list] of children) families.push({ parent, children: list })
  families.push(...familiesOfFirms(plan, owners))
  // A circuit may feed a few whole buildings, and a building may be fed by a few circuits of its own.
  for (const [circuit, stretches] of plan.fedBy) {
    families.push({
      parent: circuit,
      children: wholeBuildings(
        plan,
        stretches.map(({ building }) => building),
      ),
    })
  }
  return families
}

const wholeBuildings = (plan: CityPlan, buildings: readonly number[]): number[] =>
  buildings.filter((building) => plan.circuitsOfBuilding.get(building) === 1)

/** Circuits of a firm, substations of a source, firms of the city. */
function familiesOfFirms(plan: CityPlan, owners: Owners): Family[] {
  const circuits = new Map<number, number[]>()
  const substations = new Map<number, number[]>()
  const firms = new Set<number>()
  for (const [number, { level }] of plan.places.entries()) {
    const owner = owners.get(number)
    if (level === 'circuit' && owner !== undefined) {
      firms.add(owner)
      circuits.set(owner, [...(circuits.get(owner) ?? []), number])
    }
    if (level !== 'substation') continue
    for (const source of plan.sourcesOf.get(number) ?? []) {
      substations.set(source, [...(substations.get(source) ?? []), number])
    }
  }
  const all = [...circuits, ...substations].map(([parent, children]) => ({ parent, children }))
  return [...all, { parent: plan.city, children: [...firms] }]
}
