import { expect, test } from 'vitest'
import { gatewayFeed, type SentReading, stepMs, stepsPerDay, temperatureAt, untimedDevice } from './feed.ts'

const city = { dwellings: 24, gateways: 3, samplingIntervalSeconds: 600, reportingIntervalSeconds: 86_400 }
const beginsAt = Date.parse('2026-01-01T00:00:00+08:00')

test('every home has one cold spell a day, which begins and ends slowly enough to be believed', () => {
  for (let home = 0; home < 100; home++) {
    const day = Array.from({ length: stepsPerDay }, (_, step) => temperatureAt(home, step))
    expect(day.filter((celsius) => celsius < 19.5)).toHaveLength(27)
    expect(day[0]).toBe(22)
    expect(day.at(-1)).toBe(22)
    for (const [step, celsius] of day.entries()) {
      expect(Math.abs(celsius - (day[step - 1] ?? celsius))).toBeLessThanOrEqual(1)
    }
  }
})

test('a day of history names every home of the gateway at every step once, whatever else is said', () => {
  let now = beginsAt + 30 * 86_400_000
  const feed = gatewayFeed({ city, beginsAt, now: () => now, liveHomesPerGateway: 2 }, 1)
  expect(feed.historyHomes).toEqual([1, 4, 7, 10, 13, 16])
  const told: SentReading[] = []
  let rejected = 0
  while (feed.daysSent() < 1) {
    now += 3
    const message = feed.next()
    feed.acked(message)
    told.push(...message.readings)
    if (message.rejected) rejected++
  }
  expect(feed.daysSent()).toBe(1)
  const history = told.filter(({ at }) => at !== undefined && at <= beginsAt + 86_400_000)
  const keys = new Set(history.map(({ device, at }) => `${device} ${at}`))
  expect(history).toHaveLength(6 * stepsPerDay)
  expect(keys.size).toBe(history.length)
  expect(new Set(history.map(({ at }) => ((at ?? 0) - beginsAt) % stepMs))).toEqual(new Set([0]))
  const untimed = told.filter(({ device }) => device === untimedDevice(1)).map(({ value }) => value)
  expect(untimed.length).toBeGreaterThan(10)
  expect(untimed).toEqual(untimed.map((_, index) => index + 1))
  expect(rejected).toBeGreaterThan(5)
})
