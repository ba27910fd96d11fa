import { announceCold, type ColdConditions, judgeCold, withdrawCold } from './cold.ts'
import { normal } from './condition.ts'
import { addToDay, type DaySums, type Demand, emptyDay } from './dwelling-day.ts'
import { coldRules } from './flag.ts'
import { metrics } from './metric.ts'
import { nextOpenWindow, type OpenWindow, shut } from './open-window.ts'
import type { Rules } from './policy.ts'
import { type QualityCode, quality } from './quality.ts'
import type { LocalDay } from './season.ts'
import { nextInSequence, type Sequence, type TimedValue } from './sequence.ts'
import { heard, type Silence, type SilenceEvent, silentAfterMs, watchSilence } from './silence.ts'
import { type ClearReason, type FlagEvent, flagEvent } from './watch-event.ts'

/**
 * The watch of one probe in one home. A home with several probes has one of these for each; its flag is up while any
 * of them holds the condition, because every bedroom and living room has to be warm.
 */
export interface ProbeState {
  /** Newest accepted sample of any quality: what is older comes out of order. */
  readonly newest?: TimedValue
  readonly sequence: Sequence
  readonly silence: Silence
  readonly window: OpenWindow
  /** In the order of `coldRules`. */
  readonly cold: ColdConditions
  readonly today?: DaySums
  /** Waits for late readings until it is closed. */
  readonly yesterday?: DaySums
  /** Last closed day that was reported wrong, so that it is reported once. */
  readonly wrongDay?: number
}

export const newProbe: ProbeState = {
  sequence: {},
  silence: {},
  window: shut,
  cold: coldRules.map(() => normal),
}

export type ProbeInput =
  | {
      readonly kind: 'sample'
      readonly at: number
      /** °C in hundredths, see `sampleC`. */
      readonly c: number
      readonly quality: QualityCode
      readonly receivedAt: number
      readonly catchingUp: boolean
    }
  | {
      readonly kind: 'tick'
      readonly at: number
      readonly catchingUp: boolean
      /** Time since the probe was last heard in which Warmcity was up and watching. */
      readonly quietMs: number
    }
  /** Another metric of the same probe came: it speaks, whatever it says. */
  | { readonly kind: 'heard'; readonly receivedAt: number; readonly catchingUp: boolean }
  /** Days up to this one are over, late readings included. */
  | { readonly kind: 'closeDays'; readonly through: number }
  /** The probe is no longer here. */
  | { readonly kind: 'leave'; readonly at: number; readonly by: ClearReason }

/** What holds for this probe at the time of the input. */
export interface ProbeTerms {
  readonly rules: Rules
  /** Local day of the sample or tick. */
  readonly day: LocalDay
  readonly demand?: Demand
  /** Why there is no demand, where there is none. */
  readonly noDemand: ClearReason & ('season' | 'contract')
  readonly samplingMs: number
  readonly reportingMs: number
  /** First local day that is not closed yet when the sample is received. */
  readonly openSinceDay: number
}

export type ProbeEvent =
  | FlagEvent
  | { readonly kind: 'dayClosed'; readonly sums: DaySums }
  /** Samples came for a day that is closed. */
  | { readonly kind: 'dayWrong'; readonly day: number }

export interface ProbeStep {
  readonly state: ProbeState
  readonly events: readonly ProbeEvent[]
}

/** The next state of a probe's watch, and what follows from it. */
export function next(state: ProbeState, input: ProbeInput, terms: ProbeTerms): ProbeStep {
  switch (input.kind) {
    case 'sample':
      return takeSample(state, input, terms)
    case 'heard': {
      const events: ProbeEvent[] = []
      return { state: hear(state, input.receivedAt, input.catchingUp, events), events }
    }
    case 'tick':
      return takeTick(state, input, terms)
    case 'closeDays':
      return closeDays(state, input.through)
    case 'leave':
      return leave(state, input.at, input.by)
  }
}

type SampleInput = ProbeInput & { kind: 'sample' }
type TickInput = ProbeInput & { kind: 'tick' }

/** In order, but so late that the report before it must have failed. */
export const isBacklog = (at: number, receivedAt: number, reportingMs: number, rules: Rules): boolean =>
  receivedAt - at > reportingMs + rules.backlogGraceMs

