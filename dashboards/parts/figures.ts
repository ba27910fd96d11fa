import { measurements, type RollUpLevel } from '#domain/telemetry-names.ts'
import { type Condition, tagIs, tagIsVariable } from '../influxql/condition.ts'
import { type Expression, last, max, mean, per, sum, times } from '../influxql/expression.ts'
import { answerOf, from, type Query, query } from '../influxql/query.ts'
import type { Language } from '../texts/said.ts'
import { nameColumn, type SeriesNames } from './series-names.ts'

/** Questions about roll-ups that several dashboards ask. */

export const { rollUp, firmScore, firmItem, serviceFigure } = measurements
export type RollUpTag = keyof typeof rollUp.tags
export type RollUpField = keyof typeof rollUp.fields

export const rollUps = from(rollUp)

/** Roll-ups come every ten minutes. */
export const rollUpEvery = '10m'

/** Places of a level, narrowed by variables: which tag by which variable. */
export const places = (
  level: RollUpLevel,
  chosen: Readonly<Partial<Record<RollUpTag, string>>> = {},
): readonly Condition<RollUpTag>[] => [
  tagIs('level', level),
  ...Object.entries(chosen).map(([tag, variable]) => tagIsVariable(tag as RollUpTag, variable)),
]

/** The field that has a place's or a firm's name. */
export const nameIn = (language: Language) => (language === 'zh' ? 'name' : 'name_en')

/** Where the newest of each place is looked for: a whole season of every place would take seconds to read. */
export const newestTime = { endOfShown: '1d' } as const

/** Names of all that are there in the shown time: who fell silent in it would otherwise be in no chart of it. */
export const namesOfPlaces = (where: readonly Condition<RollUpTag>[]): SeriesNames => ({
  tag: 'id',
  names: (language) =>
    query(rollUps, { select: { [nameColumn]: last(nameIn(language)) }, where, time: 'shown', groupBy: ['id'] }),
})

/** Fields of one place over time, each under a name. */
export const overTime = <Column extends string>(
  where: readonly Condition<RollUpTag>[],
  fields: Readonly<Record<Column, RollUpField>>,
  groupBy: readonly RollUpTag[] = [],
): Query<RollUpTag, Column> =>
  query(rollUps, {
    select: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, mean(field as RollUpField)]),
    ) as Record<Column, Expression<RollUpField>>,
    where,
    time: 'shown',
    bucket: 'auto',
    groupBy,
    fill: 'null',
  })

/** A share in percent of one place over time: sums of both, so that buckets of any width are right. */
export const shareOverTime = (
  where: readonly Condition<RollUpTag>[],
  part: RollUpField,
  whole: RollUpField,
  groupBy: readonly RollUpTag[] = [],
): Query<RollUpTag, 'share'> =>
  query(rollUps, {
    select: { share: per(times(sum(part), 100), sum(whole)) },
    where,
    time: 'shown',
    bucket: 'auto',
    groupBy,
    fill: 'null',
  })

/** A count of several places together over time: the largest of each bucket, added up. */
export const totalOverTime = (where: readonly Condition<RollUpTag>[], field: RollUpField): Query<string, 'total'> =>
  query(
    answerOf(
      query(rollUps, {
        select: { one: max(field) },
        where,
        time: 'shown',
        bucket: 'auto',
        groupBy: ['id'],
        fill: 'none',
      }),
    ),
    { select: { total: sum('one') }, time: 'shown', bucket: 'auto', fill: 'null' },
  )

/** What a place missed in degree-hours; each roll-up has its own, so buckets add up. */
export const degreeHours = (
  where: readonly Condition<RollUpTag>[],
  groupBy: readonly RollUpTag[] = [],
): Query<RollUpTag, 'degreeHours'> =>
  query(rollUps, {
    select: { degreeHours: sum('degree_hours_below_target') },
    where,
    time: 'shown',
    bucket: 'auto',
    groupBy,
    fill: 'null',
  })

/** Newest figures of places, one row each, with what is needed to name and rank them; degree-hours are those of a day. */
export const newestOfPlaces = (where: readonly Condition<RollUpTag>[], language: Language) =>
  query(rollUps, {
    select: {
      name: last(nameIn(language)),
      cold: last('dwellings_below_target'),
      measured: last('dwellings_measured'),
      coldPct: per(times(last('dwellings_below_target'), 100), last('dwellings_measured')),
      median: last('indoor_p50_c'),
      degreeHours: sum('degree_hours_below_target'),
      coveragePct: times(last('coverage_share'), 100),
    },
    where,
    time: newestTime,
    groupBy: ['id'],
  })
