import type { AlertTier } from '#domain/alert.ts'
import type { Condition } from '../influxql/condition.ts'
import { mean, min, sum, times } from '../influxql/expression.ts'
import { query } from '../influxql/query.ts'
import { columnTexts, emptyTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import { colours, tierColours } from './colours.ts'
import {
  degreeHours,
  namesOfPlaces,
  overTime,
  type RollUpField,
  type RollUpTag,
  rollUpEvery,
  rollUps,
  shareOverTime,
  totalOverTime,
} from './figures.ts'
import { toFlags } from './links.ts'
import type { Column, PanelSpec } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

/** Panels about the homes of one place or of several, from their roll-ups. */

type Where = readonly Condition<RollUpTag>[]

const common = { empty: emptyTexts.rollUps, everyAtLeast: rollUpEvery } as const

/** The numbers that stand first: homes below target, their share, degree-hours, coverage. */
export const numbersNow = (where: Where, limits: Thresholds): PanelSpec[] => [
  {
    ...common,
    kind: 'stat',
    texts: homeTexts.cold,
    size: [4, 4],
    unit: 'none',
    decimals: 0,
    steps: limits.none('warning'),
    queries: [totalOverTime(where, 'dwellings_below_target')],
    columns: [{ key: 'total', header: columnTexts.cold }],
    links: [toFlags()],
  },
  {
    ...common,
    kind: 'stat',
    texts: homeTexts.coldShare,
    size: [4, 4],
    unit: 'percent',
    decimals: 1,
    min: 0,
    max: 100,
    steps: limits.coldPct,
    queries: [shareOverTime(where, 'dwellings_below_target', 'dwellings_measured')],
    columns: [{ key: 'share', header: columnTexts.coldPct }],
  },
  {
    ...common,
    kind: 'stat',
    texts: homeTexts.degreeHours,
    size: [4, 4],
    unit: 'suffix: Kh',
    decimals: 1,
    steps: limits.neutral,
    queries: [query(rollUps, { select: { degreeHours: sum('degree_hours_below_target') }, where, time: 'shown' })],
    columns: [{ key: 'degreeHours', header: columnTexts.degreeHours }],
  },
  {
    ...common,
    kind: 'stat',
    texts: homeTexts.coverage,
    size: [4, 4],
    unit: 'percent',
    decimals: 1,
    min: 0,
    max: 100,
    steps: limits.coveragePct,
    queries: [shareOverTime(where, 'probes_reporting', 'probes_expected')],
    columns: [{ key: 'share', header: columnTexts.coveragePct }],
  },
]

/** What a place is like now. */
export const placeNow = (where: Where, limits: Thresholds, of: { readonly firm?: string } = {}): PanelSpec[] => [
  ...numbersNow(where, limits),
  outdoorNow(where, limits),
  flagsNow(where, limits, [4, 4], of),
]

/** How the homes of one place were. */
export const homesOverTime = (where: Where, limits: Thresholds): PanelSpec[] => [
  percentiles(where, limits, [12, 9]),
  coldOverTime(where, limits, [12, 9]),
  degreeHoursOverTime(where, limits, [12, 8]),
  coverageOverTime(where, limits, [12, 8]),
]

/** Outdoor temperature of the places; the coldest of a stretch is what heating has to meet. */
export const outdoorNow = (where: Where, limits: Thresholds): PanelSpec => ({
  ...common,
  kind: 'stat',
  texts: homeTexts.outdoor,
  size: [4, 4],
  unit: 'celsius',
  decimals: 1,
  steps: limits.neutral,
  queries: [
    query(rollUps, {
      select: { outdoor: mean('outdoor_temperature_c') },
      where,
      time: 'shown',
      bucket: 'auto',
      fill: 'none',
    }),
  ],
  columns: [{ key: 'outdoor', header: columnTexts.outdoor }],
})

/** Percentiles of one place; those of several cannot be put together. */
export const percentiles = (where: Where, limits: Thresholds, size: PanelSpec['size']): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts: homeTexts.percentiles,
  size,
  unit: 'celsius',
  decimals: 1,
  steps: limits.indoorC,
  queries: [
    overTime(where, {
      p10: 'indoor_p10_c',
      p50: 'indoor_p50_c',
      p90: 'indoor_p90_c',
      target: 'target_c',
      outdoor: 'outdoor_temperature_c',
    }),
  ],
  columns: [
    { key: 'p10', header: columnTexts.p10, colour: colours.skyBlue },
    { key: 'p50', header: columnTexts.p50, colour: colours.blue },
    { key: 'p90', header: columnTexts.p90, colour: colours.orange },
    { key: 'target', header: columnTexts.target, colour: colours.vermillion, dashed: true },
    { key: 'outdoor', header: columnTexts.outdoor, colour: colours.grey, rightAxis: true },
  ],
})