function takeSample(before: ProbeState, input: SampleInput, terms: ProbeTerms): ProbeStep {
  const events: ProbeEvent[] = []
  const state = hear(before, input.receivedAt, input.catchingUp, events)
  const { newest } = state
  if (newest && input.at <= newest.at) {
    const isRepeat = input.at === newest.at && input.c === newest.c
    return isRepeat ? { state, events } : correctDay(state, input.at, terms, events)
  }
  const accepted: ProbeState = { ...state, newest: { at: input.at, c: input.c } }
  if (input.quality !== quality.good) return { state: accepted, events }
  const limit = {
    perHour: metrics.indoor_temperature_c.ratePerHourMax,
    allowance: terms.rules.sequence.allowanceK,
  }
  const sequence = nextInSequence(accepted.sequence, { at: input.at, c: input.c }, limit)
  const history = input.catchingUp || isBacklog(input.at, input.receivedAt, terms.reportingMs, terms.rules)
  let previous = accepted.sequence.good
  let judged: ProbeState = { ...accepted, sequence: sequence.state }
  for (const sample of sequence.good) {
    judged = judge(addSample(judged, sample, previous, terms, events), sample, previous, history, terms, events)
    previous = sample
  }
  return { state: judged, events }
}

function hear(state: ProbeState, receivedAt: number, catchingUp: boolean, events: ProbeEvent[]): ProbeState {
  const step = heard(state.silence, receivedAt)
  if (step.event) events.push(silenceEvent(step.event, receivedAt, 'heard', catchingUp))
  return { ...state, silence: step.state }
}

/** Marks what a sample that cannot be added in order makes wrong: its day, and the one before where it reaches back. */
function correctDay(state: ProbeState, at: number, terms: ProbeTerms, events: ProbeEvent[]): ProbeStep {
  const reachesBack = at - terms.rules.sequence.coverIntervals * terms.samplingMs < terms.day.beginsAt
  const marked = markWrong(reachesBack ? markWrong(state, terms.day.day - 1, events) : state, terms.day.day, events)
  return { state: marked, events }
}

function markWrong(state: ProbeState, day: number, events: ProbeEvent[]): ProbeState {
  if (state.today?.day === day) return { ...state, today: { ...state.today, wrong: true } }
  if (state.yesterday?.day === day) return { ...state, yesterday: { ...state.yesterday, wrong: true } }
  if (state.wrongDay === day) return state
  events.push({ kind: 'dayWrong', day })
  return { ...state, wrongDay: day }
}

/** Adds the time that a good sample speaks for to its day, and to the day before where it reaches back over midnight. */
function addSample(
  before: ProbeState,
  sample: TimedValue,
  previous: TimedValue | undefined,
  terms: ProbeTerms,
  events: ProbeEvent[],
): ProbeState {
  const { day, demand, samplingMs } = terms
  const reachMs = previous
    ? Math.min(sample.at - previous.at, terms.rules.sequence.coverIntervals * samplingMs)
    : Math.min(samplingMs, Math.max(0, sample.at - day.beginsAt))
  const beforeMidnightMs = Math.max(0, Math.min(day.beginsAt, sample.at) - (sample.at - reachMs))
  let state = before
  if (beforeMidnightMs > 0) {
    state =
      state.today?.day === day.day - 1
        ? { ...state, today: addToDay(state.today, sample.c, beforeMidnightMs, demand) }
        : markWrong(state, day.day - 1, events)
  }
  if (sample.at < day.beginsAt) return state
  if (!state.today || state.today.day < day.day) {
    if (day.day < terms.openSinceDay) return markWrong(state, day.day, events)
    state = beginDay(state, day.day, events)
  }
  const today = addToDay(state.today ?? emptyDay(day.day), sample.c, reachMs - beforeMidnightMs, demand)
  return { ...state, today }
}

function beginDay(state: ProbeState, day: number, events: ProbeEvent[]): ProbeState {
  if (!state.today) return { ...state, today: emptyDay(day) }
  if (state.yesterday) events.push({ kind: 'dayClosed', sums: state.yesterday })
  return { ...state, yesterday: state.today, today: emptyDay(day) }
}

