import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { tagIsVariable } from '../influxql/condition.ts'
import { column, last, times } from '../influxql/expression.ts'
import { answerOf, from, query } from '../influxql/query.ts'
import { columnTexts, emptyTexts, linkTexts } from '../texts/common.ts'
import { placeTexts } from '../texts/places.ts'
import { rankingTexts } from '../texts/ranking.ts'
import type { Language, Said } from '../texts/said.ts'
import { colours, tierColours, unknownColour, wellColour } from './colours.ts'
import { firmItem, firmScore, nameIn } from './figures.ts'
import { rowValue, toBoard, toConsole } from './links.ts'
import { type Column, type PanelSpec, timeColumn } from './panel.ts'
import { nameColumn } from './series-names.ts'
import type { Thresholds } from './thresholds.ts'

/** Panels about published lists. */

const scores = from(firmScore)
const ofFirm = [tagIsVariable<'firm'>('firm', 'firm')]
const common = { empty: emptyTexts.lists } as const

/** A firm's score on each list, between the ends of its interval. */
export const scoresOfFirm = (limits: Thresholds, size: PanelSpec['size']): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts: placeTexts.scoreHistory,
  size,
  unit: 'none',
  decimals: 1,
  steps: limits.neutral,
  queries: [
    query(scores, {
      select: { low: column('interval_low'), score: column('score'), high: column('interval_high') },
      where: ofFirm,
      time: 'shown',
    }),
  ],
  columns: [
    { key: 'low', header: columnTexts.low, colour: colours.skyBlue, dashed: true },
    { key: 'score', header: columnTexts.score, colour: colours.blue },
    { key: 'high', header: columnTexts.high, colour: colours.skyBlue, dashed: true },
  ],
})

/** The newest list as a table, best first. */
export const newestList = (limits: Thresholds, size: PanelSpec['size'], language: Language): PanelSpec => {
  const newest = query(scores, {
    select: {
      name: column(nameIn(language)),
      rank: column('rank'),
      score: column('score'),
      low: column('interval_low'),
      high: column('interval_high'),
      assessed: times(column('assessed_share'), 100),
      // All others are those of the same list: on one without data a firm has a standing and no rank.
      standing: last('standing'),
      list: column('list'),
    },
    where: ofFirm,
    time: 'shown',
    groupBy: ['firm'],
  })
  return {
    ...common,
    kind: 'table',
    texts: rankingTexts.newest,
    size,
    unit: 'none',
    decimals: 1,
    steps: limits.neutral,
    queries: [newest],
    columns: [
      published,
      { key: 'name', header: columnTexts.name, link: toBoard('firm', linkTexts.down, { firm: rowValue('firm') }) },
      rankedFirm(columnTexts.id),
      { key: 'rank', header: columnTexts.rank, decimals: 0 },
      { key: 'score', header: columnTexts.score },
      { key: 'low', header: columnTexts.low },
      { key: 'high', header: columnTexts.high },
      { key: 'assessed', header: columnTexts.assessed, unit: 'percent', decimals: 0, steps: limits.coveragePct },
      { key: 'standing', header: columnTexts.standing, mappings: standingMappings(language) },
      hiddenList,
    ],
  }
}

const published: Column = { key: timeColumn, header: columnTexts.published, unit: 'time:YYYY-MM-DD' }
/** To the firm on the list of the row, where its points are unfolded to what they come from. */
const rankedFirm = (header: Said): Column => ({
  key: 'firm',
  header,
  link: toConsole('rankedFirm', rowValue('list'), rowValue('firm')),
})
const hiddenList: Column = { key: 'list', header: columnTexts.list, hidden: true }

/** Red is the list of the good firms here, black that of the bad. */
const standingColours = [
  ['red', wellColour],
  ['yellow', tierColours.warning],
  ['black', tierColours.danger],
  ['interim', unknownColour],
  ['noData', unknownColour],
] as const

const standingMappings = (language: Language): NonNullable<PanelSpec['mappings']> => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      standingColours.map(([standing, color], index) => [
        standing,
        { text: rankingTexts[standing][language], color, index },
      ]),
    ),
  },
]

/** Items of the chosen firms on their newest list. */
export const itemsOfList = (limits: Thresholds, size: PanelSpec['size'], language: Language): PanelSpec => {
  const newest = query(from(firmItem), {
    select: {
      name: column(language === 'zh' ? 'item_zh' : 'item_en'),
      points: column('points'),
      full: last('full_points'),
      list: column('list'),
    },
    where: ofFirm,
    time: 'shown',
    groupBy: ['firm', 'item'],
  })
  return {
    ...common,
    kind: 'table',
    texts: rankingTexts.items,
    size,
    unit: 'none',
    decimals: 2,
    steps: limits.neutral,
    queries: [
      query(answerOf(newest), {
        select: {
          firm: column('firm'),
          name: column('name'),
          points: column('points'),
          full: column('full'),
          list: column('list'),
        },
        time: 'shown',
      }),
    ],
    columns: [
      published,
      rankedFirm(columnTexts.firm),
      { key: 'name', header: rankingTexts.item },
      { key: 'points', header: rankingTexts.points },
      { key: 'full', header: rankingTexts.full },
      hiddenList,
    ],
  }
}

/** One line a firm. */
export const scoreHistory = (limits: Thresholds, size: PanelSpec['size'], of: 'score' | 'rank'): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts: of === 'score' ? rankingTexts.history : rankingTexts.ranks,
  size,
  unit: 'none',
  decimals: of === 'score' ? 1 : 0,
  steps: limits.neutral,
  queries: [
    query(scores, {
      select: { [of]: column(of) },
      where: ofFirm,
      time: 'shown',
      groupBy: ['firm'],
    }),
  ],
  named: {
    tag: 'firm',
    names: (language) =>
      query(scores, {
        select: { [nameColumn]: last(nameIn(language)) },
        where: ofFirm,
        time: 'shown',
        groupBy: ['firm'],
      }),
  },
})
