import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import type { MetricName } from '#domain/metric.ts'
import { metricWords } from '#domain/metric-words.ts'
import { measurements } from '#domain/telemetry-names.ts'
import { tagIs, tagIsVariable } from '../influxql/condition.ts'
import { column, max, mean } from '../influxql/expression.ts'
import { from, query } from '../influxql/query.ts'
import type { BoardSpec } from '../parts/board.ts'
import { colours, tierColours, wellColour } from '../parts/colours.ts'
import { toBoard, toConsole } from '../parts/links.ts'
import { type PanelSpec, timeColumn, type Unit } from '../parts/panel.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { consoleVariable, deviceVariable } from '../parts/variables.ts'
import { emptyTexts, linkTexts } from '../texts/common.ts'
import { dwellingTexts } from '../texts/dwelling.ts'
import type { Language, PanelTexts } from '../texts/said.ts'

const readings = from(measurements.reading)
const common = { dataSource: 'readings', empty: emptyTexts.readings } as const

/** What a table of raw readings shows at most: more is for an export. */
const rowsMax = 200

/** Of single homes, with a data source of their own that is off unless somebody turns it on. */
export const dwellingBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'dwelling',
  texts: dwellingTexts.board,
  shows: '24h',
  refresh: '30s',
  variables: (language) => [consoleVariable(consoleUrl, language), deviceVariable(language)],
  links: [toBoard('building', linkTexts.buildingsBoard), toConsole('city')],
  rows: [
    {
      title: dwellingTexts.row,
      panels: (language) => [
        metricPanel(dwellingTexts.indoor, 'indoor_temperature_c', 'celsius', limits.indoorC, [12, 9]),
        metricPanel(dwellingTexts.humidity, 'humidity_pct', 'percent', limits.neutral, [12, 9]),
        metricPanel(dwellingTexts.battery, 'battery_pct', 'percent', batterySteps, [12, 7]),
        qualityPanel(),
        newestReadings(limits, language),
      ],
    },
  ],
})

/** Below a fifth the cells of most probes give out within a cold month. */
const batterySteps: PanelSpec['steps'] = [
  { from: null, colour: tierColours.serious },
  { from: 20, colour: wellColour },
]

const metricPanel = (
  texts: PanelTexts,
  metric: MetricName,
  unit: Unit,
  steps: PanelSpec['steps'],
  size: PanelSpec['size'],
): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts,
  size,
  unit,
  decimals: 1,
  steps,
  queries: [
    query(readings, {
      select: { value: mean('value') },
      where: [tagIsVariable('device', 'device'), tagIs('metric', metric)],
      time: 'shown',
      bucket: 'auto',
      fill: 'none',
    }),
  ],
  columns: [{ key: 'value', header: texts.title, colour: colours.blue }],
})

const qualityPanel = (): PanelSpec => ({
  ...common,
  kind: 'states',
  texts: dwellingTexts.quality,
  size: [12, 7],
  unit: 'none',
  decimals: 0,
  steps: [
    { from: null, colour: wellColour },
    { from: 2, colour: tierColours.notice },
    { from: 3, colour: tierColours.warning },
    { from: 4, colour: tierColours.danger },
  ],
  queries: probeMetrics.map((metric) =>
    query(readings, {
      select: { [metric]: max('quality') },
      where: [tagIsVariable('device', 'device'), tagIs('metric', metric)],
      time: 'shown',
      bucket: 'auto',
      fill: 'none',
    }),
  ),
  columns: probeMetrics.map((metric) => ({ key: metric, header: metricWords[metric] })),
})

/** What probes of homes measure. */
const probeMetrics = ['indoor_temperature_c', 'humidity_pct', 'battery_pct'] as const satisfies readonly MetricName[]

const metricMappings = (language: Language): ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(metricWords).map(([metric, word], index) => [metric, { text: word[language], index }]),
    ),
  },
]

const newestReadings = (limits: Thresholds, language: Language): PanelSpec => ({
  ...common,
  kind: 'table',
  texts: dwellingTexts.rawTable,
  size: [24, 9],
  unit: 'none',
  decimals: 2,
  steps: limits.neutral,
  queries: [
    query(readings, {
      select: { metric: column('metric'), value: column('value'), quality: column('quality') },
      where: [tagIsVariable('device', 'device')],
      time: 'shown',
      newestFirst: true,
      limit: rowsMax,
    }),
  ],
  columns: [
    { key: timeColumn, header: dwellingTexts.time },
    { key: 'metric', header: dwellingTexts.metric, mappings: metricMappings(language) },
    { key: 'value', header: dwellingTexts.value },
    { key: 'quality', header: dwellingTexts.quality.title, decimals: 0 },
  ],
})
