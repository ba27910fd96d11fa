import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assessValue } from '#domain/quality.ts'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { dayNumber, dwellingDays, markDaysStale, staleDays } from '#store/ledger/dwelling-days.ts'
import { recomputeStaleDays } from '../../ingest/watch/stale-days.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { randomStory } from '../support/random-story.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { ledgerOf } from '../support/watch-ledger.ts'
import { cityRows, harbin, openWatchedCity, probeId, type WatchedCity } from '../support/watched-city.ts'

const noon = Date.parse('2026-01-15T12:00:00+08:00')
const day = dayNumber('2026-01-15')

const tick = (at: number): WatchRecord => ({ kind: 'tick', at })
const indoor = (at: number, value: number, receivedAt = at + 1000): WatchRecord => ({
  kind: 'reading',
  device: probeId(0),
  gateway: 'G-0',
  at,
  value,
  receivedAt,
})

/** Keeps what a telemetry store would keep of the records: of one device and time the last. */
function telemetryOf(records: readonly WatchRecord[]) {
  const telemetry = memoryTelemetry()
  const last = new Map<string, WatchRecord & { kind: 'reading' }>()
  for (const record of records) {
    if (record.kind !== 'reading' || (record.metric ?? 'indoor_temperature_c') !== 'indoor_temperature_c') continue
    last.set(`${record.device}/${record.at}`, record)
  }
  for (const { device, at, value } of last.values()) {
    telemetry.add(device, 'indoor_temperature_c', at, value, assessValue('indoor_temperature_c', value))
  }
  return telemetry.reader
}

const recompute = (city: WatchedCity, records: readonly WatchRecord[]) =>
  recomputeStaleDays({
    ledger: city.ledger,
    telemetry: telemetryOf(records),
    policy: harbin,
    appliedTo: records.length + 1,
    limit: 1_000,
  })

test('a day is summed up, and closed three hours after midnight', async () => {
  const city = await openWatchedCity(cityRows({ dwellings: 1 }))
  const records: WatchRecord[] = []
  for (let at = noon; at < noon + 16 * hourMs; at += 10 * minuteMs) {
    records.push(tick(at), indoor(at, at < noon + 6 * hourMs ? 18 : 22))
  }
  await city.run(records, records.length - 12)
  expect(await dwellingDays(city.ledger.db, 'D-0', day, day)).toEqual([])
  await city.run(records)
  const [summary] = await dwellingDays(city.ledger.db, 'D-0', day, day)
  expect(summary).toMatchObject({ device: 'P-0-0', coveredMs: 12 * hourMs + 10 * minuteMs, minC: 18, stale: false })
  // A sample speaks for the ten minutes before it; 36 of them were 2 K under the target.
  expect(summary?.belowTargetMs).toBe(6 * hourMs)
  expect(summary?.deficitTargetKh).toBe(12)
  expect([summary?.below16Ms, summary?.deficit12Kh]).toEqual([0, 0])
  expect(summary?.meanC).toBeCloseTo(20.03, 2)
  await city.close()
})

test('readings that come late or out of order have the day computed again from all that is kept', async () => {
  const city = await openWatchedCity(cityRows({ dwellings: 1 }))
  const hours = (from: number, to: number, value: number, receivedAt?: number) =>
    Array.from({ length: ((to - from) * 60) / 10 }, (_, index) =>
      indoor(noon + from * hourMs + index * 10 * minuteMs, value, receivedAt),
    )
  const late = noon + 20 * hourMs
  const records = [
    ...hours(0, 4, 22),
    ...[16, 17, 18].map((hour) => tick(noon + hour * hourMs)),
    // Eight hours of the day before, when its row is written; and one that belongs between two that are known.
    ...hours(4, 12, 18, late),
    indoor(noon + 65 * minuteMs, 15, late),
    tick(late + minuteMs),
  ]
  await city.run(records)
  expect(await dwellingDays(city.ledger.db, 'D-0', day, day)).toMatchObject([
    { coveredMs: 4 * hourMs, belowTargetMs: 0, stale: true },
  ])
  expect(await recompute(city, records)).toBe(1)
  const [summary] = await dwellingDays(city.ledger.db, 'D-0', day, day)
  expect(summary).toMatchObject({ coveredMs: 12 * hourMs, stale: false, minC: 18 })
  expect(summary?.belowTargetMs).toBe(8 * hourMs)
  expect(await recompute(city, records)).toBe(0)
  await city.close()
})

test('a day is not computed again before telemetry holds what made it wrong', async () => {
  const city = await openWatchedCity(cityRows({ dwellings: 1 }))
  const records = [indoor(noon, 22), tick(noon + dayMs), indoor(noon + hourMs, 22, noon + dayMs), tick(noon + dayMs)]
  await city.run(records)
  const options = { ledger: city.ledger, telemetry: telemetryOf(records), policy: harbin, limit: 10 }
  expect(await recomputeStaleDays({ ...options, appliedTo: 2 })).toBe(0)
  expect(await recomputeStaleDays({ ...options, appliedTo: 3 })).toBe(1)
  await city.close()
})

test('a day that came in live is the same when it is computed from what was kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const shape = { start: noon, hours: 30, dwellings: 4, probesPerDwelling: 1 }
      const records = randomStory(seed, shape)
      const city = await openWatchedCity(cityRows({ dwellings: 4 }))
      await city.run(records)
      const { days } = await ledgerOf(city.ledger)
      const live = days.filter(({ stale }) => !stale)
      await city.ledger.write(async (transaction) => {
        await markDaysStale(
          transaction,
          days.map((key) => ({ key, position: 0 })),
        )
      })
      await recompute(city, records)
      const again = (await ledgerOf(city.ledger)).days
      for (const row of live) expect(again).toContainEqual(row)
      expect(again.some(({ stale }) => stale)).toBe(false)
      await city.close()
    }),
    { numRuns: 8 },
  )
})

test('a day that many readings of one moment made wrong waits once, behind the last of them', async () => {
  const city = await openWatchedCity(cityRows({ dwellings: 1 }))
  const key = { day: 20_468, dwelling: 'D-0', device: 'P-0' }
  await city.ledger.write((transaction) =>
    markDaysStale(transaction, [
      { key, position: 5 },
      { key, position: 9 },
      { key: { ...key, day: 20_469 }, position: 7 },
    ]),
  )
  expect(await staleDays(city.ledger.db, 100, 10)).toEqual([
    { ...key, day: 20_469, staleSince: 7 },
    { ...key, staleSince: 9 },
  ])
  await city.close()
})
