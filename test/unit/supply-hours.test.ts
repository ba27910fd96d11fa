import { describe, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import type { Sample } from '#domain/reading.ts'
import { localDayNumbered } from '#domain/season.ts'
import { hoursOf, isCold, isOpen, supplyHours } from '#domain/supply-hours.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { dayNumber } from '#store/ledger/dwelling-days.ts'

const day = localDayNumbered('Asia/Shanghai', dayNumber('2025-10-19'))
const at = (hour: number, value: number, judged: Sample['quality'] = quality.good): Sample => ({
  at: day.beginsAt + hour * hourMs,
  value,
  quality: judged,
})

describe('hours of supply', () => {
  test('an hour is open when it was heard, with flow and useful water at some time in it', () => {
    const supply = supplyHours(
      {
        flow: [at(0, 30), at(1, 0.2), at(1.5, 12), at(2, 0), at(3, 30)],
        flowStill: 0.5,
        supplyC: [at(0.2, 45), at(1.2, 30), at(2.2, 45), at(3.2, 22)],
      },
      day,
    )
    expect([0, 1, 2, 3, 4].map((hour) => isOpen(supply, hour))).toEqual([true, true, false, false, false])
    // Water that stands is no cold supply, and of an hour that nobody heard nothing is known.
    expect([0, 1, 2, 3, 4].map((hour) => isCold(supply, hour))).toEqual([false, false, false, true, false])
  })

  test('what a plant has no sensor for is not asked of it', () => {
    expect(isOpen(supplyHours({ flow: [at(5, 20)], flowStill: 0.5 }, day), 5)).toBe(true)
    expect(isOpen(supplyHours({ supplyC: [at(5, 50)], flowStill: 0 }, day), 5)).toBe(true)
    expect(isOpen(supplyHours({ flowStill: 0 }, day), 5)).toBe(false)
  })

  test('bad readings and those of other days prove nothing', () => {
    const samples = [at(5, 50, quality.fail), at(6, 50, quality.suspect), at(-0.5, 50), at(24, 50)]
    expect(supplyHours({ supplyC: samples, flowStill: 0 }, day)).toMatchObject({ heard: 0, warm: 0 })
  })

  test('a day on which clocks are changed has as many hours as it has', () => {
    const longest = localDayNumbered('Europe/Berlin', dayNumber('2025-10-26'))
    expect(hoursOf(longest)).toBe(2 ** 25 - 1)
    const last: Sample = { at: longest.endsAt - minuteMs, value: 50, quality: quality.good }
    expect(isOpen(supplyHours({ supplyC: [last], flowStill: 0 }, longest), 24)).toBe(true)
  })
})
