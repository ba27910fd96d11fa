import type { RankingMethod } from '#domain/ranking-method.ts'
import type { GoldenCity, GoldenHome } from './ranking-golden-city.ts'
import { days, isExcluded, isForNobody, type NaivePeriod, tenths } from './ranking-naive-days.ts'
import { type NaiveOutage, naiveOutage, naivePunctual } from './ranking-naive-supply.ts'

/**
 * The plainest reckoning that follows the words of docs/ranking.md, hour by hour and minute by minute. It shares
 * nothing with the service but the method file: whoever doubts a point should be able to read this instead.
 */
export interface NaiveFirm {
  readonly firm: string
  readonly days: number
  readonly probes: number
  readonly connectedHomes: number
  readonly values: Readonly<Record<string, number | undefined>>
  readonly outage?: NaiveOutage
  readonly items: Readonly<Record<string, number | undefined>>
  readonly score: number
  readonly assessedPoints: number
  readonly scaled?: number
  readonly interval?: readonly [number, number]
  readonly provisional: readonly string[]
  readonly standing: string
  readonly vetoes: readonly { readonly kind: string; readonly state: string; readonly document?: string }[]
  readonly excludedShare: number
  readonly rank?: number
}

const round2 = (value: number) => Math.round(value * 100) / 100
export function naiveRanking(city: GoldenCity, method: RankingMethod, period: NaivePeriod): NaiveFirm[] {
  const firms = city.firms
    .map((firm) => naiveFirm(city, method, period, firm))
    .filter(({ firm, days, assessedPoints }) => days > 0 || assessedPoints > 0 || period.listed.includes(firm))
  const vetoed = (firm: string) => hasConfirmedVeto(city, firm)
  const place = ({ firm, scaled }: NaiveFirm) => (scaled === undefined ? 3 : vetoed(firm) ? 2 : 1)
  const isBefore = (one: NaiveFirm, other: NaiveFirm) =>
    place(one) < place(other) || (place(one) === place(other) && (one.scaled ?? 0) > (other.scaled ?? 0))
  return firms.map((firm) =>
    firm.scaled === undefined ? firm : { ...firm, rank: 1 + firms.filter((other) => isBefore(other, firm)).length },
  )
}

