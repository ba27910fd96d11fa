import type { ImportedMeasure, Measure, RankingItem, RankingMethod, VetoKind } from './ranking-method.ts'
import type { RollUp } from './roll-up.ts'
import { type OutageSums, outageIndices } from './supply-outage.ts'

/** A veto that was brought forward, and how far it has come. Only a confirmed one takes effect. */
export interface Veto {
  readonly kind: VetoKind
  readonly state: 'proven' | 'cleared'
  readonly evidence: string
  /** Number of the document by which a regulator confirmed it. */
  readonly document?: string
}

/** All that a firm's points follow from: what is frozen when a list is published. */
export interface FirmInput {
  readonly firm: string
  /** Days of the period on which the firm answered for at least one home. */
  readonly days: number
  /** Homes with a registered probe, whether it tells anything or not. */
  readonly probes: number
  readonly connectedHomes: number
  readonly heatedAreaM2: number
  readonly rollUp: RollUp
  /** The coldest quarter of the period's days, by outdoor temperature; absent where that is not known. */
  readonly coldestDays?: RollUp
  /** Absent where the firm's circuits are not watched. */
  readonly outage?: OutageSums
  /** First and last ten days of the season, weighted by area; absent when the period has none of them. */
  readonly edges?: { readonly areaHours: number; readonly areaHoursOpen: number }
  readonly imported: Readonly<Partial<Record<ImportedMeasure, number>>>
  readonly vetoes: readonly Veto[]
}

export interface ItemScore {
  readonly dimension: string
  readonly item: string
  readonly points: number
  readonly measure: Measure
  readonly state: 'assessed' | 'notAssessed'
  readonly value?: number
  /** Hundredths of a point are the smallest step. */
  readonly score?: number
}

export type Standing = 'red' | 'yellow' | 'black' | 'interim' | 'noData'
export type ProvisionalReason = 'fewProbes' | 'partOfThePeriod'

export interface FirmScore {
  readonly firm: string
  readonly items: readonly ItemScore[]
  readonly score: number
  readonly assessedPoints: number
  readonly totalPoints: number
  readonly assessedShare: number
  /** The score as if all points were assessed alike; absent where nothing is assessed. */
  readonly scaled?: number
  /** Where the scaled score would lie if every home had a probe, with 95 % confidence. */
  readonly interval?: readonly [number, number]
  readonly provisional: readonly ProvisionalReason[]
  readonly vetoes: readonly {
    readonly kind: VetoKind
    readonly state: Veto['state'] | 'notAssessed'
    readonly document?: string
  }[]
  readonly standing: Standing
  /** Share of heated area and time that exclusions take out. */
  readonly excludedShare: number
  /** Absent where nothing is assessed; firms with the same points have the same rank. */
  readonly rank?: number
}

/** A firm that answered for less of the period, because plants were taken over, is marked. */
const shareOfPeriodMin = 0.5

/** Scores and ranks firms by a method. The order of the inputs changes nothing. */
export function rankFirms(method: RankingMethod, inputs: readonly FirmInput[], daysInPeriod: number): FirmScore[] {
  const scores = inputs.map((input) => scoreFirm(method, input, daysInPeriod))
  scores.sort(
    (left, right) =>
      last(left) - last(right) ||
      (right.scaled ?? 0) - (left.scaled ?? 0) ||
      (left.firm < right.firm ? -1 : left.firm > right.firm ? 1 : 0),
  )
  const alike = (one: FirmScore, other: FirmScore) => last(one) === last(other) && one.scaled === other.scaled
  return scores.map((score) =>
    score.scaled === undefined ? score : { ...score, rank: 1 + scores.findIndex((other) => alike(other, score)) },
  )
}

/** A firm under a confirmed veto comes after the others, and one without data after all. */
const last = (score: FirmScore): number => (score.scaled === undefined ? 2 : isVetoed(score.vetoes) ? 1 : 0)

const isVetoed = (vetoes: FirmScore['vetoes']): boolean =>
  vetoes.some(({ state, document }) => state === 'proven' && document !== undefined)

