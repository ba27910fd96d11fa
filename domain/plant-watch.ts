import { announce, type Condition, nextCondition, normal, type Observation, withdraw } from './condition.ts'
import { curveAt, emitterExponentOf } from './heating-curve.ts'
import { type MetricName, metricNames, metrics } from './metric.ts'
import type { Rules } from './policy.ts'
import { type QualityCode, quality } from './quality.ts'
import { heard, type Silence, silentAfterMs, watchSilence } from './silence.ts'
import { flowMetrics, supplyMetrics } from './supply-hours.ts'
import { type ClearReason, type FlagEvent, flagEvent } from './watch-event.ts'

/** The watch of one plant: a source, a substation or a circuit, by all of its sensors together. */
export interface PlantState {
  /** Newest value of each metric that a rule looks at. */
  readonly points: Partial<Record<MetricName, PlantPoint>>
  /** Of the sensors that report most often. */
  readonly silence: Silence
  readonly conditions: Readonly<Record<PlantRule, Condition>>
}

export interface PlantPoint {
  readonly at: number
  readonly value: number
}

export const plantRules = ['noFlow', 'supplyUnderCurve', 'stationAlarm'] as const
export type PlantRule = (typeof plantRules)[number]

export const newPlant: PlantState = {
  points: {},
  silence: {},
  conditions: { noFlow: normal, supplyUnderCurve: normal, stationAlarm: normal },
}

export type PlantInput =
  | {
      readonly kind: 'sample'
      readonly metric: MetricName
      readonly at: number
      readonly value: number
      readonly quality: QualityCode
      readonly receivedAt: number
      readonly catchingUp: boolean
      /** Of the sensor that sent it. */
      readonly samplingMs: number
      readonly reportingMs: number
    }
  | { readonly kind: 'tick'; readonly at: number; readonly catchingUp: boolean; readonly quietMs: number }

/** What holds for this plant at the time of the input. */
export interface PlantTerms {
  readonly rules: Rules
  /** In season, and somebody operates it: its pump should run. */
  readonly shouldRun: boolean
  /** Shortest reporting interval of its sensors. */
  readonly reportingMs: number
  /** End of its heating curve, where the registry has it. */
  readonly designSupplyC?: number
  readonly designReturnC?: number
  /** Observed in its district, where known. */
  readonly outdoorC?: number
  /** Median of what the plants of its district feel, for one without a sensor of its own. */
  readonly neighboursOutdoorC?: number
}

export interface PlantStep {
  readonly state: PlantState
  readonly events: readonly FlagEvent[]
}

export const alarmMetrics = metricNames.filter((name) => name.startsWith('alarm_'))
/** Metrics that the watch of a plant remembers. */
export const watchedPlantMetrics: ReadonlySet<MetricName> = new Set([
  ...alarmMetrics,
  ...flowMetrics,
  ...supplyMetrics,
  'outdoor_temperature_c',
])

/** The next state of a plant's watch, and what follows from it. */
export function next(state: PlantState, input: PlantInput, terms: PlantTerms): PlantStep {
  return input.kind === 'sample' ? takeSample(state, input, terms) : takeTick(state, input, terms)
}

type SampleInput = PlantInput & { kind: 'sample' }
type TickInput = PlantInput & { kind: 'tick' }

function takeSample(before: PlantState, input: SampleInput, terms: PlantTerms): PlantStep {
  const events: FlagEvent[] = []
  let state = before
  if (input.reportingMs <= terms.reportingMs) {
    const silence = heard(state.silence, input.receivedAt)
    if (silence.event) {
      const { since } = silence.event
      const clearedAt = input.receivedAt
      events.push({ kind: 'cleared', rule: 'plantSilent', since, clearedAt, by: 'heard', history: input.catchingUp })
    }
    state = { ...state, silence: silence.state }
  }
  const { metric, at, value } = input
  const previous = state.points[metric]
  const isUsed = input.quality === quality.good && watchedPlantMetrics.has(metric)
  if (!isUsed || (previous && at <= previous.at)) return { state, events }
  state = { ...state, points: { ...state.points, [metric]: { at, value } } }
  const gap = !previous || at - previous.at > gapAfterMs(input.samplingMs, terms.rules)
  const history = input.catchingUp || input.receivedAt - at > input.reportingMs + terms.rules.backlogGraceMs
  return { state: judge(state, metric, { at, gap, history }, terms, events), events }
}

const gapAfterMs = (samplingMs: number, rules: Rules): number =>
  rules.sequence.gapIntervals * samplingMs + rules.silence.jitterMs

type Circumstances = Pick<Observation, 'at' | 'gap' | 'history'>

function judge(
  state: PlantState,
  metric: MetricName,
  seen: Circumstances,
  terms: PlantTerms,
  events: FlagEvent[],
): PlantState {
  if (!terms.shouldRun) return withdrawAll(state, seen.at, seen.history, events)
  const rule = ruleOf(metric)
  if (!rule) return state
  const found = assess[rule](state.points, metric, terms, seen.at)
  if (!found) return state
  const observation = { ...seen, ...found }
  const step = nextCondition(state.conditions[rule], observation, terms.rules.plant[rule])
  if (step.event) events.push(flagEvent(step.event, rule, seen.at))
  return { ...state, conditions: { ...state.conditions, [rule]: step.state } }
}