function naiveFirm(city: GoldenCity, method: RankingMethod, period: NaivePeriod, firm: string): NaiveFirm {
  const circuits = city.circuits.filter(({ district }) => period.districts.includes(district))
  const mine = new Set(
    circuits.flatMap(({ id, firmOn }) =>
      days(period)
        .filter((day) => firmOn(day) === firm)
        .map((day) => `${id} ${day}`),
    ),
  )
  const counted = (circuit: string, day: number) => mine.has(`${circuit} ${day}`)
  const heated = (day: number) => city.homes.filter((home) => counted(home.circuit, day) && home.heatedOn(day))
  const watched = new Set(circuits.filter((circuit) => circuit.watched).map(({ id }) => id))
  const answered = days(period).filter((day) => heated(day).length > 0)
  const average = (count: (homes: GoldenHome[]) => number) =>
    answered.length === 0 ? 0 : Math.round(answered.reduce((sum, day) => sum + count(heated(day)), 0) / answered.length)
  const homes = average((some) => some.length)
  const probes = average((some) => some.filter((home) => home.probes.length > 0).length)
  const watchedHomes = average((some) => some.filter(({ circuit }) => watched.has(circuit)).length)

  const sums = homeSums(city, answered, heated)
  const cold = homeSums(
    city,
    coldestDays(city, period).filter((day) => answered.includes(day)),
    heated,
  )
  const outage =
    watchedHomes === 0
      ? undefined
      : naiveOutage(
          city,
          circuits.filter(({ id }) => watched.has(id)),
          period,
          counted,
          watchedHomes,
        )
  const share = (part: number, whole: number) => (whole === 0 ? undefined : part / whole)
  // Figures count for the territory and the days that they were imported for.
  const isTheirs = period.territory === 'harbin' && period.fromDay === city.firstDay && period.toDay === city.lastDay
  const figures = Object.fromEntries(
    city.figures.filter((one) => isTheirs && one.firm === firm).map(({ measure, value }) => [measure, value]),
  )
  const values: NaiveFirm['values'] = {
    ...figures,
    shareAtTarget: share(sums.atTarget, sums.all),
    depthK: share(sums.kelvinHours, sums.all),
    coveredShare: share(sums.covered, sums.all),
    steadyShare: share(cold.atTarget, cold.all),
    outageHoursPerHome: outage?.saidiHours,
    outagesPerHome: outage?.saifi,
    punctualShare: naivePunctual(
      city,
      circuits.filter(({ id }) => watched.has(id)),
      period,
      counted,
    ),
  }
  const { items, assessed, score, assessedPoints } = naivePoints(method, values)
  const scaled =
    assessedPoints === 0 ? undefined : Math.round((Math.round(score * 100) * method.totalPoints) / assessedPoints) / 100
  return {
    ...{ firm, days: answered.length, probes, connectedHomes: homes, values, items, score, assessedPoints },
    ...(outage && { outage }),
    ...(scaled !== undefined && { scaled, interval: naiveInterval(method, assessed, homes, probes, scaled) }),
    provisional: [
      ...(probes < 30 ? ['fewProbes'] : []),
      ...(answered.length < days(period).length / 2 ? ['partOfThePeriod'] : []),
    ],
    standing: naiveStanding(method, scaled, assessedPoints, hasConfirmedVeto(city, firm)),
    vetoes: naiveVetoes(city, method, firm),
    excludedShare: share(sums.leftOut, sums.all + sums.leftOut) ?? 0,
  }
}

const hasConfirmedVeto = ({ vetoes }: GoldenCity, firm: string) =>
  vetoes.some((veto) => veto.firm === firm && veto.state === 'proven' && veto.document !== undefined)

/** What was brought last of each kind, in the order of the method. */
const naiveVetoes = ({ vetoes }: GoldenCity, method: RankingMethod, firm: string): NaiveFirm['vetoes'] =>
  method.vetoes.flatMap(({ kind }) => {
    const brought = vetoes.findLast((veto) => veto.firm === firm && veto.kind === kind)
    return brought ? [{ kind, state: brought.state, ...(brought.document && { document: brought.document }) }] : []
  })

/** A quarter of the days whose outdoor temperature is known, the coldest; of two equally cold the earlier. */
function coldestDays({ outdoorC }: GoldenCity, period: NaivePeriod): number[] {
  const known = days(period).flatMap((day) => {
    const observed = ['nangang', 'daowai'].map((district) => outdoorC(day, district)).filter((c) => c !== undefined)
    return observed.length === 0 ? [] : [{ day, c: observed.reduce((sum, c) => sum + c, 0) / observed.length }]
  })
  known.sort((left, right) => left.c - right.c || left.day - right.day)
  return known.slice(0, Math.ceil(known.length / 4)).map(({ day }) => day)
}

interface HomeSums {
  /** Area times hours, tenths of a square metre. */
  all: number
  atTarget: number
  covered: number
  leftOut: number
  kelvinHours: number
}

function homeSums(city: GoldenCity, some: readonly number[], heated: (day: number) => GoldenHome[]): HomeSums {
  const sums: HomeSums = { all: 0, atTarget: 0, covered: 0, leftOut: 0, kelvinHours: 0 }
  for (const day of some) {
    for (const home of heated(day)) {
      if (home.probes.length === 0) continue
      const area = tenths(home.areaM2)
      const whole = naiveHomeDay(home, day)
      const out =
        isForNobody(city, day) ||
        isExcluded(city, day, 'dwelling', home.id) ||
        isExcluded(city, day, 'building', home.building) ||
        isExcluded(city, day, 'circuit', home.circuit) ||
        whole.leftOut > 12
      sums.leftOut += area * (out ? 24 : whole.leftOut)
      if (out) continue
      sums.all += area * (24 - whole.leftOut)
      sums.atTarget += area * (24 - whole.leftOut - whole.notAtTarget)
      sums.covered += area * (24 - whole.leftOut - whole.uncovered)
      sums.kelvinHours += area * (Math.round(whole.missingCenti / 10) / 10)
    }
  }
  return sums
}

