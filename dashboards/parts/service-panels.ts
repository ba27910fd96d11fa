import { type Condition, tagBeginsWith, tagIs } from '../influxql/condition.ts'
import { type Expression, grown, growth, last, max, per, sum, times } from '../influxql/expression.ts'
import { answerOf, answersOfBoth, from, type Query, query } from '../influxql/query.ts'
import type { Duration } from '../influxql/text.ts'
import { emptyTexts } from '../texts/common.ts'
import type { PanelTexts, Said } from '../texts/said.ts'
import { serviceTexts } from '../texts/service.ts'
import { type Colour, colours } from './colours.ts'
import { serviceFigure } from './figures.ts'
import type { PanelSpec, Unit } from './panel.ts'

/** Panels about Warmcity's own figures, under the names that they have on `/metrics`. */

type Service = 'edge' | 'api'
type FigureTag = keyof typeof serviceFigure.tags

/** Figures are mirrored every ten seconds; a bucket of twice that has one of each instance even when it is late. */
const figuresEvery = '20s'

const figures = from(serviceFigure)
const common = { empty: emptyTexts.service, everyAtLeast: figuresEvery } as const
const bucketed = { time: 'shown', bucket: 'auto', fill: 'none' } as const

/** A figure as `/metrics` has it, and what is asked about it. */
interface Figure {
  readonly service: Service
  readonly figure: string
}

const where = ({ service, figure }: Figure): Condition<FigureTag>[] => [
  tagIs('service', service),
  tagIs('figure', figure),
]

/** What several edges or apis tell, each of itself: added up, or the most of them where all tell of one thing. */
type Together = 'added' | 'most'

/** Something of each instance's figure, and of all of them together. */
const ofAll = (key: string, figure: Figure, each: Expression<'value'>, together: Together): Query<FigureTag, string> =>
  query(answerOf(ofEach('each', figure, each)), {
    select: { [key]: together === 'added' ? sum('each') : max('each') },
    ...bucketed,
  })

const ofEach = <Name extends string>(name: Name, figure: Figure, each: Expression<'value'>) =>
  query(figures, {
    select: { [name]: each } as Record<Name, Expression<'value'>>,
    where: where(figure),
    groupBy: ['instance'],
    ...bucketed,
  })

/** The figure as it is. */
export const level = (key: string, figure: Figure, together: Together) => ofAll(key, figure, max('value'), together)

/** How fast a figure grows that only grows. */
export const rate = (key: string, figure: Figure, per: Duration, together: Together) =>
  ofAll(key, figure, growth(last('value'), per), together)

/** What one growing figure gained by what another gained: the mean of all that happened in between. */
export function meanOf(key: string, total: Figure, count: Figure, factor = 1): Query<FigureTag, string> {
  const gained = <Name extends string>(name: Name, figure: Figure) => ofEach(name, figure, grown(last('value')))
  return query(answersOfBoth(gained('total', total), gained('count', count)), {
    select: { [key]: times(per(sum('total'), sum('count')), factor) },
    ...bucketed,
  })
}

/** All figures of one name, each label a series of its own. */
const labelled = ({ service, figure }: Figure): Query<FigureTag, 'value'> =>
  query(figures, {
    select: { value: max('value') },
    where: [tagIs('service', service), tagBeginsWith('figure', `${figure}{`)],
    groupBy: ['figure'],
    ...bucketed,
  })

/** Of the first line, and of a single one. */
export const onlyColour = colours.blue

interface Line {
  readonly key: string
  readonly header: Said
  readonly colour: Colour
  readonly query: Query<FigureTag, string>
}

/** A panel of lines over time, each with its question. */
export const figureLines = (
  texts: PanelTexts,
  size: PanelSpec['size'],
  unit: Unit,
  decimals: number,
  steps: PanelSpec['steps'],
  lines: readonly Line[],
): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts,
  size,
  unit,
  decimals,
  min: 0,
  steps,
  queries: lines.map((line) => line.query),
  columns: lines.map(({ key, header, colour }) => ({ key, header, colour })),
})

/** A panel of one line, which has the colour that nothing else has. */
export const figureLine = (
  texts: PanelTexts,
  size: PanelSpec['size'],
  unit: Unit,
  decimals: number,
  steps: PanelSpec['steps'],
  asked: Query<FigureTag, string>,
): PanelSpec =>
  figureLines(texts, size, unit, decimals, steps, [
    { key: asked.columns[0] ?? '', header: serviceTexts.value, colour: onlyColour, query: asked },
  ])

/** One line for each label of a figure. */
export const labelledLines = (
  texts: PanelTexts,
  size: PanelSpec['size'],
  figure: Figure,
  steps: PanelSpec['steps'],
): PanelSpec => ({
  ...common,
  kind: 'bars',
  stacked: true,
  texts,
  size,
  unit: 'none',
  decimals: 0,
  min: 0,
  steps,
  queries: [labelled(figure)],
  seriesName: '$tag_figure',
  // Of `warmcity_quarantine{reason="not_json"}` what the label says.
  shownOfName: '/^[^"]*"([^"]*)".*$/',
})
