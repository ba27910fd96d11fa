import { z } from 'zod'
import { type AlertTier, alertTiers } from './alert.ts'
import { type FlagRule, flagRules } from './flag.ts'
import { type LocalDay, localDayAt, seasonCalendarSchema, seasonOn } from './season.ts'
import { dayMs, hourMs, minuteMs } from './time.ts'

const durationMs = z.number().int().min(0)
const celsius = z.number().min(-60).max(60)

const tierSchema = z.strictObject({
  /** Below this many °C; for the target it is the target itself that counts. */
  limitC: celsius,
  holdMs: durationMs,
  samples: z.number().int().min(1),
})

const plantHoldsSchema = z.strictObject({
  raiseMs: durationMs,
  raiseSamples: z.number().int().min(1),
  clearMs: durationMs,
  wellMs: durationMs,
})

/** Everything that decides about flags and alerts on one day. */
export const rulesSchema = z.strictObject({
  /** Bedrooms and living rooms of a heated dwelling, all day, in the season. */
  targetC: celsius,
  belowTarget: tierSchema.omit({ limitC: true }),
  below16: tierSchema,
  below12: tierSchema,
  below5: tierSchema,
  clear: z.strictObject({
    /** Over after `clearMs` at this much above the limit, or after `wellMs` at the limit. */
    marginK: z.number().positive(),
    clearMs: durationMs,
    wellMs: durationMs,
  }),
  sequence: z.strictObject({
    /** A change up to this is believed at any speed: resolution and draught. */
    allowanceK: z.number().min(0),
    /** After so many sampling intervals without a good sample, holds begin anew. */
    gapIntervals: z.number().positive(),
    /** A sample speaks for the time since the one before, at most so many sampling intervals. */
    coverIntervals: z.number().positive(),
  }),
  openWindow: z.strictObject({
    /** Slower probes cannot tell a window from a fault: the cause stays unknown. */
    samplingMsMax: durationMs,
    /** A fall of so much within so short a time. A flat without heat loses 1 to 2 K in an hour. */
    dropK: z.number().positive(),
    withinMs: durationMs,
    /** Shut again when so much of the fall is made good. */
    recoveredShare: z.number().min(0).max(1),
    /** No longer is a window believed: then it is cold, whatever the reason. */
    lastsMsMax: durationMs,
  }),
  /** A reading is backlog when it was older at its receipt than the device's reporting interval and this. */
  backlogGraceMs: durationMs,
  silence: z.strictObject({
    missedReports: z.number().int().min(1),
    /** A report may be so late. */
    jitterMs: durationMs,
    /** After so long a silence a cold flag has no evidence left and ends. */
    evidenceMs: durationMs,
  }),
  /** Late readings of a day are awaited so long; what comes later has the day computed again. */
  dayClosesAfterMs: durationMs,
  plant: z.strictObject({
    noFlow: plantHoldsSchema.extend({ flowM3hMax: z.number().min(0) }),
    supplyUnderCurve: plantHoldsSchema.extend({ marginK: z.number().positive(), clearK: z.number().min(0) }),
    stationAlarm: plantHoldsSchema,
    designOutdoorC: celsius,
    curveIndoorC: celsius,
    /** Outdoor temperature of the district counts so long, then that of the plant's own sensor. */
    weatherAgeMsMax: durationMs,
  }),
  alert: z.strictObject({
    /** Flags of one place within this time of each other form one alert. */
    windowMs: durationMs,
    /** An alert without open flags closes after this; a flag that comes sooner keeps it open. */
    closesAfterMs: durationMs,
    /** A growing alert is told again when it has this many times the flags last told of, or after `repeatMs`. */
    growth: z.number().min(1),
    repeatMs: durationMs,
    /** Rules whose flags form alerts, and how bad each is. The others are kept and shown, and tell nobody. */
    tiers: z.partialRecord(z.enum(flagRules), z.enum(alertTiers)),
    /** Below so many measured dwellings a count speaks of single homes. */
    measuredDwellingsMin: z.number().int().min(1),
  }),
})
export type Rules = z.infer<typeof rulesSchema>

/** A city's rules, each set in force from its date until the next; newest last. */
export const policySchema = z.strictObject({
  city: z.string().min(1),
  season: seasonCalendarSchema,
  rules: z.array(z.strictObject({ validFrom: z.iso.date(), source: z.string(), rules: rulesSchema })).min(1),
})
export type Policy = z.infer<typeof policySchema>

const tiers: Partial<Record<FlagRule, AlertTier>> = {
  belowTarget: 'notice',
  below16: 'warning',
  supplyUnderCurve: 'warning',
  stationAlarm: 'warning',
  plantSilent: 'warning',
  below12: 'serious',
  noFlow: 'serious',
  below5: 'danger',
}

