import { metricNames } from '#domain/metric.ts'
import { metricWords } from '#domain/metric-words.ts'
import { type Condition, fieldIs } from '../influxql/condition.ts'
import { change, last, max, mean, minus, negative, per, times } from '../influxql/expression.ts'
import { answerOf, query } from '../influxql/query.ts'
import { columnTexts, emptyTexts } from '../texts/common.ts'
import { placeTexts } from '../texts/places.ts'
import type { PanelTexts, Said } from '../texts/said.ts'
import { type Colour, colours, tierColours, wellColour } from './colours.ts'
import { namesOfPlaces, overTime, type RollUpField, type RollUpTag, rollUpEvery, rollUps } from './figures.ts'
import type { PanelSpec, Unit } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

/** Panels about plants: what their own sensors measure, and what follows from it. */

type Where = readonly Condition<RollUpTag>[]
type Size = PanelSpec['size']

/** Where a panel stands, and what it shows: one plant with named lines, or several told apart by their ids. */
export interface Shown {
  readonly where: Where
  readonly size: Size
  readonly limits: Thresholds
  readonly several?: boolean
}

const common = { empty: emptyTexts.sensors, everyAtLeast: rollUpEvery } as const

interface Line {
  readonly field: RollUpField
  readonly header: Said
  readonly colour: Colour
  readonly dashed?: boolean
}

interface LinesOf {
  readonly texts: PanelTexts
  readonly unit: Unit
  readonly decimals: number
  readonly lines: readonly Line[]
  readonly steps: PanelSpec['steps']
}

/** Fields as lines over time. */
const linesPanel = (
  { where, size, several = false }: Shown,
  { texts, unit, decimals, lines, steps }: LinesOf,
): PanelSpec => ({
  ...common,
  kind: 'lines',
  texts,
  size,
  unit,
  decimals,
  steps,
  queries: [
    overTime(
      where,
      Object.fromEntries(lines.map(({ field }) => [field, field])) as Record<RollUpField, RollUpField>,
      several ? ['id'] : [],
    ),
  ],
  ...(several
    ? {
        named: namesOfPlaces(where),
        // Lines of several plants have too many colours to choose them here.
        ...(lines.length > 1 && { columns: lines.map(({ field, header }) => ({ key: field, header })) }),
      }
    : { columns: lines.map(({ field, ...line }) => ({ key: field, ...line })) }),
})

/** Supply and return of a side against what its curve asks for. */
export const againstCurve = (shown: Shown, side: 'primary' | 'secondary'): PanelSpec =>
  linesPanel(shown, {
    texts: placeTexts.supplyAndCurve,
    unit: 'celsius',
    decimals: 1,
    steps: shown.limits.neutral,
    lines: [
      { field: `${side}_supply_temperature_c`, header: columnTexts.supply, colour: colours.vermillion },
      { field: 'curve_supply_c', header: columnTexts.curveSupply, colour: colours.orange, dashed: true },
      { field: `${side}_return_temperature_c`, header: columnTexts.return, colour: colours.blue },
      { field: 'curve_return_c', header: columnTexts.curveReturn, colour: colours.skyBlue, dashed: true },
    ],
  })

/** By how much supply is below the curve now. */
export const belowCurve = (
  { where, size, limits, several = false }: Shown,
  side: 'primary' | 'secondary',
): PanelSpec => ({
  ...common,
  kind: 'stat',
  texts: placeTexts.belowCurve,
  size,
  unit: 'suffix: K',
  decimals: 1,
  steps: limits.belowCurveK,
  queries: [
    query(rollUps, {
      select: { below: minus(mean('curve_supply_c'), mean(`${side}_supply_temperature_c`)) },
      where,
      time: 'shown',
      bucket: 'auto',
      groupBy: several ? ['id'] : [],
      fill: 'none',
    }),
  ],
  ...(several ? { named: namesOfPlaces(where) } : { columns: [{ key: 'below', header: placeTexts.belowCurve.title }] }),
})

export const pressures = (shown: Shown, side: 'primary' | 'secondary'): PanelSpec =>
  linesPanel(shown, {
    texts: placeTexts.pressures,
    unit: 'suffix: MPa',
    decimals: 2,
    steps: shown.limits.neutral,
    lines: [
      { field: `${side}_supply_pressure_mpa`, header: columnTexts.supply, colour: colours.vermillion },
      { field: `${side}_return_pressure_mpa`, header: columnTexts.return, colour: colours.blue },
    ],
  })

