import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DynamicConfigValue, Panel, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Query } from '../influxql/query.ts'
import { influxqlTarget } from '../influxql/target.ts'
import type { Language, PanelTexts, Said } from '../texts/said.ts'
import type { Colour } from './colours.ts'
import { type DataSourceName, dataSources } from './data-sources.ts'
import { type Link, linkBuilder } from './links.ts'
import { joinNames, nameOfSeries, type SeriesNames } from './series-names.ts'
import type { Step } from './thresholds.ts'
import { makeVisualization, type PanelKind } from './visualizations.ts'

/** Unit of Grafana, or one that it only writes behind the number. */
export type Unit =
  | 'celsius'
  | 'percent'
  | 'none'
  | 'bytes'
  | 's'
  | 'ms'
  | 'hertz'
  | 'megwatt'
  | 'time:YYYY-MM-DD'
  | `suffix: ${string}`

/** The column that every answer of InfluxDB begins with. */
export const timeColumn = 'time'

/** A series or a column of a table, by the name that the query gives it. */
export interface Column {
  readonly key: string
  readonly header: Said
  readonly unit?: Unit
  readonly decimals?: number
  readonly colour?: Colour
  /** Colours the cell of a table. */
  readonly steps?: readonly Step[]
  readonly link?: Link
  readonly dashed?: boolean
  /** Has an axis of its own on the right. */
  readonly rightAxis?: boolean
  /** Only there for links. */
  readonly hidden?: boolean
  readonly mappings?: readonly ValueMapping[]
}

export interface PanelSpec {
  readonly kind: PanelKind
  readonly texts: PanelTexts
  /** Of 24 columns, and rows of 30 pixels. */
  readonly size: readonly [width: number, height: number]
  readonly unit: Unit
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
  readonly steps: readonly Step[]
  readonly queries: readonly Query<string, string>[]
  /** What a series is called; without it by its column. */
  readonly seriesName?: string
  /** The part of a series' name that is shown, as the group of a regular expression. */
  readonly shownOfName?: string
  /** Series of several places are called by their names. */
  readonly named?: SeriesNames
  readonly columns?: readonly Column[]
  readonly links?: readonly Link[]
  readonly empty: Said
  readonly dataSource?: DataSourceName
  /** Buckets are no narrower: data come this often. */
  readonly everyAtLeast?: string
  readonly mappings?: readonly ValueMapping[]
  /** Series lie one upon another. */
  readonly stacked?: boolean
  /** What else the panel reads that is no query of InfluxQL. */
  readonly otherTargets?: readonly Builder<Dataquery>[]
}

/** A panel with all that every panel must have: unit, description, thresholds, data source and a state without data. */
export function makePanel(spec: PanelSpec, language: Language): Builder<Panel> {
  const [width, height] = spec.size
  const datasource = dataSources[spec.dataSource ?? 'rollUps']
  const panel = makeVisualization(spec)
  panel.title(spec.texts.title[language])
  panel.description(spec.texts.description[language])
  panel.datasource(datasource)
  panel.span(width)
  panel.height(height)
  panel.unit(spec.unit)
  if (spec.decimals !== undefined) panel.decimals(spec.decimals)
  if (spec.min !== undefined) panel.min(spec.min)
  if (spec.max !== undefined) panel.max(spec.max)
  panel.noValue(spec.empty[language])
  panel.thresholds(
    new ThresholdsConfigBuilder()
      .mode(ThresholdsMode.Absolute)
      .steps(spec.steps.map(({ from, colour }) => ({ value: from, color: colour }))),
  )
  if (spec.mappings) panel.mappings([...spec.mappings])
  if (spec.everyAtLeast !== undefined) panel.interval(spec.everyAtLeast)
  if (spec.links) panel.dataLinks(spec.links.map((link) => linkBuilder(link, language)))
  const { named } = spec
  const as = named || spec.kind === 'table' || spec.kind === 'barchart' ? 'table' : 'time_series'
  panel.targets([
    ...[...spec.queries, ...(named ? [named.names(language)] : [])].map((query, index) =>
      influxqlTarget(query, {
        refId: refIdOf(index),
        datasource,
        as,
        ...(as === 'time_series' && { alias: spec.seriesName ?? '$col' }),
      }),
    ),
    ...(spec.otherTargets ?? []),
  ])
  if (named) panel.transformations(joinNames(named)).displayName(nameOfSeries)
  if (spec.shownOfName !== undefined) panel.withTransformation(shorten(spec.shownOfName))
  for (const column of spec.columns ?? []) {
    const header = named ? `${nameOfSeries} ${column.header[language]}` : column.header[language]
    const overrides = overridesOf(column, header, spec.kind, language)
    if (column.key === timeColumn) panel.overrideByFieldType('time', overrides)
    else panel.overrideByName(column.key, overrides)
  }
  return panel
}

const shorten = (pattern: string) => ({ id: 'renameByRegex', options: { regex: pattern, renamePattern: '$1' } })

/** A, B, C …; a panel with more queries than letters nobody could read. */
const refIdOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index)

function overridesOf(column: Column, header: string, kind: PanelKind, language: Language): DynamicConfigValue[] {
  const { unit, decimals, colour, steps, link, dashed, rightAxis, hidden, mappings } = column
  const values: (DynamicConfigValue | false | undefined)[] = [
    { id: 'displayName', value: header },
    unit !== undefined && { id: 'unit', value: unit },
    decimals !== undefined && { id: 'decimals', value: decimals },
    colour !== undefined && {
      id: 'color',
      value: new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colour).build(),
    },
    steps && {
      id: 'thresholds',
      value: {
        mode: ThresholdsMode.Absolute,
        steps: steps.map(({ from, colour }) => ({ value: from, color: colour })),
      },
    },
    (steps || mappings) && kind === 'table' && { id: 'custom.cellOptions', value: { type: 'color-text' } },
    link && { id: 'links', value: [linkBuilder(link, language).build()] },
    dashed && { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    rightAxis && { id: 'custom.axisPlacement', value: 'right' },
    hidden && { id: 'custom.hidden', value: true },
    mappings && { id: 'mappings', value: mappings },
  ]
  return values.filter((value) => value !== undefined && value !== false)
}
