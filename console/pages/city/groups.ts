import { coldShare, type Overview, type OverviewPlace } from './overview.ts'
import type { Grouping } from './route.ts'

/** A circuit as a cell of the map. */
export interface Leaf {
  readonly name: string
  readonly value: number
  readonly circuit: string
  readonly share: number | undefined
}

interface Group {
  readonly name: string
  readonly share: number | undefined
  readonly leaves: readonly Leaf[]
}

/** Circuits by what they belong to, the coldest group first. */
export function groupsOf(
  { places }: Overview,
  by: Grouping,
  nameOf: (place: OverviewPlace) => string,
  unknownGroup: string,
): readonly Group[] {
  const above = new Map(places.filter(({ level }) => level === by).map((place) => [place.id, place]))
  const circuits = places.filter(({ level, figures }) => level === 'circuit' && (figures.dwellings_heated ?? 0) > 0)
  const grouped = Map.groupBy(circuits, (place) => place[by])
  return [...grouped]
    .map(([id, members]) => {
      const group = id === undefined ? undefined : above.get(id)
      return {
        name: group ? nameOf(group) : (id ?? unknownGroup),
        share: group && coldShare(group),
        leaves: members.map((place) => ({
          name: nameOf(place),
          value: place.figures.dwellings_heated ?? 0,
          circuit: place.id,
          share: coldShare(place),
        })),
      }
    })
    .sort((left, right) => (right.share ?? -1) - (left.share ?? -1))
}
