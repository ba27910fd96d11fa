import { describe, expect, test } from 'vitest'
import { interruptions, lessStretches, noOutage, outageIndices, sumOutages } from '#domain/supply-outage.ts'
import { hourMs } from '#domain/time.ts'

const from = Date.parse('2026-01-10T00:00:00+08:00')
const hours = (begin: number, end: number) => ({ from: from + begin * hourMs, to: from + end * hourMs })
const day = hours(0, 240)

describe('outages as electricity grids count them', () => {
  test('an example by hand', () => {
    // 100 homes for 10 h, 50 of them again for 2 h; 300 homes never.
    const sums = sumOutages(400, [
      { homes: 50, ...hours(1, 11) },
      { homes: 50, ...hours(20, 22) },
      { homes: 50, ...hours(1, 11) },
    ])
    expect(sums).toMatchObject({ homes: 400, homeInterruptions: 150, homeMinutes: 66_000, interruptionsOver8h: 2 })
    expect(outageIndices(sums)).toEqual({ saidiHours: 2.75, saifi: 0.375, caidiHours: 1_100 / 150 })
  })

  test('shorter than an hour is none; stretches that touch are one; only what lies within counts', () => {
    expect(interruptions([hours(3, 3.9)], day)).toEqual([])
    expect(interruptions([hours(3.5, 4), hours(3, 3.5)], day)).toEqual([hours(3, 4)])
    expect(interruptions([hours(230, 300)], day)).toEqual([hours(230, 240)])
    const long = sumOutages(10, [
      { homes: 10, ...hours(0, 49) },
      { homes: 10, ...hours(60, 68) },
    ])
    expect(long).toMatchObject({ homeMinutes: 34_200, interruptionsOver8h: 1, interruptionsOver48h: 1 })
  })

  test('what is proven to have been supplied is taken out of a time without', () => {
    expect(lessStretches(hours(2, 10), [])).toEqual([hours(2, 10)])
    expect(lessStretches(hours(2, 10), [hours(4, 5), hours(5, 6), hours(9, 12)])).toEqual([hours(2, 4), hours(6, 9)])
    expect(lessStretches(hours(2, 10), [hours(0, 12)])).toEqual([])
  })

  test('without homes there is no index, without interruptions no duration', () => {
    expect(outageIndices(noOutage)).toBeUndefined()
    expect(outageIndices({ ...noOutage, homes: 3 })).toEqual({ saidiHours: 0, saifi: 0 })
  })
})
