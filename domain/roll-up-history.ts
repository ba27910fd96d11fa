import { thousandth } from './home-tally.ts'
import type { LiveRollUp, RollUpFigures } from './live-roll-up.ts'
import { measurements, type RollUpFigure } from './telemetry-names.ts'

type Point = Pick<LiveRollUp, 'at' | 'few' | 'figures'>

/** Some periods of one place, taken together. */
export interface JoinedRollUp extends Point {
  /** How many periods it is made of: fewer than fit in where some are missing. */
  readonly periods: number
}

/** What adds up over time. Everything else is a state, of which the mean is taken. */
const sums: ReadonlySet<string> = new Set<RollUpFigure>(['degree_hours_below_target'])

/**
 * Joins periods of one place, oldest first, into longer ones; `beginOf` gives the beginning of the longer period that
 * an instant lies in. States become their means, percentiles too: of a tenth of the homes, not of the same homes.
 */
export function joinRollUps(points: readonly Point[], beginOf: (at: number) => number): JoinedRollUp[] {
  const joined: JoinedRollUp[] = []
  for (let from = 0; from < points.length; ) {
    const at = beginOf((points[from] as Point).at)
    let to = from + 1
    while (to < points.length && beginOf((points[to] as Point).at) === at) to += 1
    joined.push(joinOne(at, points.slice(from, to)))
    from = to
  }
  return joined
}

function joinOne(at: number, points: readonly Point[]): JoinedRollUp {
  const totals = new Map<string, { sum: number; count: number }>()
  for (const { figures } of points) {
    for (const [name, value] of Object.entries(figures)) {
      const total = totals.get(name) ?? { sum: 0, count: 0 }
      totals.set(name, { sum: total.sum + value, count: total.count + 1 })
    }
  }
  const figures: RollUpFigures = Object.fromEntries(
    [...totals].map(([name, { sum, count }]) => [name, sums.has(name) ? thousandth(sum) : meanOf(name, sum / count)]),
  )
  return { at, periods: points.length, few: points.some(({ few }) => few), figures }
}

function meanOf(name: string, mean: number): number {
  const { type } = measurements.rollUp.fields[name as RollUpFigure]
  return type === 'integer' ? Math.round(mean) : thousandth(mean)
}
