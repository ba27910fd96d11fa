import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FirmInput, measureOf, rankFirms, sampleHalfWidth, scoreFirm } from '#domain/ranking.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { rollUpHomeDay, sumRollUps } from '#domain/roll-up.ts'
import { firmInput, type Hours, homeDayOf, perfectImports } from '../support/ranking-city.ts'

const [method, method240] = rankingMethods as [(typeof rankingMethods)[number], (typeof rankingMethods)[number]]
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const check = (property: fc.IProperty<never> | fc.IRawProperty<never>) =>
  fc.assert(property as never, { seed, numRuns: 200 })
console.log(`ranking properties: SEED=${seed}`)

const celsius = fc.double({ min: -5, max: 30, noNaN: true })
const hours: fc.Arbitrary<Hours> = fc.array(fc.option(celsius, { nil: undefined, freq: 6 }), {
  minLength: 24,
  maxLength: 24,
})
const home = fc.record({
  probes: fc.array(hours, { minLength: 1, maxLength: 2 }),
  area: fc.integer({ min: 20, max: 200 }),
})
const homes = fc.array(home, { minLength: 1, maxLength: 8 })
type Home = { probes: readonly Hours[]; area: number }

const inputOf = (city: readonly Home[], more: Partial<FirmInput> = {}) => {
  const days = city.map(({ probes, area }) => homeDayOf(probes, area))
  const rollUp = sumRollUps(days.map(rollUpHomeDay))
  return firmInput('F1', days, { coldestDays: rollUp, ...more })
}
const totalOf = (input: FirmInput) => scoreFirm(method, input, 1).score
const passShare = ({ rollUp }: FirmInput) => rollUp.passedHomeDays / rollUp.homeDays

describe('what nobody gains by', () => {
  test('warming a home never lowers pass rate, depth or total', () => {
    check(
      fc.property(
        homes,
        fc.nat(7),
        fc.nat(1),
        fc.nat(23),
        fc.double({ min: 0, max: 20, noNaN: true }),
        (city, which, room, hour, warmer) => {
          const warmed = city.map((one, index) => ({
            ...one,
            probes: one.probes.map((samples, probe) =>
              index !== which % city.length || probe !== room % one.probes.length
                ? samples
                : samples.map((value, at) => (at === hour && value !== undefined ? value + warmer : value)),
            ),
          }))
          const [before, after] = [inputOf(city), inputOf(warmed)]
          expect(passShare(after)).toBeGreaterThanOrEqual(passShare(before))
          expect(measureOf(after, 'depthK')).toBeLessThanOrEqual(measureOf(before, 'depthK') ?? 0)
          expect(totalOf(after)).toBeGreaterThanOrEqual(totalOf(before))
        },
      ) as never,
    )
  })

  test('removing readings never raises the total, nor narrows the interval', () => {
    check(
      fc.property(homes, fc.func(fc.boolean()), (city, keeps) => {
        const thinned = city.map((one, index) => ({
          ...one,
          probes: one.probes.map((samples, probe) =>
            samples.map((value, hour) => (keeps([index, probe, hour]) ? value : undefined)),
          ),
        }))
        const [before, after] = [inputOf(city), inputOf(thinned)]
        expect(totalOf(after)).toBeLessThanOrEqual(totalOf(before))
        expect(scoreFirm(method, after, 1).assessedPoints).toBe(scoreFirm(method, before, 1).assessedPoints)
      }) as never,
    )
  })

  test('unplugging: a gap counts against the firm that keeps the probe, and never helps it', () => {
    const cold = [...new Array(20).fill(21), ...new Array(4).fill(17)]
    const gone = [...new Array(20).fill(21), ...new Array(4).fill(undefined)]
    const rollUp = (hourly: Hours, keptByOthers: boolean) => {
      const day = homeDayOf([hourly])
      return rollUpHomeDay({ ...day, probes: day.probes.map((probe) => ({ ...probe, keptByOthers })) })
    }
    const [measured, unplugged] = [rollUp(cold, false), rollUp(gone, false)]
    expect(unplugged.areaMinutesAtTarget).toBe(measured.areaMinutesAtTarget)
    expect(unplugged.areaShortfall).toBeGreaterThan(measured.areaShortfall)
    expect(unplugged.areaMinutesCovered).toBeLessThan(measured.areaMinutesCovered)
    expect(unplugged.areaMinutesExcluded).toBe(0)
  })

  test('a gap of somebody else is left out and shows; a day that is mostly a gap is excluded whole', () => {
    const dayOf = (hourly: Hours) => {
      const day = homeDayOf([hourly])
      return rollUpHomeDay({ ...day, probes: day.probes.map((probe) => ({ ...probe, keptByOthers: true })) })
    }
    const gap = dayOf([...new Array(18).fill(21), ...new Array(6).fill(undefined)])
    expect(gap).toMatchObject({ homeDays: 1, passedHomeDays: 1, areaShortfall: 0 })
    expect(gap.areaMinutes).toBe(600 * 18 * 60)
    expect(gap.areaMinutesAtTarget).toBe(gap.areaMinutes)
    expect(gap.areaMinutesCovered).toBe(gap.areaMinutes)
    expect(gap.areaMinutesExcluded).toBe(600 * 6 * 60)
    const silent = dayOf(new Array(24).fill(undefined))
    expect(silent).toMatchObject({ homeDays: 0, excludedHomeDays: 1, areaMinutes: 0 })
    expect(silent.areaMinutesExcluded).toBe(600 * 24 * 60)
  })

  test("in a home with a probe of the firm's, the gap of another probe takes nothing out", () => {
    const own = homeDayOf([new Array(24).fill(21), new Array(24).fill(undefined)])
    const [firms, residents] = own.probes
    if (!firms || !residents) throw new Error('the home has two probes')
    const rollUp = rollUpHomeDay({ ...own, probes: [firms, { ...residents, keptByOthers: true }] })
    expect(rollUp).toMatchObject({ homeDays: 1, passedHomeDays: 1, areaMinutesExcluded: 0 })
  })

  test('few probes make the interval wide, whatever they say', () => {
    expect(sampleHalfWidth(400, 400)).toBe(0)
    expect(sampleHalfWidth(0, 400)).toBe(1)
    for (let probes = 2; probes <= 400; probes += 1) {
      expect(sampleHalfWidth(probes, 400)).toBeLessThan(sampleHalfWidth(probes - 1, 400) + 1e-12)
    }
  })
})

