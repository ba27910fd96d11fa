import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { type FirmScore, rankFirms } from '#domain/ranking.ts'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { type Season, seasonOf } from '#domain/season.ts'
import { outageIndices } from '#domain/supply-outage.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { rankingDays } from '#store/ledger/ranking-days.ts'
import { firmInputs } from '#store/ledger/ranking-inputs.ts'
import { type GoldenCity, goldenCity } from '../support/ranking-golden-city.ts'
import { liveThrough } from '../support/ranking-golden-ledger.ts'
import { type NaiveFirm, naiveRanking } from '../support/ranking-naive.ts'
import type { NaivePeriod } from '../support/ranking-naive-days.ts'

/**
 * A whole season computed twice: by the service, from what it wrote into a ledger as it lived through the season, and
 * by the plainest code that follows docs/ranking.md hour by hour, with nothing shared but the method files.
 */
const policy = cityPolicies.harbin as Policy
const [method200, method240] = rankingMethods as [RankingMethod, RankingMethod]

const zoneBefore = process.env.TZ
afterAll(() => {
  if (zoneBefore === undefined) delete process.env.TZ
  else process.env.TZ = zoneBefore
})

describe.each([
  [2023, 184, 'with 29 February', 'America/Los_Angeles', -1],
  [2024, 183, 'without 29 February', 'Pacific/Kiritimati', 0],
])('the season of %i, of %i days, %s, on a host in %s', (year, length, _which, zone, beganAfterDays) => {
  const { firstDay, lastDay } = seasonOf(policy.season, year) as Season
  const city: GoldenCity = goldenCity(firstDay, lastDay, firstDay + beganAfterDays)
  const whole = { territory: 'harbin', fromDay: firstDay, toDay: lastDay, districts: ['nangang', 'daowai'] }
  const district = { ...whole, territory: 'daowai', districts: ['daowai'], listed: [] }
  const month = { ...whole, fromDay: firstDay + 43, toDay: firstDay + 73, listed: city.firms }
  let folder: string
  let ledger: Ledger
  beforeAll(async () => {
    process.env.TZ = zone
    folder = await mkdtemp(join(tmpdir(), 'season-'))
    ledger = await openLedger(join(folder, 'ledger.db'))
    await liveThrough(ledger, city)
  })
  afterAll(async () => {
    await ledger.close()
    await rm(folder, { recursive: true })
  })

  test.each<[string, RankingMethod, NaivePeriod, number]>([
    ['the city by 200 points', method200, { ...whole, listed: city.firms }, length],
    ['the city by 240 points', method240, { ...whole, listed: city.firms }, length],
    ['a district', method200, district, length],
    ['a month', method200, month, 31],
  ])('%s agrees to the last point with a plain reckoning', async (_list, method, period, daysInPeriod) => {
    expect(await rankingDays(ledger.db, period)).toHaveLength(daysInPeriod)
    const inputs = await firmInputs(ledger.db, policy, period)
    const scores = rankFirms(method, inputs, daysInPeriod)
    const naive = new Map(naiveRanking(city, method, period).map((firm) => [firm.firm, firm]))
    expect(new Set(scores.map(({ firm }) => firm))).toEqual(new Set(naive.keys()))
    for (const score of scores) {
      const input = inputs.find(({ firm }) => firm === score.firm)
      const expected = naive.get(score.firm) as NaiveFirm
      const { days, probes, connectedHomes } = expected
      expect(input).toMatchObject({ firm: score.firm, days, probes, connectedHomes })
      const vetoes = score.vetoes.filter(({ state }) => state !== 'notAssessed')
      expect(exactly(score, itemsOf(score), vetoes)).toEqual(exactly(expected, expected.items, expected.vetoes))
      for (const { item, value } of score.items) {
        if (value !== undefined)
          expect(value, `${score.firm} ${item}`).toBeCloseTo(expectedValue(method, expected, item), 9)
      }
      expect(score.excludedShare).toBeCloseTo(expected.excludedShare, 9)
      const indices = input?.outage && { ...outageIndices(input.outage), ...input.outage }
      if (expected.outage === undefined) expect(indices).toBeUndefined()
      else {
        const { saidiHours, saifi, caidiHours, ...counts } = expected.outage
        expect(indices).toMatchObject(counts)
        expect(indices?.saidiHours).toBeCloseTo(saidiHours, 9)
        expect(indices?.saifi).toBeCloseTo(saifi, 9)
        if (caidiHours === undefined) expect(indices?.caidiHours).toBeUndefined()
        else expect(indices?.caidiHours).toBeCloseTo(caidiHours, 9)
      }
    }
  })
})

/** All of a firm's standing that is counted in hundredths of a point or in words. */
const exactly = (one: FirmScore | NaiveFirm, items: NaiveFirm['items'], vetoes: NaiveFirm['vetoes']) => {
  const { firm, score, assessedPoints, scaled, interval, provisional, standing, rank } = one
  return { firm, score, assessedPoints, scaled, interval, provisional, standing, rank, items, vetoes }
}

const itemsOf = ({ items }: FirmScore) =>
  Object.fromEntries(items.flatMap(({ item, score }) => (score === undefined ? [] : [[item, score]])))

const expectedValue = (method: RankingMethod, { values }: NaiveFirm, id: string): number => {
  const found = method.dimensions.flatMap(({ items }) => items).find((item) => item.id === id)
  return values[found?.measure ?? ''] ?? Number.NaN
}
