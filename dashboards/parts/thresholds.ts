import type { AlertTier } from '#domain/alert.ts'
import { type FlagRule, flagRules } from '#domain/flag.ts'
import type { Policy, Rules } from '#domain/policy.ts'
import { policyAt } from '#domain/policy.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { type Colour, colours, tierColours, wellColour } from './colours.ts'

/** From this value on the colour; the first holds from the lowest value on. */
export interface Step {
  readonly from: number | null
  readonly colour: Colour
}

/** The rules that are newest in a policy: dashboards are made for the season that comes. */
export function newestRules(policy: Policy): Rules {
  const newest = policy.rules.at(-1)
  if (newest === undefined) throw new Error('A policy has at least one set of rules')
  return policyAt(policy, Date.parse(`${newest.validFrom}T12:00:00Z`)).rules
}

export interface Thresholds {
  /** Indoor temperature, by the limits of the tiers. */
  readonly indoorC: readonly Step[]
  /** Share of measured homes below target in percent. */
  readonly coldPct: readonly Step[]
  /** A count of what should not be there. */
  readonly none: (tier: AlertTier) => readonly Step[]
  /** Share of probes that report in percent; what a ranking calls measured is the limit. */
  readonly coveragePct: readonly Step[]
  /** Flow below which the policy sees none. */
  readonly flowM3h: readonly Step[]
  /** A value that is good or bad only beside another. */
  readonly neutral: readonly Step[]
  /** How far supply may be below its curve. */
  readonly belowCurveK: readonly Step[]
  /** Rules whose flags are of a tier. */
  readonly rulesOf: (tier: AlertTier) => readonly FlagRule[]
}

/** Coldness that a place as large as a circuit always has: windows, new probes, homes away. */
const ordinaryColdPct = 5
const manyColdPct = 20
/** Some probes of any place are always away: empty batteries, moves. */
const coveredWellPct = 95

/** What is worth a colour, from the policy in force where it says so. */
export function thresholdsOf(rules: Rules): Thresholds {
  const [method] = rankingMethods
  const coveredMin = 100 * (method?.assessedShareMin ?? 1)
  return {
    indoorC: [
      { from: null, colour: tierColours.danger },
      { from: rules.below5.limitC, colour: tierColours.serious },
      { from: rules.below12.limitC, colour: tierColours.warning },
      { from: rules.below16.limitC, colour: tierColours.notice },
      { from: rules.targetC, colour: wellColour },
    ],
    coldPct: [
      { from: null, colour: wellColour },
      { from: ordinaryColdPct, colour: tierColours.warning },
      { from: manyColdPct, colour: tierColours.danger },
    ],
    none: (tier) => [
      { from: null, colour: wellColour },
      { from: 1, colour: tierColours[tier] },
    ],
    coveragePct: [
      { from: null, colour: tierColours.danger },
      { from: coveredMin, colour: tierColours.warning },
      { from: coveredWellPct, colour: wellColour },
    ],
    flowM3h: [
      { from: null, colour: tierColours.serious },
      { from: rules.plant.noFlow.flowM3hMax, colour: wellColour },
    ],
    neutral: [{ from: null, colour: colours.blue }],
    belowCurveK: [
      { from: null, colour: wellColour },
      { from: rules.plant.supplyUnderCurve.clearK, colour: tierColours.notice },
      { from: rules.plant.supplyUnderCurve.marginK, colour: tierColours.warning },
    ],
    rulesOf: (tier) => flagRules.filter((rule) => rules.alert.tiers[rule] === tier),
  }
}
