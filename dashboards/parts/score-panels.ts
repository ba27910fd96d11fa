import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { tagIsVariable } from '../influxql/condition.ts'
import { column, last, times } from '../influxql/expression.ts'
import { answerOf, from, query } from '../influxql/query.ts'
import { columnTexts, emptyTexts, linkTexts } from '../texts/common.ts'
import { placeTexts } from '../texts/places.ts'
import { rankingTexts } from '../texts/ranking.ts'
import type { Language } from '../texts/said.ts'
import { colours, tierColours, unknownColour, wellColour } from './colours.ts'
import { firmItem, firmScore } from './figures.ts'
import { rowValue, toBoard, toConsole } from './links.ts'
import { type PanelSpec, timeColumn } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

/** Panels about published lists. */

const scores = from(firmScore)
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
      where: [tagIsVariable('firm', 'firm')],
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
      name: last(language === 'zh' ? 'name' : 'name_en'),
      rank: last('rank'),
      score: last('score'),
      low: last('interval_low'),
      high: last('interval_high'),
      assessed: times(last('assessed_share'), 100),
      standing: last('standing'),
    },
    where: [tagIsVariable('firm', 'firm')],
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
      { key: timeColumn, header: columnTexts.published, hidden: true },
      { key: 'name', header: columnTexts.name, link: toBoard('firm', linkTexts.down, { firm: rowValue('firm') }) },
      { key: 'firm', header: columnTexts.id, link: toConsole('firm', linkTexts.console, rowValue('firm')) },
      { key: 'rank', header: columnTexts.rank, decimals: 0 },
      { key: 'score', header: columnTexts.score },
      { key: 'low', header: columnTexts.low },
      { key: 'high', header: columnTexts.high },
      { key: 'assessed', header: columnTexts.assessed, unit: 'percent', decimals: 0, steps: limits.coveragePct },
      { key: 'standing', header: columnTexts.standing, mappings: standingMappings(language) },
    ],
  }
}

const standingMappings = (language: Language): NonNullable<PanelSpec['mappings']> => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      (
        [
          ['red', tierColours.danger],
          ['yellow', tierColours.warning],
          ['black', colours.grey],
          ['interim', wellColour],
          ['noData', unknownColour],
        ] as const
      ).map(([standing, color], index) => [standing, { text: rankingTexts[standing][language], color, index }]),
    ),
  },
]

/** Items of the chosen firms on their newest list. */
export const itemsOfList = (limits: Thresholds, size: PanelSpec['size'], language: Language): PanelSpec => {
  const newest = query(from(firmItem), {
    select: {
      name: last(language === 'zh' ? 'item_zh' : 'item_en'),
      points: last('points'),
      full: last('full_points'),
    },
    where: [tagIsVariable('firm', 'firm')],
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
        },
        time: 'shown',
      }),
    ],
    columns: [
      { key: timeColumn, header: columnTexts.published, hidden: true },
      { key: 'firm', header: columnTexts.firm, link: toConsole('firm', linkTexts.console, rowValue('firm')) },
      { key: 'name', header: rankingTexts.item },
      { key: 'points', header: rankingTexts.points },
      { key: 'full', header: rankingTexts.full },
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
      where: [tagIsVariable('firm', 'firm')],
      time: 'shown',
      groupBy: ['firm'],
    }),
  ],
  seriesName: '$tag_firm',
})
