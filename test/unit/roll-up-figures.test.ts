import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Family, placesOfFewHomes, withoutHomes } from '#domain/few-homes.ts'
import { addTally, clearTally, emptyTally, tallyBinOf, tallyFigures, tallyHome } from '#domain/home-tally.ts'
import { plantFigures } from '#domain/plant-figures.ts'
import { rulesWithTarget } from '#domain/policy.ts'

const rules = rulesWithTarget(20)
const targetBin = tallyBinOf(20)
const temperature = fc.integer({ min: -50, max: 350 }).map((tenths) => tenths / 10)

function tallyOf(temperatures: readonly number[], toleranceK = 0.3) {
  const tally = emptyTally()
  for (const c of temperatures) {
    const home = { bin: tallyBinOf(c), belowTarget: c < 20 - toleranceK, probesExpected: 1, probesReporting: 1 }
    tallyHome(tally, home, targetBin)
  }
  return tally
}

/** The same in the plainest way. */
function naive(temperatures: readonly number[]) {
  const sorted = [...temperatures].sort((left, right) => left - right)
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  const below = (limit: number) => temperatures.filter((c) => c < limit).length
  const missing = temperatures.filter((c) => c < 19.7).reduce((sum, c) => sum + (20 - c), 0)
  return {
    dwellings_measured: temperatures.length,
    indoor_p10_c: rank(0.1),
    indoor_p50_c: rank(0.5),
    indoor_p90_c: rank(0.9),
    indoor_mean_c: expect.closeTo(temperatures.reduce((sum, c) => sum + c, 0) / temperatures.length, 2),
    dwellings_below_target: below(19.7),
    dwellings_below_16: below(16),
    dwellings_below_12: below(12),
    dwellings_below_5: below(5),
    degree_hours_below_target: expect.closeTo(missing / 6, 2),
  }
}

describe('homes by temperature', () => {
  test('have the figures that a list of their temperatures has', () => {
    fc.assert(
      fc.property(fc.array(temperature, { minLength: 1, maxLength: 200 }), (temperatures) => {
        expect(tallyFigures(tallyOf(temperatures), rules)).toMatchObject(naive(temperatures))
      }),
    )
  })

  test('give the same figures counted together or in parts, and nothing stays of what was cleared', () => {
    const parts = fc.array(fc.array(temperature, { maxLength: 40 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(parts, (lists) => {
        const sum = tallyOf([1, 2, 3])
        clearTally(sum)
        for (const list of lists) addTally(sum, tallyOf(list))
        expect(tallyFigures(sum, rules)).toEqual(tallyFigures(tallyOf(lists.flat()), rules))
      }),
    )
  })

  test('have no temperatures where nothing is measured, and nothing cold where nothing is demanded', () => {
    const unmeasured = emptyTally()
    tallyHome(unmeasured, { bin: 0, belowTarget: false, probesExpected: 2, probesReporting: 0 }, targetBin)
    expect(tallyFigures(unmeasured, rules)).toEqual({
      dwellings_heated: 1,
      dwellings_probed: 1,
      dwellings_measured: 0,
      probes_expected: 2,
      probes_reporting: 0,
      coverage_share: 0,
      target_c: 20,
    })
    expect(Object.keys(tallyFigures(tallyOf([12]), undefined)).filter((name) => /below|target/.test(name))).toEqual([])
  })
})

describe('places of few homes', () => {
  test('are those with fewer than ten, and as many of their neighbours as it takes', () => {
    // Places 0 to 3 make up 4; 5 stands alone; 6 has no measured home at all.
    const family: Family[] = [{ parent: 4, children: [0, 1, 2, 3, 6] }]
    expect([...placesOfFewHomes([50, 4, 30, 12, 96, 9, 0], family, 10)]).toEqual([0, 1, 0, 1, 0, 1, 0])
    expect([...placesOfFewHomes([50, 4, 30, 7, 91, 10, 0], family, 10)]).toEqual([0, 1, 0, 1, 0, 0, 0])
    // Homes of the parent that are in none of its parts are hidden as well.
    expect([...placesOfFewHomes([50, 20, 0, 0, 73, 10, 0], family, 10)]).toEqual([0, 1, 0, 0, 0, 0, 0])
  })

  test('are those where flags stay open although all probes are silent, and what would give them away', () => {
    const family: Family[] = [{ parent: 3, children: [0, 1, 2] }]
    const silent = Uint8Array.of(1, 0, 0, 0)
    expect([...placesOfFewHomes([0, 30, 12, 42], family, 10, silent)]).toEqual([1, 0, 1, 0])
    // Ten measured homes are hidden together with it.
    expect([...placesOfFewHomes([0, 30, 4, 34], family, 10, silent)]).toEqual([1, 1, 1, 0])
  })

  test('never leave fewer than ten homes to be told by subtraction from what is shown', () => {
    const city = fc.array(fc.array(fc.nat(25), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(city, (districts) => {
        const measured: number[] = []
        const families: Family[] = []
        const add = (homes: number) => measured.push(homes) - 1
        const parents = districts.map((buildings) => {
          const children = buildings.map(add)
          const parent = add(buildings.reduce((sum, homes) => sum + homes, 0))
          families.push({ parent, children })
          return parent
        })
        families.push({
          parent: add(parents.reduce((sum, place) => sum + (measured[place] ?? 0), 0)),
          children: parents,
        })
        const few = placesOfFewHomes(measured, families, 10)
        for (const { parent, children } of families) {
          if (few[parent] === 1) continue
          const hidden = [...(children as number[])].filter((child) => few[child] === 1)
          const homes = hidden.reduce((sum, child) => sum + (measured[child] ?? 0), 0)
          expect(homes === 0 || homes >= 10, JSON.stringify({ measured, families, few: [...few] })).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('keep what speaks of no home', () => {
    const figures = { dwellings_heated: 5, dwellings_measured: 4, coverage_share: 1, indoor_p50_c: 18, flags_notice: 1 }
    expect(withoutHomes({ ...figures, pump_running: 1, outdoor_temperature_c: -9 })).toEqual({
      dwellings_heated: 5,
      dwellings_measured: 4,
      coverage_share: 1,
      pump_running: 1,
      outdoor_temperature_c: -9,
    })
  })
})

describe('a plant', () => {
  test('has no share of make-up while nothing flows, no curve without a design, and its own weather where nobody observes', () => {
    const values = new Map([
      ['secondary_flow_m3h', 0],
      ['make_up_flow_m3h', 2],
      ['outdoor_temperature_c', -11.2],
      ['indoor_temperature_c', 21],
    ] as const)
    expect(plantFigures(values, { rules: rules.plant })).toEqual({
      secondary_flow_m3h: 0,
      make_up_flow_m3h: 2,
      outdoor_temperature_c: -11.2,
    })
    expect(plantFigures(values, { rules: rules.plant, outdoorC: -15 })).toMatchObject({ outdoor_temperature_c: -15 })
  })
})
