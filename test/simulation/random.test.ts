import { describe, expect, it } from 'vitest'
import { createRandom, noiseNormal } from '../../simulators/random.ts'

const draws = (random: { uint32(): number }, count: number) => Array.from({ length: count }, () => random.uint32())

describe('random', () => {
  it('gives the same numbers for the same seed, for ever', () => {
    expect(draws(createRandom(1), 4)).toEqual(draws(createRandom(1), 4))
    // Written down so that nobody changes every seeded city by accident.
    expect(draws(createRandom(1), 4)).toMatchInlineSnapshot(`
      [
        4294194951,
        9217755,
        1276415067,
        2651074667,
      ]
    `)
    expect(draws(createRandom(0), 2)).not.toEqual(draws(createRandom(1), 2))
  })

  it('forks without regard to how many numbers were drawn, so that a new draw shifts nothing elsewhere', () => {
    const parent = createRandom(7)
    const before = draws(parent.fork('dwelling').fork(12), 5)
    draws(parent, 1000)
    expect(draws(parent.fork('dwelling').fork(12), 5)).toEqual(before)
    expect(draws(parent.fork('dwelling').fork(13), 5)).not.toEqual(before)
    expect(draws(parent.fork('dwelling').fork('12'), 5)).not.toEqual(before)
  })

  it('has no correlation between neighbouring forks', () => {
    const parent = createRandom(3)
    const first = Array.from({ length: 4000 }, (_, label) => parent.fork(label).fraction() - 0.5)
    const product = first.slice(1).map((value, index) => value * (first[index] ?? 0))
    const correlation = (product.reduce((sum, value) => sum + value, 0) / product.length) * 12
    expect(Math.abs(correlation)).toBeLessThan(0.06)
  })

  it('is even over its range', () => {
    const random = createRandom(11)
    const buckets = new Array<number>(16).fill(0)
    for (let index = 0; index < 32_000; index++) {
      const bucket = random.below(16)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    const chiSquare = buckets.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)
    // 15 degrees of freedom: 99.99 % of even generators stay below.
    expect(chiSquare).toBeLessThan(44)
  })

  it('draws normal numbers of the mean and deviation asked for', () => {
    const random = createRandom(5)
    const values = Array.from({ length: 20_000 }, () => random.normal(22, 0.8))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    expect(mean).toBeCloseTo(22, 1)
    expect(deviation).toBeCloseTo(0.8, 1)
    expect(noiseNormal(5, 1, 2)).toBe(noiseNormal(5, 1, 2))
  })
})
