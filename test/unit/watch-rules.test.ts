import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Alert, type AlertingFlag, alertDueAt, joinAlert, leaveAlert, settleAlert } from '#domain/alert.ts'
import { announce, type Condition, nextCondition, type Observation, withdraw } from '#domain/condition.ts'
import { curveAt, emitterExponentOf } from '#domain/heating-curve.ts'
import { cityPolicies, type Policy, policyAt, policySchema, rulesWithTarget } from '#domain/policy.ts'
import { seasonOf, seasonOn } from '#domain/season.ts'
import { watchedMs } from '#domain/silence.ts'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'

const holds = { raiseMs: 60, raiseSamples: 2, clearMs: 40, wellMs: 100 }
const seen = (at: number, verdict: Observation['verdict'], more: Partial<Observation> = {}): Observation => ({
  at,
  value: 15,
  verdict,
  gap: false,
  history: false,
  ...more,
})
const pending = (since: number, samples = 1): Condition => ({ kind: 'pending', since, samples, value: 15 })
const open = (since: number, more: object = {}): Condition => ({ kind: 'open', since, told: true, ...more })

describe('a condition', () => {
  test.each([
    // state, what is seen, next state, event
    [{ kind: 'normal' }, seen(0, 'clear'), { kind: 'normal' }, undefined],
    [{ kind: 'normal' }, seen(0, 'between'), { kind: 'normal' }, undefined],
    [{ kind: 'normal' }, seen(0, 'bad'), pending(0), undefined],
    [pending(0), seen(30, 'bad'), pending(0, 2), undefined],
    [pending(0), seen(30, 'between'), { kind: 'normal' }, undefined],
    [pending(0), seen(30, 'well'), { kind: 'normal' }, undefined],
    [pending(0), seen(90, 'bad', { gap: true }), pending(90), undefined],
    [pending(0), seen(60, 'bad'), open(0), { kind: 'raised', since: 0, value: 15, history: false }],
    [
      pending(0),
      seen(60, 'bad', { history: true }),
      open(0, { told: false }),
      { kind: 'raised', since: 0, value: 15, history: true },
    ],
    [open(0), seen(70, 'bad'), open(0), undefined],
    [open(0, { wellSince: 20 }), seen(70, 'between'), open(0), undefined],
    [open(0), seen(70, 'well'), open(0, { wellSince: 70 }), undefined],
    [open(0), seen(70, 'clear'), open(0, { clearSince: 70, wellSince: 70 }), undefined],
    [open(0, { clearSince: 70, wellSince: 50 }), seen(80, 'well'), open(0, { wellSince: 50 }), undefined],
    [
      open(0, { clearSince: 70, wellSince: 70 }),
      seen(110, 'clear'),
      { kind: 'normal' },
      { kind: 'cleared', since: 0, history: false },
    ],
    [open(0, { wellSince: 70 }), seen(170, 'well'), { kind: 'normal' }, { kind: 'cleared', since: 0, history: false }],
    [
      open(0, { clearSince: 70, wellSince: 70 }),
      seen(500, 'clear', { gap: true }),
      open(0, { clearSince: 500, wellSince: 500 }),
      undefined,
    ],
    [open(0, { told: false }), seen(70, 'bad'), open(0), { kind: 'announced', since: 0 }],
    [open(0, { told: false }), seen(70, 'bad', { history: true }), open(0, { told: false }), undefined],
    [
      open(0, { told: false, wellSince: 0 }),
      seen(100, 'well'),
      { kind: 'normal' },
      { kind: 'cleared', since: 0, history: true },
    ],
    [
      open(0, { wellSince: 0 }),
      seen(100, 'well', { history: true }),
      { kind: 'normal' },
      { kind: 'cleared', since: 0, history: true },
    ],
  ] as const)('%o, seeing %o, becomes %o', (state, observation, next, event) => {
    const step = nextCondition(state as Condition, observation, holds)
    expect(step.state).toEqual(next)
    expect(step.event).toEqual(event)
  })

  test('is told once, and can be withdrawn', () => {
    expect(announce(open(5, { told: false }))).toEqual({ state: open(5), event: { kind: 'announced', since: 5 } })
    expect(announce(open(5))).toEqual({ state: open(5) })
    expect(withdraw(open(5), false)).toEqual({
      state: { kind: 'normal' },
      event: { kind: 'cleared', since: 5, history: false },
    })
    expect(withdraw(pending(5), false)).toEqual({ state: { kind: 'normal' } })
  })

  test('raises and clears in turn, whatever it sees', () => {
    const observations = fc.array(
      fc.record({
        step: fc.integer({ min: 1, max: 80 }),
        verdict: fc.constantFrom('bad', 'between', 'well', 'clear' as const),
        gap: fc.boolean(),
        history: fc.boolean(),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(observations, (all) => {
        let state: Condition = { kind: 'normal' }
        let at = 0
        const events: string[] = []
        for (const { step, verdict, gap, history } of all) {
          at += step
          const next = nextCondition(state, seen(at, verdict as Observation['verdict'], { gap, history }), holds)
          state = next.state
          if (next.event) events.push(next.event.kind)
        }
        const life = events.filter((kind) => kind !== 'announced')
        for (const [index, kind] of life.entries()) expect(kind).toBe(index % 2 === 0 ? 'raised' : 'cleared')
        for (const [index, kind] of events.entries()) if (kind === 'announced') expect(events[index - 1]).toBe('raised')
      }),
    )
  })
})

describe('the season', () => {
  const harbin = cityPolicies.harbin as Policy
  const day = (date: string) => Date.parse(`${date}T00:00:00Z`) / dayMs

  test('is from 20 October to 20 April, 183 days and 184 in a leap year', () => {
    expect(seasonOf(harbin.season, 2025)).toEqual({
      season: 2025,
      firstDay: day('2025-10-20'),
      lastDay: day('2026-04-20'),
    })
    const length = (year: number) => {
      const season = seasonOf(harbin.season, year)
      return season && season.lastDay - season.firstDay + 1
    }
    expect([length(2025), length(2023)]).toEqual([183, 184])
    expect(seasonOn(harbin.season, day('2026-04-21'))).toBeUndefined()
    expect(seasonOn(harbin.season, day('2025-10-19'))).toBeUndefined()
  })

  test('begins earlier and ends later where the city decides so, for that season only', () => {
    const decisions = [{ season: 2025, firstDay: '2025-10-15', lastDay: '2026-04-25', reason: 'cold October' }]
    const calendar = { ...harbin.season, decisions }
    expect(seasonOn(calendar, day('2025-10-15'))?.season).toBe(2025)
    expect(seasonOn(calendar, day('2026-04-25'))?.season).toBe(2025)
    expect(seasonOn(calendar, day('2026-10-15'))).toBeUndefined()
  })

  test('turns at local midnight, and the target of 20 degrees is in force since 29 October 2021', () => {
    const at = (text: string) => policyAt(harbin, Date.parse(text))
    expect(at('2025-10-20T00:00:00+08:00').inSeason).toBe(true)
    expect(at('2025-10-19T23:59:59+08:00').inSeason).toBe(false)
    expect(at('2021-10-28T23:59:59+08:00').rules.targetC).toBe(18)
    expect(at('2021-10-29T00:00:00+08:00').rules.targetC).toBe(20)
  })

  test('every policy that we bring is a valid one', () => {
    for (const policy of Object.values(cityPolicies)) expect(policySchema.parse(policy)).toEqual(policy)
  })
})

describe('the heating curve', () => {
  // Computed values of the textbook curve, indoor 20 and design outdoor -24.2.
  test.each([
    [75, 50, -24.2, 75, 50],
    [75, 50, -10, 60, 43.1],
    [75, 50, 0, 48.7, 37.4],
    [75, 50, -30, 80.9, 52.6],
    [50, 40, -10, 41, 34.2],
    [50, 40, 5, 31.1, 27.7],
  ])('of %d/%d at %d asks for %d/%d', (designSupplyC, designReturnC, outdoorC, supplyC, returnC) => {
    const emitterExponent = emitterExponentOf(designSupplyC)
    const curve = { designSupplyC, designReturnC, designOutdoorC: -24.2, indoorC: 20, emitterExponent }
    const wanted = curveAt(curve, outdoorC)
    expect(wanted.supplyC).toBeCloseTo(supplyC, 0)
    expect(wanted.returnC).toBeCloseTo(returnC, 0)
  })

  test('asks for nothing when it is as warm outside', () => {
    const curve = { designSupplyC: 75, designReturnC: 50, designOutdoorC: -24.2, indoorC: 20, emitterExponent: 0.3 }
    expect(curveAt(curve, 25)).toEqual({ supplyC: 20, returnC: 20 })
  })
})

test('time in which Warmcity was down is taken off a silence, however it overlaps', () => {
  const downtimes = [
    { beganAt: 10, endedAt: 20 },
    { beganAt: 30, endedAt: 40 },
  ]
  expect(watchedMs(downtimes, 0, 50)).toBe(30)
  expect(watchedMs(downtimes, 15, 35)).toBe(10)
  expect(watchedMs(downtimes, 12, 18)).toBe(0)
  expect(watchedMs(downtimes, 40, 60)).toBe(20)
})

describe('an alert', () => {
  const rules = rulesWithTarget(20).alert
  const where = { territory: ['harbin', 'nangang'], firm: 'firm' }
  const flag = (more: Partial<AlertingFlag> = {}): AlertingFlag => ({
    rule: 'belowTarget',
    tier: 'notice',
    placeKind: 'circuit',
    place: 'C-1',
    where,
    subjectWhere: { territory: ['harbin', 'nangang', 'estate'] },
    district: 'nangang',
    ofDwelling: false,
    ...more,
  })
  const first = joinAlert(undefined, flag(), 1000, rules)

  test('opens with the first flag, under a key that the same history gives again', () => {
    expect(first.news).toBe('opened')
    expect(first.alert).toMatchObject({ id: 'alert/circuit/C-1/1000', flags: 1, openFlags: 1, revision: 1 })
    expect(first.alert.where.territory).toEqual(['harbin', 'nangang', 'estate'])
  })

  test('takes in what comes within a day of its last flag, and no more', () => {
    const within = joinAlert(first.alert, flag(), 1000 + dayMs - 1, rules)
    expect(within.alert.id).toBe(first.alert.id)
    const rolled = joinAlert(within.alert, flag(), 1000 + 2 * dayMs - 2, rules)
    expect(rolled.alert.id).toBe(first.alert.id)
    expect(joinAlert(first.alert, flag(), 1000 + dayMs, rules).news).toBe('opened')
  })

  test('is told again when it is worse, has doubled, or has been growing for long', () => {
    expect(joinAlert(first.alert, flag(), 1001, rules).news).toBe('updated')
    let alert: Alert = first.alert
    const news: (string | undefined)[] = []
    for (let count = 2; count <= 20; count += 1) {
      const step = joinAlert(alert, flag(), 1000 + count, rules)
      alert = step.alert
      news.push(step.news && `${count}`)
    }
    expect(news.filter(Boolean)).toEqual(['2', '4', '8', '16'])
    const worse = joinAlert(alert, flag({ tier: 'danger', rule: 'below5' }), 2000, rules)
    expect([worse.news, worse.alert.tier, worse.alert.rule]).toEqual(['updated', 'danger', 'below5'])
    const settled = settleAlert(alert, alert.announcedAt + rules.repeatMs, rules)
    expect([settled.news, settled.alert.announcedFlags]).toEqual(['updated', 20])
  })

  test('closes a while after its last flag is over, and opens again for one that comes soon', () => {
    const empty = leaveAlert(first.alert, hourMs)
    expect(settleAlert(empty, hourMs + rules.closesAfterMs - 1, rules).news).toBeUndefined()
    const closed = settleAlert(empty, hourMs + rules.closesAfterMs, rules)
    expect([closed.news, closed.alert.closedAt]).toEqual(['closed', hourMs + rules.closesAfterMs])
    expect(alertDueAt(closed.alert, rules)).toBeUndefined()
    const again = joinAlert(closed.alert, flag(), hourMs + 20 * minuteMs, rules)
    expect([again.news, again.alert.id, again.alert.closedAt]).toEqual(['updated', first.alert.id, undefined])
  })
})