/** Hours of a home's day: the coldest room decides, measure by measure. */
function naiveHomeDay(home: GoldenHome, day: number) {
  const othersKeepAll = home.probes.every(({ keeper }) => keeper !== 'firm')
  const rooms = home.probes.map(({ keeper, hours }) => {
    let [gap, below, missingCenti] = [0, 0, 0]
    for (const celsius of hours(day)) {
      const centi = celsius === undefined ? undefined : Math.round(celsius * 100)
      if (centi === undefined) gap += 1
      else if (centi < 1970) {
        below += 1
        missingCenti += 2000 - Math.max(centi, 1200)
      }
    }
    return { gap, held: keeper === 'firm' ? gap : 0, below, missingCenti }
  })
  const leftOut = othersKeepAll ? Math.min(...rooms.map(({ gap }) => gap)) : 0
  return {
    leftOut,
    notAtTarget: Math.min(24 - leftOut, Math.max(...rooms.map(({ below, held }) => below + held))),
    uncovered: Math.max(...rooms.map(({ held }) => held)),
    missingCenti: Math.max(...rooms.map((room) => room.missingCenti + room.held * 800)),
  }
}

interface NaiveItem {
  readonly points: number
  readonly measure: string
  readonly full: number
  readonly none: number
}

function naivePoints(method: RankingMethod, values: NaiveFirm['values']) {
  const items: Record<string, number | undefined> = {}
  const assessed: NaiveItem[] = []
  let hundredths = 0
  for (const item of method.dimensions.flatMap((dimension) => dimension.items)) {
    const value = values[item.measure]
    if (value === undefined) continue
    const reached = Math.min(1, Math.max(0, (value - item.none) / (item.full - item.none)))
    const points = round2(item.points * reached)
    items[item.id] = points
    hundredths += Math.round(points * 100)
    assessed.push(item)
  }
  const assessedPoints = assessed.reduce((sum, { points }) => sum + points, 0)
  return { items, assessed, score: hundredths / 100, assessedPoints }
}

function naiveInterval(
  { totalPoints }: RankingMethod,
  assessed: readonly NaiveItem[],
  homes: number,
  probes: number,
  scaled: number,
): readonly [number, number] {
  const unmeasured = homes <= 1 ? 0 : (homes - probes) / (homes - 1)
  const half = probes === 0 ? 1 : Math.min(1, (1.96 * 0.5 * Math.sqrt(unmeasured)) / Math.sqrt(probes))
  const ranges: Readonly<Record<string, number>> = { shareAtTarget: 1, steadyShare: 1, coveredShare: 1, depthK: 8 }
  let moved = 0
  let whole = 0
  for (const { points, measure, full, none } of assessed) {
    whole += points
    moved += Math.min(points, (points * half * (ranges[measure] ?? 0)) / Math.abs(full - none))
  }
  const spread = (moved * totalPoints) / whole
  return [round2(Math.max(0, scaled - spread)), round2(Math.min(totalPoints, scaled + spread))]
}

function naiveStanding(method: RankingMethod, scaled: number | undefined, assessedPoints: number, vetoed: boolean) {
  if (vetoed) return 'black'
  if (scaled === undefined) return 'noData'
  if (assessedPoints < 0.8 * method.totalPoints) return 'interim'
  if (scaled >= method.redMin) return 'red'
  return scaled < method.blackBelow ? 'black' : 'yellow'
}