describe('order, halves and ties', () => {
  test('the order of homes and of firms changes nothing', () => {
    check(
      fc.property(
        homes,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 9 }),
        (city, shares) => {
          expect(inputOf(city.toReversed())).toEqual(inputOf(city))
          const firms = shares.map((visitPassShare, index) =>
            firmInput(`F${index}`, [], { imported: { visitPassShare } }),
          )
          expect(rankFirms(method, firms.toReversed(), 1)).toEqual(rankFirms(method, firms, 1))
        },
      ) as never,
    )
  })

  test('a firm split into two equal halves leaves both inside its interval', () => {
    check(
      fc.property(homes, (half) => {
        const whole = scoreFirm(method, inputOf([...half, ...half], { probes: 80, connectedHomes: 800 }), 1)
        const part = scoreFirm(method, inputOf(half, { probes: 40, connectedHomes: 400 }), 1)
        const [low, high] = whole.interval ?? [0, 0]
        expect(part.scaled).toBeGreaterThanOrEqual(low)
        expect(part.scaled).toBeLessThanOrEqual(high)
        expect(part.scaled).toBe(whole.scaled)
      }) as never,
    )
  })

  test('a firm split by chance: at least nineteen halves of twenty keep the whole inside their interval', () => {
    const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: 20_000, seed })
    let next = 0
    const chance = () => random[next++ % random.length] ?? 0
    const days = Array.from({ length: 200 }, () =>
      rollUpHomeDay(homeDayOf([new Array(24).fill(chance() < 0.06 ? 19 : 21)])),
    )
    const scoreOf = (some: typeof days, probes: number) =>
      scoreFirm(method, firmInput('F1', [], { rollUp: sumRollUps(some), probes, connectedHomes: 2_000 }), 1)
    const whole = scoreOf(days, 200)
    let inside = 0
    for (let round = 0; round < 100; round += 1) {
      const shuffled = days.map((day) => ({ day, key: chance() })).sort((a, b) => a.key - b.key)
      const half = scoreOf(
        shuffled.slice(0, 100).map(({ day }) => day),
        100,
      )
      const [low, high] = half.interval ?? [0, 0]
      if (low <= (whole.scaled ?? -1) && (whole.scaled ?? -1) <= high) inside += 1
    }
    expect(inside).toBeGreaterThanOrEqual(95)
  })

  test('the same points, the same rank; the next rank is left out', () => {
    const imported = (visitPassShare: number) => ({ imported: { visitPassShare } })
    const ranked = rankFirms(
      method,
      [
        firmInput('C', [], imported(0.95)),
        firmInput('B', [], imported(1)),
        firmInput('A', [], imported(1)),
        firmInput('Z', []),
      ],
      1,
    )
    expect(ranked.map(({ firm, rank }) => [firm, rank])).toEqual([
      ['A', 1],
      ['B', 1],
      ['C', 3],
      ['Z', undefined],
    ])
    expect(ranked.at(-1)?.standing).toBe('noData')
  })
})

