import type { City } from './city.ts'
import { type Fault, faultKinds, type SubjectKind } from './faults.ts'

/** A fault whose subject is not in the city. `code` is stable. */
class UnknownFaultSubject extends Error {
  readonly code = 'unknown_fault_subject'
}

/** Where a fault's subject is, as numbers of the city's lists. */
export interface FaultSubject {
  readonly kind: SubjectKind
  /** Number of the source, substation, circuit, dwelling, device or gateway; -1 for the city, a building or a riser. */
  readonly index: number
  /** Homes that belong to it: that it feeds, holds or measures. */
  readonly dwellings: readonly number[]
}

/** Finds what a fault happens to; throws `UnknownFaultSubject` for an id that the city does not have. */
export type FindSubject = (fault: Fault) => FaultSubject

const numbersBy = <T>(list: readonly T[], keyOf: (entry: T) => string | number | undefined) => {
  const groups = new Map<string | number, number[]>()
  for (const [index, entry] of list.entries()) {
    const key = keyOf(entry)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(index)
    else groups.set(key, [index])
  }
  return groups
}

/** Builds the look-up of a city once; each look-up afterwards is cheap. */
export function subjectFinder(city: City): FindSubject {
  const idsOf: Partial<Record<SubjectKind, ReadonlyMap<string | number, readonly number[]>>> = {
    source: numbersBy(city.sources, ({ id }) => id),
    substation: numbersBy(city.substations, ({ id }) => id),
    circuit: numbersBy(city.circuits, ({ id }) => id),
    building: numbersBy(city.dwellings, ({ building }) => building),
    riser: numbersBy(city.dwellings, ({ riser }) => riser),
    dwelling: numbersBy(city.dwellings, ({ id }) => id),
    device: numbersBy(city.devices, ({ id }) => id),
    gateway: numbersBy(city.gateways, ({ id }) => id),
  }
  const homesByCircuit = numbersBy(city.dwellings, ({ circuit }) => circuit)
  const circuitsBySubstation = numbersBy(city.circuits, ({ substation }) => substation)
  const devicesByGateway = numbersBy(city.devices, ({ gateway }) => gateway)

  const homesOfSubstation = (substation: number) =>
    (circuitsBySubstation.get(substation) ?? []).flatMap((circuit) => homesByCircuit.get(circuit) ?? [])
  const homeOfDevice = (device: number) => {
    const place = city.devices[device]
    return place?.placeKind === 'dwelling' ? [place.place] : []
  }
  const homes: Readonly<Record<SubjectKind, (index: number, matching: readonly number[]) => readonly number[]>> = {
    city: () => [],
    source: (index) =>
      city.substations.flatMap((place, substation) =>
        place.sources.includes(index) ? homesOfSubstation(substation) : [],
      ),
    substation: homesOfSubstation,
    circuit: (index) => homesByCircuit.get(index) ?? [],
    building: (_, matching) => matching,
    riser: (_, matching) => matching,
    dwelling: (index) => [index],
    device: homeOfDevice,
    gateway: (index) => (devicesByGateway.get(index) ?? []).flatMap(homeOfDevice),
  }

  return (fault) => {
    for (const kind of faultKinds[fault.kind].subject) {
      if (kind === 'city') return { kind, index: -1, dwellings: [] }
      const matching = idsOf[kind]?.get(fault.subject)
      if (matching === undefined) continue
      const index = kind === 'building' || kind === 'riser' ? -1 : (matching[0] as number)
      return { kind, index, dwellings: homes[kind](index, matching) }
    }
    throw new UnknownFaultSubject(
      `${fault.kind}: the simulated city has no ${faultKinds[fault.kind].subject.join(' or ')} "${fault.subject}"`,
    )
  }
}