function ruleOf(metric: MetricName): PlantRule | undefined {
  if (flowMetrics.includes(metric)) return 'noFlow'
  if (supplyMetrics.includes(metric)) return 'supplyUnderCurve'
  return alarmMetrics.includes(metric) ? 'stationAlarm' : undefined
}

type Found = Pick<Observation, 'value' | 'verdict'> | undefined
type Assess = (points: PlantState['points'], metric: MetricName, terms: PlantTerms, at: number) => Found

const assess: Readonly<Record<PlantRule, Assess>> = {
  /** The flow meter decides; a plant without one is judged by its pump. */
  noFlow(points, metric, terms) {
    const meter: MetricName = points.secondary_flow_m3h ? 'secondary_flow_m3h' : 'pump_running'
    const decisive = points[meter] ? meter : 'pump_frequency_hz'
    const value = points[decisive]?.value
    if (metric !== decisive || value === undefined) return undefined
    const still = decisive === 'secondary_flow_m3h' ? terms.rules.plant.noFlow.flowM3hMax : 0
    return { value, verdict: value <= still ? 'bad' : 'clear' }
  },

  /** A circuit and a substation by their secondary side; a source, which has none, by its primary. */
  supplyUnderCurve(points, metric, terms, at) {
    const { designSupplyC, designReturnC, rules } = terms
    const decisive: MetricName = points.secondary_supply_temperature_c
      ? 'secondary_supply_temperature_c'
      : 'primary_supply_temperature_c'
    const value = points[decisive]?.value
    const own = ownOutdoorC(points, at, rules.plant.weatherAgeMsMax)
    const outdoorC = terms.outdoorC ?? own ?? terms.neighboursOutdoorC
    if (metric !== decisive || value === undefined) return undefined
    if (designSupplyC === undefined || designReturnC === undefined || outdoorC === undefined) return undefined
    const wanted = curveAt(
      {
        designSupplyC,
        designReturnC,
        designOutdoorC: rules.plant.designOutdoorC,
        indoorC: rules.plant.curveIndoorC,
        emitterExponent: emitterExponentOf(designSupplyC),
      },
      outdoorC,
    ).supplyC
    const { marginK, clearK } = rules.plant.supplyUnderCurve
    if (value < wanted - marginK) return { value, verdict: 'bad' }
    return { value, verdict: value < wanted - marginK + clearK ? 'well' : 'clear' }
  },

  /** One flag for the station, however many bits are up; the value is the code of the first. */
  stationAlarm(points) {
    const up = alarmMetrics.find((name) => points[name]?.value === 1)
    return up ? { value: metrics[up].code, verdict: 'bad' } : { value: 0, verdict: 'clear' }
  },
}

function ownOutdoorC(points: PlantState['points'], at: number, ageMsMax: number): number | undefined {
  const own = points.outdoor_temperature_c
  return own && at - own.at <= ageMsMax ? own.value : undefined
}

function withdrawAll(state: PlantState, at: number, history: boolean, events: FlagEvent[]): PlantState {
  return mapConditions(state, (condition, rule) => {
    const step = withdraw(condition, history)
    if (step.event) events.push(flagEvent(step.event, rule, at, { by: 'season' satisfies ClearReason }))
    return step.state
  })
}

function mapConditions(state: PlantState, map: (condition: Condition, rule: PlantRule) => Condition): PlantState {
  const conditions = { ...state.conditions }
  let changed = false
  for (const rule of plantRules) {
    const mapped = map(conditions[rule], rule)
    changed ||= mapped !== conditions[rule]
    conditions[rule] = mapped
  }
  return changed ? { ...state, conditions } : state
}

function takeTick(before: PlantState, input: TickInput, terms: PlantTerms): PlantStep {
  const events: FlagEvent[] = []
  const state = terms.shouldRun ? before : withdrawAll(before, input.at, input.catchingUp, events)
  if (input.catchingUp) return { state, events }
  // In summer a station may be switched off whole.
  const quietMs = terms.shouldRun ? input.quietMs : 0
  const silence = watchSilence(state.silence, quietMs, silentAfterMs(terms.reportingMs, terms.rules.silence))
  if (silence.event) {
    const { since } = silence.event
    events.push({ kind: 'raised', rule: 'plantSilent', since, raisedAt: input.at, history: false })
  }
  const newestAt = Math.max(0, ...Object.values(state.points).map((point) => point.at))
  const isFresh = input.at - newestAt <= terms.reportingMs + terms.rules.backlogGraceMs
  const announced = isFresh ? announceAll(state, input.at, events) : state
  return { state: silence.event ? { ...announced, silence: silence.state } : announced, events }
}

function announceAll(state: PlantState, at: number, events: FlagEvent[]): PlantState {
  return mapConditions(state, (condition, rule) => {
    const step = announce(condition)
    if (step.event) events.push(flagEvent(step.event, rule, at))
    return step.state
  })
}
