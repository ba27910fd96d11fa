import { placesOfFewHomes } from '#domain/few-homes.ts'
import type { FirmProbes } from '#store/ledger/firm-probes.ts'

/** What may not be told of a city's firms to those who may not see homes. */
export interface HiddenFirms {
  /** Firms whose figures in the whole city speak of few homes. */
  readonly inCity: ReadonlySet<string>
  /** What firms have in a district, where that speaks of few homes. */
  readonly inDistrict: ReadonlySet<FirmProbes>
}

/**
 * Firms and districts as a graph: what a firm has in a district joins the two, and the sum of a firm or district joins
 * it to all of its kind. Each node is an equation: what meets there adds up. Of what is hidden, a figure follows from
 * the equations unless it lies on a ring of hidden ones, along which homes could be shifted unseen.
 */
interface Figure {
  readonly joins: readonly [string, string]
  readonly homes: number
  /** Absent for a sum. */
  readonly cell?: FirmProbes
}

/**
 * Hides what speaks of fewer than `homesMin` measured homes, and as little of firms in districts beside it as keeps
 * that from being told by subtraction from all that is shown and from sums. Sums with enough homes stay, even where
 * they alone tell, which nothing else would help: without them there were no list of the city's firms.
 */
export function hideFewHomes(cells: readonly FirmProbes[], homesMin: number): HiddenFirms {
  const sums = [...hiddenSums(cells, 'firm', homesMin), ...hiddenSums(cells, 'district', homesMin)]
  const ofCells = cells.map((cell): Figure => {
    return { joins: [`firm ${cell.firm}`, `district ${cell.district}`], homes: cell.probes, cell }
  })
  const few = [...ofCells, ...sums].filter(({ homes }) => homes < homesMin)
  const hidden = new Set([...few, ...sums])
  // Of two ways that hide as much, the one over smaller figures.
  const figures = [...ofCells.toSorted((left, right) => left.homes - right.homes), ...sums]
  for (const figure of few) for (const other of wayAround(figure, figures, hidden)) hidden.add(other)
  return {
    inCity: new Set(sums.flatMap(({ joins: [line, kind] }) => (kind === 'firm' ? [line.slice('firm '.length)] : []))),
    inDistrict: new Set([...hidden].flatMap(({ cell }) => cell ?? [])),
  }
}

/** Sums of the firms, or of the districts, that speak of few homes or tell of those: together they are the city. */
function hiddenSums(cells: readonly FirmProbes[], kind: 'firm' | 'district', homesMin: number): Figure[] {
  // In the order of ids, in which places are hidden elsewhere too: of two that are as large, the same one.
  const byId = [...Map.groupBy(cells, (cell) => cell[kind])].sort(([left], [right]) => (left < right ? -1 : 1))
  const sums = byId.map(([id, some]): Figure => {
    return { joins: [`${kind} ${id}`, kind], homes: some.reduce((sum, { probes }) => sum + probes, 0) }
  })
  const city = sums.reduce((sum, { homes }) => sum + homes, 0)
  const measured = [...sums.map(({ homes }) => homes), city]
  const few = placesOfFewHomes(measured, [{ parent: sums.length, children: sums.map((_, index) => index) }], homesMin)
  return sums.filter((_, index) => few[index] === 1)
}

/** What makes a ring with a figure and hides least beside what is hidden; nothing where there is no ring. */
function wayAround(figure: Figure, figures: readonly Figure[], hidden: ReadonlySet<Figure>): readonly Figure[] {
  const [start, end] = figure.joins
  const found = new Map<string, { readonly shown: number; readonly over: readonly Figure[] }>()
  found.set(start, { shown: 0, over: [] })
  for (let better = true; better; ) {
    better = false
    for (const other of figures) {
      if (other === figure) continue
      const shown = hidden.has(other) ? 0 : 1
      for (const [near, far] of [other.joins, other.joins.toReversed()] as [string, string][]) {
        const here = found.get(near)
        if (!here || here.shown + shown >= (found.get(far)?.shown ?? Number.POSITIVE_INFINITY)) continue
        found.set(far, { shown: here.shown + shown, over: [...here.over, other] })
        better = true
      }
    }
  }
  return found.get(end)?.over ?? []
}
