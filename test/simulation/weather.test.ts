import { describe, expect, it } from 'vitest'
import { dayMs, hourMs } from '#domain/time.ts'
import { createWeather, seasonMeanC, withColdSpells } from '../../simulators/weather.ts'

const midnight = Date.parse('2026-01-15T00:00:00+08:00')
const hours = Array.from({ length: 24 }, (_, hour) => hour)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('weather', () => {
  it('has Harbin winters and summers', () => {
    expect(seasonMeanC(midnight)).toBeCloseTo(-18, 0)
    expect(seasonMeanC(Date.parse('2026-07-15T12:00:00+08:00'))).toBeGreaterThan(22)
    expect(seasonMeanC(Date.parse('2026-10-20T00:00:00+08:00'))).toBeGreaterThan(1)
    expect(seasonMeanC(Date.parse('2026-10-20T00:00:00+08:00'))).toBeLessThan(6)
  })

  it('means about -18 °C on mid-January days over many seeds, and no day is impossible', () => {
    const days = Array.from({ length: 60 }, (_, seed) => {
      const weather = createWeather(seed)
      return mean(hours.map((hour) => weather.outdoorC(midnight + hour * hourMs, 0)))
    })
    expect(mean(days)).toBeGreaterThan(-19)
    expect(mean(days)).toBeLessThan(-16.5)
    expect(Math.min(...days)).toBeGreaterThan(-30)
    expect(Math.max(...days)).toBeLessThan(-6)
    expect(new Set(days.map((day) => Math.round(day))).size).toBeGreaterThan(4)
  })

  it('is coldest in the early morning and warmest in the early afternoon, 5 to 14 K apart', () => {
    const byHour = hours.map((hour) =>
      mean(Array.from({ length: 30 }, (_, seed) => createWeather(seed).outdoorC(midnight + hour * hourMs, 0))),
    )
    expect(byHour.indexOf(Math.min(...byHour))).toBeGreaterThanOrEqual(4)
    expect(byHour.indexOf(Math.min(...byHour))).toBeLessThanOrEqual(8)
    expect(byHour.indexOf(Math.max(...byHour))).toBeGreaterThanOrEqual(12)
    expect(byHour.indexOf(Math.max(...byHour))).toBeLessThanOrEqual(16)
    const swing = Math.max(...byHour) - Math.min(...byHour)
    expect(swing).toBeGreaterThan(5)
    expect(swing).toBeLessThan(14)
  })

  it('never jumps: less than 4 K from hour to hour, at midnight and month ends too', () => {
    const weather = createWeather(9)
    for (let at = midnight; at < midnight + 40 * dayMs; at += hourMs) {
      expect(Math.abs(weather.outdoorC(at + hourMs, 2) - weather.outdoorC(at, 2))).toBeLessThan(4)
    }
  })

  it('gets colder by the depth of a cold spell within hours, and as it was afterwards', () => {
    const weather = createWeather(1)
    const colder = withColdSpells(weather, [{ from: midnight, to: midnight + dayMs, depthK: 12 }])
    const difference = (at: number) => weather.outdoorC(at, 0) - colder.outdoorC(at, 0)
    expect(difference(midnight - 1)).toBe(0)
    expect(difference(midnight + hourMs)).toBeCloseTo(2.4, 5)
    expect(difference(midnight + 12 * hourMs)).toBeCloseTo(12, 5)
    expect(difference(midnight + dayMs)).toBe(0)
  })
})