describe('colours', () => {
  const warm = Array.from({ length: 40 }, () => homeDayOf([new Array(24).fill(21)]))
  const whole = (more: Partial<FirmInput> = {}) => {
    const input = firmInput('F1', warm, { imported: perfectImports, ...more })
    return {
      ...input,
      coldestDays: input.rollUp,
      outage: {
        homes: 400,
        homeMinutes: 0,
        homeInterruptions: 0,
        interruptions: 0,
        interruptionsOver8h: 0,
        interruptionsOver48h: 0,
      },
      edges: { areaHours: 10, areaHoursOpen: 10 },
    }
  }

  test.each([method, method240])('a perfect firm has all points of $id', (by) => {
    expect(scoreFirm(by, whole(), 1)).toMatchObject({
      score: by.totalPoints,
      assessedShare: 1,
      standing: 'red',
      provisional: [],
    })
  })

  test('what is missing is not assessed, never nought; under 80 % there is no colour', () => {
    const { imported, ...measured } = whole()
    const score = scoreFirm(method, { ...measured, imported: {} }, 1)
    expect(score).toMatchObject({ standing: 'interim', scaled: 200 })
    expect(score.assessedShare).toBeLessThan(0.8)
    expect(score.items.find(({ item }) => item === 'coal')).toEqual({
      dimension: 'management',
      item: 'coal',
      points: 10,
      measure: 'coalStockShare',
      state: 'notAssessed',
    })
    const { coalStockShare, ...rest } = imported
    expect(coalStockShare).toBe(1)
    expect(scoreFirm(method, { ...measured, imported: rest }, 1)).toMatchObject({
      standing: 'red',
      score: 190,
      scaled: 200,
    })
  })

  test('a veto blackens when it is confirmed with a document, not before', () => {
    const veto = { kind: 'noLicence', state: 'proven', evidence: 'register of licences' } as const
    expect(scoreFirm(method, whole({ vetoes: [veto] }), 1)).toMatchObject({ standing: 'red' })
    const confirmed = scoreFirm(method, whole({ vetoes: [{ ...veto, document: '2026-14' }] }), 1)
    expect(confirmed).toMatchObject({ standing: 'black', scaled: 200 })
    expect(confirmed.vetoes.find(({ kind }) => kind === 'passRate')?.state).toBe('notAssessed')
    const cleared = { ...veto, state: 'cleared', document: '2026-15' } as const
    expect(scoreFirm(method, whole({ vetoes: [cleared] }), 1).standing).toBe('red')
  })

  test('fewer than thirty probes, or a take-over past the middle, are marked and move no points', () => {
    expect(scoreFirm(method, whole({ probes: 29, days: 40 }), 100)).toMatchObject({
      score: 200,
      provisional: ['fewProbes', 'partOfThePeriod'],
    })
  })

  test('an excluded day counts for nobody and shows', () => {
    const cold = homeDayOf([new Array(24).fill(10)], 60, true)
    const score = scoreFirm(method, firmInput('F1', [...warm, cold]), 1)
    expect(score.excludedShare).toBeCloseTo(1 / 41)
    expect(score.items.find(({ item }) => item === 'atTarget')?.score).toBe(
      method.dimensions.flatMap(({ items }) => items).find(({ id }) => id === 'atTarget')?.points,
    )
  })
})

describe('the worked example of the documentation', () => {
  const [day, halfCold] = [new Array(24).fill(21), [...new Array(21).fill(20), ...new Array(3).fill(18)]]
  const input = firmInput('F1', [homeDayOf([day], 60), homeDayOf([halfCold], 40)], { probes: 2, connectedHomes: 10 })

  test.each(['ranking.md', 'ranking.zh.md'])('%s', (file) => {
    const text = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')
    const stated = JSON.parse(/```json\n(.*?)```/s.exec(text)?.[1] ?? '')
    const score = scoreFirm(method, input, 1)
    expect(score).toMatchObject(stated)
    for (const { score: points } of score.items) if (points !== undefined) expect(text).toContain(points.toFixed(2))
  })
})
