import type { RollUpPlace } from '#domain/live-roll-up.ts'
import type { Places } from '../watch/places.ts'
import { type CityPlan, nowhere, type PlannedPlace } from './city-plan.ts'

/** Number of the firm's place that answers for a circuit, substation or source at a time, by number of its place. */
export type Owners = ReadonlyMap<number, number>

export function ownersAt(plan: CityPlan, places: Places, at: number): Owners {
  const owners = new Map<number, number>()
  for (const [number, { level, id }] of plan.places.entries()) {
    if (level !== 'circuit' && level !== 'substation' && level !== 'source') continue
    const operation = places.operationAt(level, id, at)
    const firm = operation && plan.numberOf('firm', operation.firm)
    if (firm !== undefined) owners.set(number, firm)
  }
  return owners
}

/** A place with where it belongs: what feeds it, who answers for it, and its district. */
export function placeOf(plan: CityPlan, owners: Owners, number: number): RollUpPlace {
  const place = plan.places[number] as PlannedPlace
  const { level } = place
  if (level === 'firm' || level === 'city' || level === 'district') return place
  const circuit = level === 'building' ? plan.circuitOf.get(number) : level === 'circuit' ? number : undefined
  const substation = level === 'substation' ? number : plan.substationOf.get(circuit ?? nowhere)
  const [source] = plan.sourcesOf.get(substation ?? nowhere) ?? []
  const idOf = (other: number | undefined) => (other === undefined ? undefined : plan.places[other]?.id)
  const belongs = {
    district: idOf(plan.districtOf.get(number)),
    firm: idOf(owners.get(level === 'building' ? (circuit ?? nowhere) : number)),
    source: level === 'source' ? undefined : idOf(source),
    substation: level === 'substation' ? undefined : idOf(substation),
    circuit: level === 'circuit' ? undefined : idOf(circuit),
  }
  const known = Object.entries(belongs).filter(([, id]) => id !== undefined)
  return { ...place, ...Object.fromEntries(known) }
}
