import { type Family, placesOfFewHomes } from '#domain/few-homes.ts'
import { append, type CityPlan, nowhere } from './city-plan.ts'
import { countHomes, type HomeCodes, type HomeCounts } from './homes-of-frame.ts'
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
  const probed = new Uint32Array(plan.places.length)
  const add = (place: number | undefined, homes: HomeCounts) => {
    if (place === undefined || place === nowhere) return
    measured[place] = (measured[place] as number) + homes.measured
    probed[place] = (probed[place] as number) + homes.probed
  }
  for (const stretch of plan.stretches) {
    const homes = countHomes(plan, stretch, codes)
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
  const silent = Uint8Array.from(probed, (homes, place) => (homes > 0 && measured[place] === 0 ? 1 : 0))
  return placesOfFewHomes(measured, [...plan.families, ...familiesOfFirms(plan, owners)], homesMin, silent)
}

/** Circuits of a firm, and firms of the city: these change hands by date. */
function familiesOfFirms(plan: CityPlan, owners: Owners): Family[] {
  const circuits = new Map<number, number[]>()
  for (const [circuit] of plan.fedBy) {
    const owner = owners.get(circuit)
    if (owner !== undefined) append(circuits, owner, circuit)
  }
  const firms = [...circuits].map(([parent, children]) => ({ parent, children }))
  return [...firms, { parent: plan.city, children: [...circuits.keys()] }]
}