/** Puts one good sample before the rules. */
function judge(
  state: ProbeState,
  sample: TimedValue,
  previous: TimedValue | undefined,
  history: boolean,
  terms: ProbeTerms,
  events: ProbeEvent[],
): ProbeState {
  const { rules, demand, samplingMs } = terms
  if (!demand) {
    const warm = withCold(state, withdrawCold(state.cold, sample.at, terms.noDemand, history, events))
    return shutWindow(warm, sample.at, terms.noDemand, events)
  }
  let window = state.window
  if (samplingMs <= rules.openWindow.samplingMsMax) {
    const step = nextOpenWindow(window, sample, rules.openWindow, history)
    window = step.state
    if (step.event) events.push(flagEvent(step.event, 'openWindow', sample.at))
  }
  const gap = !previous || sample.at - previous.at > rules.sequence.gapIntervals * samplingMs + rules.silence.jitterMs
  const seen = { sample, gap, history, windowOpen: window.kind === 'open' }
  const cold = judgeCold(state.cold, seen, demand, rules, events)
  return { ...state, window, cold }
}

function takeTick(before: ProbeState, input: TickInput, terms: ProbeTerms): ProbeStep {
  const { rules, reportingMs } = terms
  const events: ProbeEvent[] = []
  let state = before
  if (!terms.demand)
    state = withCold(state, withdrawCold(state.cold, input.at, terms.noDemand, input.catchingUp, events))
  if (input.catchingUp) return { state, events }
  const silence = watchSilence(state.silence, input.quietMs, silentAfterMs(reportingMs, rules.silence))
  if (silence.event) {
    events.push(silenceEvent(silence.event, input.at, 'heard', false))
    state = { ...state, silence: silence.state }
  }
  if (state.silence.silentSince !== undefined && input.quietMs >= rules.silence.evidenceMs) {
    state = withCold(state, withdrawCold(state.cold, input.at, 'silence', false, events))
  }
  if (state.window.kind === 'open' && input.at - state.window.since > rules.openWindow.lastsMsMax + reportingMs) {
    state = shutWindow(state, input.at, 'silence', events)
  }
  const isFresh = state.newest !== undefined && !isBacklog(state.newest.at, input.at, reportingMs, rules)
  return { state: isFresh ? withCold(state, announceCold(state.cold, input.at, events)) : state, events }
}

/** The same state where nothing changed: what is the same need not be kept again. */
const withCold = (state: ProbeState, cold: ColdConditions): ProbeState =>
  cold === state.cold ? state : { ...state, cold }

function shutWindow(state: ProbeState, at: number, by: ClearReason, events: ProbeEvent[]): ProbeState {
  if (state.window.kind !== 'open') return state.window.peak ? { ...state, window: shut } : state
  const { since, told } = state.window
  events.push({ kind: 'cleared', rule: 'openWindow', since, clearedAt: at, by, history: !told })
  return { ...state, window: shut }
}

function closeDays(state: ProbeState, through: number): ProbeStep {
  const { today, yesterday, ...rest } = state
  const events: ProbeEvent[] = []
  const open = (sums: DaySums | undefined) => {
    if (!sums || sums.day > through) return sums
    events.push({ kind: 'dayClosed', sums })
    return undefined
  }
  const stillYesterday = open(yesterday)
  const stillToday = open(today)
  return {
    state: { ...rest, ...(stillToday && { today: stillToday }), ...(stillYesterday && { yesterday: stillYesterday }) },
    events,
  }
}

/** Ends everything that was open here and closes the days; what is known of the probe's own order and voice stays. */
function leave(before: ProbeState, at: number, by: ClearReason): ProbeStep {
  const events: ProbeEvent[] = []
  const warm = withCold(before, withdrawCold(before.cold, at, by, false, events))
  const quiet = shutWindow(warm, at, by, events)
  const { since, heardAt } = { since: quiet.silence.silentSince, heardAt: quiet.silence.heardAt }
  if (since !== undefined) events.push(silenceEvent({ kind: 'cleared', since }, at, by, false))
  const closed = closeDays(quiet, Number.MAX_SAFE_INTEGER)
  const { newest } = closed.state
  return {
    state: { ...newProbe, ...(newest && { newest }), silence: heardAt === undefined ? {} : { heardAt } },
    events: [...events, ...closed.events],
  }
}

function silenceEvent(event: SilenceEvent, at: number, by: ClearReason, history: boolean): FlagEvent {
  const { since } = event
  return event.kind === 'raised'
    ? { kind: 'raised', rule: 'probeSilent', since, raisedAt: at, history }
    : { kind: 'cleared', rule: 'probeSilent', since, clearedAt: at, by, history }
}
