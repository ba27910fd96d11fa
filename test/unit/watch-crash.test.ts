import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { hourMs, minuteMs } from '#domain/time.ts'
import { randomNumbers, randomStory } from '../support/random-story.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { ledgerOf } from '../support/watch-ledger.ts'
import { cityRows, openWatchedCity, probeId } from '../support/watched-city.ts'

const start = Date.parse('2026-01-14T20:00:00+08:00')
const rows = cityRows({ dwellings: 6, perCircuit: 4, probesPerDwelling: 2 })
const singles = cityRows({ dwellings: 12, perCircuit: 12 })
const blockSizes = fc.array(fc.integer({ min: 3, max: 400 }), { minLength: 1, maxLength: 6 })
/** Many transactions, each made durable, on a disk that others use too. */
vi.setConfig({ testTimeout: 120_000 })
const runs = { numRuns: Number(process.env.WATCH_RUNS ?? 4), verbose: 1 } as const

test('the same journal gives the same flags, alerts, days and signals, however it is cut into blocks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), blockSizes, async (seed, sizes) => {
      const records = randomStory(seed, { start, hours: 9, dwellings: 6, probesPerDwelling: 2 })
      const whole = await openWatchedCity(rows)
      const cut = await openWatchedCity(rows)
      await whole.run(records)
      await cut.run(records, records.length, sizes)
      await whole.keeper.snapshot()
      await cut.keeper.snapshot()
      expect(await ledgerOf(cut.ledger)).toEqual(await ledgerOf(whole.ledger))
      await whole.close()
      await cut.close()
    }),
    runs,
  )
})

test('crashes at any block leave the ledger as if there had been none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      blockSizes,
      fc.array(fc.nat(1000), { maxLength: 4 }),
      async (seed, sizes, crashes) => {
        const records = randomStory(seed, { start, hours: 9, dwellings: 6, probesPerDwelling: 2 })
        const calm = await openWatchedCity(rows)
        await calm.run(records)
        await calm.keeper.snapshot()
        const crashing = await openWatchedCity(rows)
        for (const crash of [...crashes].sort((left, right) => left - right)) {
          await crashing.run(records, Math.floor((records.length * crash) / 1000), sizes)
          await crashing.crash()
          await crashing.restart()
        }
        await crashing.run(records, records.length, sizes)
        await crashing.keeper.snapshot()
        expect(await ledgerOf(crashing.ledger)).toEqual(await ledgerOf(calm.ledger))
        await calm.close()
        await crashing.close()
      },
    ),
    runs,
  )
})

test('a transaction that fails, before its commit or after, leaves the ledger as if it had not', async () => {
  const moments = fc.array(fc.constantFrom('before', 'after', 'never', 'never', 'never' as const), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(fc.integer(), blockSizes, moments, async (seed, sizes, failures) => {
      const records = randomStory(seed, { start, hours: 9, dwellings: 6, probesPerDwelling: 2 })
      const calm = await openWatchedCity(rows)
      await calm.run(records)
      await calm.keeper.snapshot()
      const failing = await openWatchedCity(rows)
      failing.failNext(failures)
      for (;;) {
        const failed = await failing.run(records, records.length, sizes).then(
          () => false,
          () => true,
        )
        if (!failed) break
        await failing.crash()
        await failing.restart()
      }
      failing.failNext([])
      await failing.keeper.snapshot()
      expect(await ledgerOf(failing.ledger)).toEqual(await ledgerOf(calm.ledger))
      await calm.close()
      await failing.close()
    }),
    runs,
  )
})

