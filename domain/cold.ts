import { announce, type Condition, type ConditionHolds, nextCondition, withdraw } from './condition.ts'
import type { Demand } from './dwelling-day.ts'
import { coldRules, type FlagRule } from './flag.ts'
import type { Rules } from './policy.ts'
import type { TimedValue } from './sequence.ts'
import { type ClearReason, type FlagEventSink, flagEvent } from './watch-event.ts'

/** One condition for each cold rule, in the order of `coldRules`. */
export type ColdConditions = readonly Condition[]

/** Temperatures of the watch are hundredths of a degree, so that states can be kept small and compare exactly. */
// Adding zero makes one zero of two.
export const sampleC = (celsius: number): number => Math.round(celsius * 100) / 100 + 0

export interface ColdObservation {
  readonly sample: TimedValue
  readonly gap: boolean
  readonly history: boolean
  readonly windowOpen: boolean
}

/** Puts one good sample before each of the cold rules. */
export function judgeCold(
  cold: ColdConditions,
  { sample, gap, history, windowOpen }: ColdObservation,
  demand: Demand,
  rules: Rules,
  events: FlagEventSink,
): ColdConditions {
  return cold.map((condition, index) => {
    const rule = coldRules[index] as FlagRule
    const limits = coldLimits(rule, demand, rules)
    const verdict = verdictOf(sample.c, limits, windowOpen && windowExcuses.includes(rule))
    const step = nextCondition(condition, { at: sample.at, value: sample.c, verdict, gap, history }, limits.holds)
    if (step.event) events.push(flagEvent(step.event, rule, sample.at, { targetC: demand.targetC }))
    return step.state
  })
}

/** An open window explains that a room is cool. That it nears freezing is a danger, whatever the reason. */
const windowExcuses: readonly FlagRule[] = ['belowTarget', 'below16']

interface ColdLimits {
  readonly raiseBelowC: number
  readonly wellC: number
  readonly clearC: number
  readonly holds: ConditionHolds
}

/** Limits of one cold rule. The probe's tolerance counts against the target only: the other limits are far from it. */
function coldLimits(rule: FlagRule, demand: Demand, rules: Rules): ColdLimits {
  const tier = rule === 'belowTarget' ? { ...rules.belowTarget, limitC: demand.targetC } : tierOf(rule, rules)
  const raiseBelowC = rule === 'belowTarget' ? sampleC(tier.limitC - demand.toleranceK) : tier.limitC
  return {
    raiseBelowC,
    wellC: tier.limitC,
    clearC: sampleC(tier.limitC + rules.clear.marginK),
    holds: {
      raiseMs: tier.holdMs,
      raiseSamples: tier.samples,
      clearMs: rules.clear.clearMs,
      wellMs: rules.clear.wellMs,
    },
  }
}

function tierOf(rule: FlagRule, rules: Rules): Rules['below16'] {
  if (rule === 'below16') return rules.below16
  return rule === 'below12' ? rules.below12 : rules.below5
}

function verdictOf(c: number, limits: ColdLimits, excused: boolean): 'bad' | 'between' | 'well' | 'clear' {
  if (c >= limits.clearC) return 'clear'
  if (c >= limits.wellC) return 'well'
  return c < limits.raiseBelowC && !excused ? 'bad' : 'between'
}

/** Ends every cold condition, because nothing is demanded any more or because there is no evidence left. */
export function withdrawCold(
  cold: ColdConditions,
  at: number,
  by: ClearReason,
  history: boolean,
  events: FlagEventSink,
): ColdConditions {
  if (cold.every((condition) => condition.kind === 'normal')) return cold
  return cold.map((condition, index) => {
    const step = withdraw(condition, history)
    if (step.event) events.push(flagEvent(step.event, coldRules[index] as FlagRule, at, { by }))
    return step.state
  })
}

/** Tells of what was raised in history and is still true. */
export function announceCold(cold: ColdConditions, at: number, events: FlagEventSink): ColdConditions {
  if (cold.every((condition) => condition.kind !== 'open' || condition.told)) return cold
  return cold.map((condition, index) => {
    const step = announce(condition)
    if (step.event) events.push(flagEvent(step.event, coldRules[index] as FlagRule, at))
    return step.state
  })
}