/** One firm's points, unfolded to items. */
export function scoreFirm(method: RankingMethod, input: FirmInput, daysInPeriod: number): FirmScore {
  const items = method.dimensions.flatMap((dimension) =>
    dimension.items.map((item) => scoreItem(dimension.id, item, measureOf(input, item.measure))),
  )
  const assessed = items.filter(({ state }) => state === 'assessed')
  const assessedPoints = assessed.reduce((sum, { points }) => sum + points, 0)
  const hundredths = assessed.reduce((sum, { score = 0 }) => sum + Math.round(score * 100), 0)
  const scaled = assessedPoints === 0 ? undefined : Math.round((hundredths * method.totalPoints) / assessedPoints) / 100
  const vetoes = method.vetoes.map(({ kind }) => {
    const veto = input.vetoes.find((brought) => brought.kind === kind)
    return veto
      ? { kind, state: veto.state, ...(veto.document !== undefined && { document: veto.document }) }
      : { kind, state: 'notAssessed' as const }
  })
  const assessedShare = assessedPoints / method.totalPoints
  const { areaMinutes, areaMinutesExcluded } = input.rollUp
  const provisional: ProvisionalReason[] = []
  if (input.probes < method.probesMin) provisional.push('fewProbes')
  if (input.days < daysInPeriod * shareOfPeriodMin) provisional.push('partOfThePeriod')
  return {
    firm: input.firm,
    items,
    score: hundredths / 100,
    assessedPoints,
    totalPoints: method.totalPoints,
    assessedShare,
    ...(scaled !== undefined && { scaled, interval: intervalOf(method, input, scaled, assessedPoints) }),
    provisional,
    vetoes,
    standing: standingOf(method, scaled, assessedShare, vetoes),
    excludedShare: share(areaMinutesExcluded, areaMinutes + areaMinutesExcluded) ?? 0,
  }
}

function standingOf(
  method: RankingMethod,
  scaled: number | undefined,
  assessedShare: number,
  vetoes: FirmScore['vetoes'],
): Standing {
  if (isVetoed(vetoes)) return 'black'
  if (scaled === undefined) return 'noData'
  if (assessedShare < method.assessedShareMin) return 'interim'
  if (scaled >= method.redMin) return 'red'
  return scaled < method.blackBelow ? 'black' : 'yellow'
}

function scoreItem(dimension: string, item: RankingItem, value: number | undefined): ItemScore {
  const known = { dimension, item: item.id, points: item.points, measure: item.measure }
  if (value === undefined) return { ...known, state: 'notAssessed' }
  const share = Math.min(1, Math.max(0, (value - item.none) / (item.full - item.none)))
  return { ...known, state: 'assessed', value, score: Math.round(item.points * share * 100) / 100 }
}

/** The value of a measure; undefined where the firm cannot be assessed by it. */
export function measureOf(input: FirmInput, measure: Measure): number | undefined {
  const { rollUp, coldestDays, outage, edges } = input
  const indices = outage && outageIndices(outage)
  switch (measure) {
    case 'shareAtTarget':
      return share(rollUp.areaMinutesAtTarget, rollUp.areaMinutes)
    case 'depthK':
      return share(rollUp.areaShortfall * 6, rollUp.areaMinutes)
    case 'steadyShare':
      return coldestDays && share(coldestDays.areaMinutesAtTarget, coldestDays.areaMinutes)
    case 'coveredShare':
      return share(rollUp.areaMinutesCovered, rollUp.areaMinutes)
    case 'outageHoursPerHome':
      return indices?.saidiHours
    case 'outagesPerHome':
      return indices?.saifi
    case 'punctualShare':
      return edges && share(edges.areaHoursOpen, edges.areaHours)
    default:
      return input.imported[measure]
  }
}

const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole)

/** Measures that stand for all homes though only homes with a probe are measured, and how far each can range. */
const sampledRange: Partial<Record<Measure, number>> = { shareAtTarget: 1, steadyShare: 1, depthK: 8, coveredShare: 1 }
const confidence95 = 1.96

/**
 * Half the interval of a share, whatever the share is: the widest that a sample of so many homes can have. It takes
 * no account of what was measured, so that neither good luck nor an unplugged probe makes it narrower.
 */
export function sampleHalfWidth(probes: number, homes: number): number {
  if (probes === 0) return 1
  const unmeasured = homes <= 1 ? 0 : Math.max(0, homes - probes) / (homes - 1)
  return Math.min(1, (confidence95 * 0.5 * Math.sqrt(unmeasured)) / Math.sqrt(probes))
}

function intervalOf(
  method: RankingMethod,
  input: FirmInput,
  scaled: number,
  assessedPoints: number,
): readonly [number, number] {
  const half = sampleHalfWidth(input.probes, input.connectedHomes)
  let moved = 0
  for (const { points, measure, full, none } of method.dimensions.flatMap(({ items }) => items)) {
    const range = sampledRange[measure]
    if (range === undefined || measureOf(input, measure) === undefined) continue
    moved += points * Math.min(1, (half * range) / Math.abs(full - none))
  }
  const spread = (moved * method.totalPoints) / assessedPoints
  const hundredth = (value: number) => Math.round(value * 100) / 100
  return [hundredth(Math.max(0, scaled - spread)), hundredth(Math.min(method.totalPoints, scaled + spread))]
}
