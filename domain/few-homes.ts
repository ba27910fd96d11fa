import type { RollUpFigures } from './live-roll-up.ts'
import { flagFields, homeFields, type RollUpFigure } from './telemetry-names.ts'

/** A place and those that it is made of, as numbers of places: whoever knows all but one of them knows that one. */
export interface Family {
  readonly parent: number
  readonly children: ArrayLike<number>
}

/**
 * Which places speak of fewer than `homesMin` measured homes, by themselves or by subtraction: where the hidden parts
 * of a place are so few together, the smallest of its other parts is hidden with them, until they are enough.
 * `measured` holds measured homes by number of place, and `silent` is 1 where something is told of homes although none
 * is measured: flags stay open when probes fall silent. The result is 1 for what must be hidden.
 */
export function placesOfFewHomes(
  measured: ArrayLike<number>,
  families: readonly Family[],
  homesMin: number,
  silent?: Uint8Array,
): Uint8Array {
  const few = silent?.slice() ?? new Uint8Array(measured.length)
  const homesOf = (place: number) => measured[place] as number
  for (let place = 0; place < few.length; place += 1)
    if (homesOf(place) > 0 && homesOf(place) < homesMin) few[place] = 1
  // What is hidden in one family may leave too little hidden in another. Each round hides more, so this ends.
  for (let changed = true; changed; ) {
    changed = false
    for (const { parent, children } of families) {
      if (few[parent] === 1) continue
      for (;;) {
        let shownHomes = 0
        let smallest = -1
        let silentHidden = false
        for (let index = 0; index < children.length; index += 1) {
          const child = children[index] as number
          const homes = homesOf(child)
          if (silent?.[child] === 1) silentHidden = true
          if (few[child] === 1 || homes === 0) continue
          shownHomes += homes
          if (smallest < 0 || homes < homesOf(smallest)) smallest = child
        }
        const hiddenHomes = homesOf(parent) - shownHomes
        if ((hiddenHomes <= 0 && !silentHidden) || hiddenHomes >= homesMin || smallest < 0) break
        few[smallest] = 1
        changed = true
      }
    }
  }
  return few
}

/** What may be told of a place however few its homes are: how many there are, and whether their probes report. */
const countsOfHomes: readonly RollUpFigure[] = [
  'dwellings_heated',
  'dwellings_probed',
  'dwellings_measured',
  'probes_expected',
  'probes_reporting',
  'coverage_share',
  'target_c',
]

const ofFewHomes = new Set<string>(
  [...Object.keys(homeFields), ...Object.keys(flagFields)].filter(
    (name) => !countsOfHomes.includes(name as RollUpFigure),
  ),
)

/** Figures for those who may not see single homes, of a place with few. What the plant itself measures stays. */
export const withoutHomes = (figures: RollUpFigures): RollUpFigures =>
  Object.fromEntries(Object.entries(figures).filter(([name]) => !ofFewHomes.has(name)))
