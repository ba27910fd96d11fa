import { afterAll, describe, expect, test } from 'vitest'
import { cityPolicies } from '#domain/policy.ts'
import { rankFirms } from '#domain/ranking.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { rollUpHomeDay, sumRollUps } from '#domain/roll-up.ts'
import { seasonOf } from '#domain/season.ts'
import { firmInput, type Hours, homeDayOf } from '../support/ranking-city.ts'

/**
 * A whole season computed twice: by the service, and by the plainest code that follows docs/ranking.md from hourly
 * temperatures, home by home, with nothing shared but the method file.
 */
const [method] = rankingMethods as [(typeof rankingMethods)[number]]

interface GoldenHome {
  readonly firmOn: (day: number) => string
  readonly areaM2: number
  readonly hoursOn: (day: number) => Hours
  readonly excludedOn: (day: number) => boolean
}

const outdoorOn = (day: number) => -5 - 18 * Math.sin(((day % 183) / 183) * Math.PI) + ((day * 7) % 5)

/** Twelve homes of three firms; one circuit changes hands half-way, one probe falls silent, one plant fails. */
function goldenHomes(firstDay: number, days: number): GoldenHome[] {
  return Array.from({ length: 12 }, (_, index) => ({
    firmOn: (day) => (index < 4 ? 'A' : index < 8 ? (index === 4 && day >= firstDay + days / 2 ? 'A' : 'B') : 'C'),
    areaM2: 41.5 + 7 * index,
    excludedOn: (day) => index === 6 && day % 31 === 3,
    hoursOn: (day) =>
      Array.from({ length: 24 }, (_, hour) => {
        if (index === 9 && day % 10 === 0) return undefined
        if (index === 10 && hour === day % 24) return undefined
        const failure = index < 8 && index >= 4 && day - firstDay >= 90 && day - firstDay < 93 ? 6 : 0
        const cold = index === 11 ? Math.max(0, -15 - outdoorOn(day)) / 4 : 0
        return 20.5 + ((index * 13 + day * 5 + hour * 3) % 17) / 10 - failure - cold
      }),
  }))
}

/** Days and points of a firm, from nothing but the words of the method. */
function naiveScore(homes: GoldenHome[], firm: string, days: number[]): number {
  const coldest = new Set(
    [...days].sort((a, b) => outdoorOn(a) - outdoorOn(b) || a - b).slice(0, Math.ceil(days.length / 4)),
  )
  let [all, good, covered, missingDegrees, coldAll, coldGood] = [0, 0, 0, 0, 0, 0]
  for (const day of days) {
    for (const home of homes) {
      if (home.firmOn(day) !== firm || home.excludedOn(day)) continue
      const area = Math.round(home.areaM2 * 10) / 10
      let degrees = 0
      for (const celsius of home.hoursOn(day)) {
        const rounded = celsius === undefined ? undefined : Math.round(celsius * 100) / 100
        all += area
        if (coldest.has(day)) coldAll += area
        if (rounded !== undefined) covered += area
        if (rounded === undefined) degrees += 8
        else if (rounded < 19.7) degrees += Math.min(8, 20 - rounded)
        else {
          good += area
          if (coldest.has(day)) coldGood += area
        }
      }
      missingDegrees += area * (Math.round(degrees * 10) / 10)
    }
  }
  const values: Record<string, number> = {
    atTarget: good / all,
    depth: missingDegrees / all,
    steady: coldGood / coldAll,
    covered: covered / all,
  }
  let points = 0
  for (const dimension of method.dimensions) {
    for (const item of dimension.items) {
      const value = values[item.id]
      if (value === undefined) continue
      const reached = (value - item.none) / (item.full - item.none)
      points += Math.round(item.points * Math.max(0, Math.min(1, reached)) * 100)
    }
  }
  return points / 100
}

const zones = ['Asia/Shanghai', 'America/Los_Angeles', 'Pacific/Kiritimati']
const zoneBefore = process.env.TZ
afterAll(() => {
  if (zoneBefore === undefined) delete process.env.TZ
  else process.env.TZ = zoneBefore
})

describe.each([
  [2023, 184, 'with 29 February'],
  [2024, 183, 'without 29 February'],
])('the season of %i, of %i days, %s', (year, length) => {
  test.each(zones)('agrees to the last point with a plain reckoning, on a host in %s', (zone) => {
    process.env.TZ = zone
    const season = seasonOf((cityPolicies.harbin as (typeof cityPolicies)[string]).season, year)
    if (!season) throw new Error('Harbin has a season every year')
    const days = Array.from({ length: season.lastDay - season.firstDay + 1 }, (_, index) => season.firstDay + index)
    expect(days).toHaveLength(length)
    const homes = goldenHomes(season.firstDay, days.length)
    const coldest = new Set(
      days.toSorted((a, b) => outdoorOn(a) - outdoorOn(b) || a - b).slice(0, Math.ceil(length / 4)),
    )
    const inputs = ['A', 'B', 'C'].map((firm) => {
      const rollUps = days.map((day) => ({
        day,
        rollUp: sumRollUps(
          homes
            .filter((home) => home.firmOn(day) === firm)
            .map((home) => rollUpHomeDay(homeDayOf([home.hoursOn(day)], home.areaM2, home.excludedOn(day)))),
        ),
      }))
      const cold = rollUps.filter(({ day }) => coldest.has(day))
      return firmInput(firm, [], {
        days: length,
        rollUp: sumRollUps(rollUps.map(({ rollUp }) => rollUp)),
        coldestDays: sumRollUps(cold.map(({ rollUp }) => rollUp)),
      })
    })
    const ranked = rankFirms(method, inputs, length)
    expect(ranked.map(({ firm, score }) => [firm, score])).toEqual(
      ranked.map(({ firm }) => [firm, naiveScore(homes, firm, days)]),
    )
    expect(ranked.map(({ firm }) => firm)).toEqual(['A', 'B', 'C'])
  })
})