test('the order in which devices are heard does not matter to the flags', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      // With two probes in one home, the one that is heard first raises the flag.
      const records = randomStory(seed, { start, hours: 8, dwellings: 12, probesPerDwelling: 1 })
      const turned = turnMinutes(records)
      const one = await openWatchedCity(singles)
      const other = await openWatchedCity(singles)
      await one.run(records)
      await other.run(turned)
      await one.keeper.snapshot()
      await other.keeper.snapshot()
      const flags = async (ledger: typeof one.ledger) =>
        (await ledgerOf(ledger)).flags.map(({ alert: _, ...flag }) => flag)
      expect(await flags(other.ledger)).toEqual(await flags(one.ledger))
      await one.close()
      await other.close()
    }),
    runs,
  )

  /** Turns round the readings between two ticks, each device's own order kept. */
  function turnMinutes(records: ReturnType<typeof randomStory>) {
    const turned: typeof records = []
    let minute: typeof records = []
    for (const record of records) {
      if (record.kind === 'reading') minute.push(record)
      else {
        turned.push(...byDeviceReversed(minute), record)
        minute = []
      }
    }
    return [...turned, ...byDeviceReversed(minute)]
  }

  function byDeviceReversed(minute: ReturnType<typeof randomStory>) {
    const groups = Map.groupBy(minute, (record) => (record.kind === 'reading' ? record.device : ''))
    return [...groups.values()].reverse().flat()
  }
})

test('a city of several pages, written at different times, is rebuilt exactly', async () => {
  const dwellings = 4_500
  const city = cityRows({ dwellings, perCircuit: 500 })
  const seed = 20260115
  const random = randomNumbers(seed)
  const records: WatchRecord[] = []
  for (let round = 0; round < 12; round += 1) {
    const at = start + 150 * minuteMs + round * 10 * minuteMs
    records.push({ kind: 'tick', at })
    for (let dwelling = 0; dwelling < dwellings; dwelling += 1) {
      // One in a hundred freezes from some round on, one in two hundred is never heard again.
      const fate = (dwelling * 7919) % 1000
      if (fate >= 990 && round > fate - 985) continue
      const value = fate < 10 && round > fate ? 11 : 21 + Math.round(random() * 10) / 10
      const receivedAt = at + Math.floor(random() * 9) * minuteMs
      const reading = { kind: 'reading', device: probeId(dwelling), gateway: 'G-0', value, receivedAt } as const
      // Two samples an upload: taken again by a page that has them, the first would come out of order.
      records.push({ ...reading, at: at - 5 * minuteMs }, { ...reading, at })
    }
  }
  // Midnight was in between: three hours after it the day is closed, some homes a tick.
  for (let minute = 0; minute < 20; minute += 1)
    records.push({ kind: 'tick', at: start + 7 * hourMs + minute * minuteMs })
  const calm = await openWatchedCity(city)
  await calm.run(records, records.length, [3_000])
  await calm.keeper.snapshot()
  const crashing = await openWatchedCity(city)
  let replayed = 0
  for (let crash = 0; crash < 5; crash += 1) {
    const reached = crashing.keeper.position
    await crashing.run(records, Math.floor(reached + random() * (records.length - reached)), [700, 2_500, 1_300])
    const applied = crashing.keeper.position
    await crashing.crash()
    await crashing.restart()
    replayed += applied - crashing.keeper.position
  }
  await crashing.run(records, records.length, [1_900])
  await crashing.keeper.snapshot()
  expect(replayed, `seed ${seed}`).toBeGreaterThan(0)
  expect(await ledgerOf(crashing.ledger), `seed ${seed}`).toEqual(await ledgerOf(calm.ledger))
  await calm.close()
  await crashing.close()
})

test('a lost snapshot is rebuilt from what the ledger has open', async () => {
  const records = randomStory(7, { start, hours: 6, dwellings: 6, probesPerDwelling: 2 })
  const city = await openWatchedCity(rows)
  await city.run(records)
  const before = await ledgerOf(city.ledger)
  await city.crash()
  await city.loseSnapshot()
  await city.restart()
  const later = start + 6 * hourMs
  const more = [...records, { kind: 'tick' as const, at: later + minuteMs, started: true }]
  await city.run(more)
  const openBefore = before.flags.filter((flag) => flag.cleared_at === null).map(({ key }) => key)
  const openAfter = (await ledgerOf(city.ledger)).flags.filter((flag) => flag.cleared_at === null).map(({ key }) => key)
  expect(openBefore.length).toBeGreaterThan(0)
  expect(openAfter).toEqual(openBefore)
  await city.close()
})