/** One field as lines, for which no value is bad by itself. */
const neutralLines = (texts: PanelTexts, field: RollUpField, unit: Unit, decimals: number) => (shown: Shown) =>
  linesPanel(shown, {
    texts,
    unit,
    decimals,
    steps: shown.limits.neutral,
    lines: [{ field, header: texts.title, colour: colours.blue }],
  })

export const secondaryDifference = neutralLines(
  placeTexts.differences,
  'secondary_differential_pressure_mpa',
  'suffix: MPa',
  3,
)
export const primaryDifference = neutralLines(
  placeTexts.primaryDifference,
  'primary_differential_pressure_mpa',
  'suffix: MPa',
  3,
)
export const makeUpShare = neutralLines(placeTexts.makeUp, 'make_up_share_pct', 'percent', 2)
export const makeUpFlow = neutralLines(placeTexts.makeUpFlow, 'make_up_flow_m3h', 'suffix: m³/h', 2)
export const pumpFrequency = neutralLines(placeTexts.pumpFrequency, 'pump_frequency_hz', 'hertz', 1)
export const valveOpening = neutralLines(placeTexts.valve, 'valve_opening_pct', 'percent', 0)
export const heatPower = neutralLines(placeTexts.heat, 'heat_power_mw', 'megwatt', 2)
export const tankLevel = neutralLines(placeTexts.tank, 'tank_level_m', 'suffix: m', 2)
export const coalStock = neutralLines(placeTexts.coalStock, 'coal_stock_t', 'suffix: t', 0)

export const flows = (shown: Shown, field: 'primary_flow_m3h' | 'secondary_flow_m3h'): PanelSpec => ({
  ...neutralLines(placeTexts.flows, field, 'suffix: m³/h', 1)(shown),
  steps: shown.limits.flowM3h,
})

/** A state of 1 or 0 over time. */
const onOff = ({ where, size, several = false }: Shown, texts: PanelTexts, field: RollUpField): PanelSpec => ({
  ...common,
  kind: 'states',
  texts,
  size,
  unit: 'none',
  decimals: 0,
  steps: [
    { from: null, colour: tierColours.serious },
    { from: 1, colour: wellColour },
  ],
  queries: [overTime(where, { [field]: field }, several ? ['id'] : [])],
  ...(several ? { named: namesOfPlaces(where) } : { columns: [{ key: field, header: texts.title }] }),
})

export const pumpStates = (shown: Shown): PanelSpec => onOff(shown, placeTexts.pumpStates, 'pump_running')
export const powerSupply = (shown: Shown): PanelSpec => onOff(shown, placeTexts.powerSupply, 'power_supply')

const alarmFields = metricNames.filter((name): name is Extract<RollUpField, `alarm_${string}`> =>
  name.startsWith('alarm_'),
)

/** The alarm bits of station controllers over time; each bar that is not calm is an alarm. */
export const stationAlarms = ({ where, size, limits }: Shown): PanelSpec => ({
  ...common,
  kind: 'states',
  texts: placeTexts.stationAlarms,
  size,
  unit: 'none',
  decimals: 0,
  steps: limits.none('serious'),
  queries: [
    query(rollUps, {
      select: Object.fromEntries(alarmFields.map((field) => [field, max(field)])),
      where,
      time: 'shown',
      bucket: 'auto',
      fill: 'none',
    }),
  ],
  columns: alarmFields.map((field) => ({ key: field, header: metricWords[field] })),
})

/** A week gives time to order; below three days the yard is empty before a train comes. */
const coalDaysSteps: PanelSpec['steps'] = [
  { from: null, colour: tierColours.danger },
  { from: 3, colour: tierColours.warning },
  { from: 7, colour: wellColour },
]

/**
 * How many days the stock lasts: by what the stock fell in the shown time, hour by hour. Hours in which coal came in say
 * nothing of what was burnt and are left out.
 */
export const coalDays = ({ where, size }: Shown): PanelSpec => {
  const hourly = query(rollUps, {
    select: { stock: last('coal_stock_t'), fell: negative(change(last('coal_stock_t'))) },
    where,
    time: 'shown',
    bucket: '1h',
    groupBy: ['id'],
  })
  const burnt = query(answerOf(hourly), {
    select: { days: per(last('stock'), times(mean('fell'), 24)) },
    where: [fieldIs('fell', '>=', 0)],
    time: 'shown',
    groupBy: ['id'],
  })
  return {
    empty: emptyTexts.sensors,
    kind: 'stat',
    texts: placeTexts.coalDays,
    size,
    unit: 'suffix: d',
    decimals: 1,
    steps: coalDaysSteps,
    queries: [burnt],
    columns: [{ key: 'days', header: placeTexts.coalDays.title }],
  }
}