export const coldOverTime = (where: Where, limits: Thresholds, size: PanelSpec['size']): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts: homeTexts.coldOverTime,
  size,
  unit: 'none',
  decimals: 0,
  min: 0,
  steps: limits.none('warning'),
  queries: [
    overTime(where, {
      cold: 'dwellings_below_target',
      below16: 'dwellings_below_16',
      below12: 'dwellings_below_12',
      below5: 'dwellings_below_5',
    }),
  ],
  columns: [
    { key: 'cold', header: columnTexts.cold, colour: tierColours.notice },
    { key: 'below16', header: columnTexts.below16, colour: tierColours.warning },
    { key: 'below12', header: columnTexts.below12, colour: tierColours.serious },
    { key: 'below5', header: columnTexts.below5, colour: tierColours.danger },
  ],
})

export const degreeHoursOverTime = (
  where: Where,
  limits: Thresholds,
  size: PanelSpec['size'],
  places: 'one' | 'several' = 'one',
): PanelSpec => ({
  ...common,
  kind: 'bars',
  stacked: places === 'several',
  texts: homeTexts.degreeHoursOverTime,
  size,
  unit: 'suffix: Kh',
  decimals: 1,
  min: 0,
  steps: limits.neutral,
  queries: [degreeHours(where, tagsOf(places))],
  ...(places === 'several'
    ? { named: namesOfPlaces(where) }
    : { columns: [{ key: 'degreeHours', header: columnTexts.degreeHours, colour: colours.blue }] }),
})

export const coverageOverTime = (
  where: Where,
  limits: Thresholds,
  size: PanelSpec['size'],
  places: 'one' | 'several' = 'one',
): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts: homeTexts.coverageOverTime,
  size,
  unit: 'percent',
  decimals: 1,
  min: 0,
  max: 100,
  steps: limits.coveragePct,
  queries: [
    query(rollUps, {
      select: { share: times(min('coverage_share'), 100) },
      where,
      time: 'shown',
      bucket: 'auto',
      groupBy: tagsOf(places),
      fill: 'null',
    }),
  ],
  ...(places === 'several'
    ? { named: namesOfPlaces(where) }
    : { columns: [{ key: 'share', header: columnTexts.coveragePct, colour: colours.blue }] }),
})

/** Several places are told apart by their ids. */
const tagsOf = (places: 'one' | 'several'): readonly RollUpTag[] => (places === 'several' ? ['id'] : [])

const tierFields: Readonly<Record<AlertTier, RollUpField>> = {
  notice: 'flags_notice',
  warning: 'flags_warning',
  serious: 'flags_serious',
  danger: 'flags_danger',
}

/** One number a tier, each leading to its flags in the console. */
export const flagsNow = (
  where: Where,
  limits: Thresholds,
  size: PanelSpec['size'],
  of: { readonly firm?: string } = {},
): PanelSpec => ({
  ...common,
  kind: 'stat',
  texts: homeTexts.flags,
  size,
  unit: 'none',
  decimals: 0,
  steps: limits.none('notice'),
  queries: [flagsOf(where)],
  columns: tierColumns((tier) => ({
    steps: limits.none(tier),
    link: toFlags({ ...of, rules: limits.rulesOf(tier) }),
  })),
})

export const flagsOverTime = (where: Where, limits: Thresholds, size: PanelSpec['size']): PanelSpec => ({
  ...common,
  kind: 'bars',
  stacked: true,
  texts: homeTexts.flagsOverTime,
  size,
  unit: 'none',
  decimals: 0,
  min: 0,
  steps: limits.none('notice'),
  queries: [flagsOf(where)],
  columns: tierColumns((tier) => ({ colour: tierColours[tier] })),
})

const flagsOf = (where: Where) => overTime(where, tierFields)

const tierColumns = (more: (tier: AlertTier) => Partial<Column>): Column[] =>
  (Object.keys(tierFields) as AlertTier[]).map((tier) => ({ key: tier, header: columnTexts[tier], ...more(tier) }))