/** The rules with a target of so many °C; the rest are our own starting values. */
export function rulesWithTarget(targetC: number): Rules {
  return {
    targetC,
    belowTarget: { holdMs: 2 * hourMs, samples: 2 },
    below16: { limitC: 16, holdMs: 30 * minuteMs, samples: 2 },
    below12: { limitC: 12, holdMs: 0, samples: 2 },
    below5: { limitC: 5, holdMs: 0, samples: 2 },
    clear: { marginK: 0.5, clearMs: 2 * hourMs, wellMs: 6 * hourMs },
    sequence: { allowanceK: 1, gapIntervals: 3, coverIntervals: 2 },
    openWindow: {
      samplingMsMax: 5 * minuteMs,
      dropK: 1.5,
      withinMs: 10 * minuteMs,
      recoveredShare: 0.5,
      lastsMsMax: 90 * minuteMs,
    },
    backlogGraceMs: 15 * minuteMs,
    silence: { missedReports: 3, jitterMs: minuteMs, evidenceMs: dayMs },
    dayClosesAfterMs: 3 * hourMs,
    plant: {
      noFlow: { flowM3hMax: 0.5, raiseMs: minuteMs, raiseSamples: 2, clearMs: 2 * minuteMs, wellMs: 10 * minuteMs },
      supplyUnderCurve: {
        marginK: 10,
        clearK: 3,
        raiseMs: 30 * minuteMs,
        raiseSamples: 3,
        clearMs: 15 * minuteMs,
        wellMs: hourMs,
      },
      stationAlarm: { raiseMs: 0, raiseSamples: 1, clearMs: 5 * minuteMs, wellMs: 5 * minuteMs },
      designOutdoorC: -24.2,
      curveIndoorC: 20,
      weatherAgeMsMax: 3 * hourMs,
    },
    alert: {
      windowMs: dayMs,
      closesAfterMs: 10 * minuteMs,
      growth: 2,
      repeatMs: 30 * minuteMs,
      tiers,
      measuredDwellingsMin: 10,
    },
  }
}

const heilongjiang2021 = 'Heilongjiang urban heating regulation, fourth amendment, in force since 2021-10-29'
const heilongjiang2011 = 'Heilongjiang urban heating regulation before 2021-10-29'

function simpleCity(city: string, firstDay: string, lastDay: string, targetC: number): Policy {
  return {
    city,
    season: {
      zone: 'Asia/Shanghai',
      statute: [{ validFrom: '1990-01-01', firstDay, lastDay }],
      decisions: [],
    },
    rules: [
      { validFrom: '1990-01-01', source: 'published city rule, to be confirmed', rules: rulesWithTarget(targetC) },
    ],
  }
}

/** Starting values by city; a city's own file takes their place. */
export const cityPolicies: Readonly<Record<string, Policy>> = {
  harbin: {
    city: 'harbin',
    season: {
      zone: 'Asia/Shanghai',
      statute: [{ validFrom: '1990-01-01', firstDay: '10-20', lastDay: '04-20' }],
      decisions: [],
    },
    rules: [
      { validFrom: '1990-01-01', source: heilongjiang2011, rules: rulesWithTarget(18) },
      { validFrom: '2021-10-29', source: heilongjiang2021, rules: rulesWithTarget(20) },
    ],
  },
  changchun: simpleCity('changchun', '10-20', '04-06', 18),
  urumqi: simpleCity('urumqi', '10-10', '04-10', 20),
  beijing: simpleCity('beijing', '11-15', '03-15', 18),
  jinan: simpleCity('jinan', '11-15', '03-15', 18),
  xian: simpleCity('xian', '11-15', '03-15', 18),
  shijiazhuang: simpleCity('shijiazhuang', '11-15', '03-15', 18),
  taiyuan: simpleCity('taiyuan', '11-01', '03-31', 18),
  dalian: simpleCity('dalian', '11-05', '04-05', 18),
  shenyang: simpleCity('shenyang', '11-01', '03-31', 18),
}

/** What holds on one local day. */
export interface PolicyDay extends LocalDay {
  readonly rules: Rules
  readonly inSeason: boolean
}

/** Rules and season of the local day that an instant lies in. */
export function policyAt(policy: Policy, at: number): PolicyDay {
  const localDay = localDayAt(policy.season.zone, at)
  const date = new Date(localDay.day * dayMs).toISOString().slice(0, 10)
  const inForce = policy.rules.findLast((entry) => entry.validFrom <= date) ?? policy.rules[0]
  if (!inForce) throw new Error('A policy has at least one set of rules')
  return { ...localDay, rules: inForce.rules, inSeason: seasonOn(policy.season, localDay.day) !== undefined }
}

/** Local days remembered: replays jump between a few days of one month. */
const daysRememberedMax = 64

/** The same as `policyAt`, for millions of instants in few days. */
export function policyLookup(policy: Policy): (at: number) => PolicyDay {
  let last: PolicyDay | undefined
  const known: PolicyDay[] = []
  return (at) => {
    if (last && at >= last.beginsAt && at < last.endsAt) return last
    last = known.find((day) => at >= day.beginsAt && at < day.endsAt)
    if (!last) {
      last = policyAt(policy, at)
      if (known.push(last) > daysRememberedMax) known.shift()
    }
    return last
  }
}
