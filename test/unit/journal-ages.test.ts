import { expect, test } from 'vitest'
import { makeJournalAges, showJournalAges } from '../../commands/journal-ages.ts'

test('a reader that has dealt with everything is not behind', () => {
  const ages = makeJournalAges(0)
  ages.note(1_000, 10_000)
  expect(ages.secondsBehind(0, 1_000, 20_000)).toBe(0)
})

test('a reader is as far behind as the first byte is old that it has not dealt with', () => {
  const ages = makeJournalAges(0)
  for (let second = 2; second <= 100; second += 2) ages.note(second * 100, second * 1_000)
  expect(ages.secondsBehind(3_000, 10_000, 100_000)).toBe(30)
  expect(ages.secondsBehind(100, 10_000, 100_000)).toBeLessThanOrEqual(2)
})

test('what waited before the start is as old as the start', () => {
  const ages = makeJournalAges(5_000)
  ages.note(100, 7_000)
  expect(ages.secondsBehind(1_000_000, 100, 65_000)).toBe(60)
})

test('a backlog of a night has an age, in bounded memory', () => {
  const ages = makeJournalAges(0)
  const hours = 16
  for (let second = 2; second <= hours * 3_600; second += 2) ages.note(second * 100, second * 1_000)
  const bytes = hours * 3_600 * 100
  const behind = ages.secondsBehind(12 * 3_600 * 100, bytes, hours * 3_600_000)
  // Rather too old than too young.
  expect(behind).toBeGreaterThanOrEqual(12 * 3_600)
  expect(behind).toBeLessThan(13.2 * 3_600)
})

test('what all readers have dealt with is forgotten, and ages stay right', () => {
  const ages = makeJournalAges(0)
  for (let second = 2; second <= 86_400; second += 2) ages.note(second * 100, second * 1_000, (second - 10) * 100)
  expect(ages.secondsBehind(1_000, 8_640_000, 86_400_000)).toBeCloseTo(10, 0)
})

test('each reader that shows bytes shows seconds', () => {
  const shown = showJournalAges({
    counters: () => ({ journal_bytes: 500, watch_lagBytes: 0, telemetry_lagBytes: 200, other: 7 }),
  })
  const counters = shown.counters()
  shown.close()
  expect(counters).toMatchObject({ other: 7, watch_lagBytes: 0, watch_lagSeconds: 0 })
  expect(counters.telemetry_lagSeconds).toBeGreaterThanOrEqual(0)
})
