import { afterEach, expect, test } from 'vitest'
import { hourMs, minuteMs } from '#domain/time.ts'
import { listFlags } from '#store/ledger/flags.ts'
import type { RegistryRows } from '#store/ledger/registry-open.ts'
import { createDirectory } from '../../ingest/watch/directory.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { cityRows, openWatchedCity, probeId, type WatchedCity } from '../support/watched-city.ts'

const start = Date.parse('2026-01-15T00:00:00+08:00')
const everything = { scope: { kind: 'city' }, dwellings: true, limit: 100 } as const
const open: WatchedCity[] = []
afterEach(async () => {
  for (const city of open.splice(0)) await city.close()
})

async function cityOf(rows: RegistryRows): Promise<WatchedCity> {
  const city = await openWatchedCity(rows)
  open.push(city)
  return city
}

const placement = (dwelling: string, from: number, to?: number) => ({
  device: probeId(0),
  gateway: 'G-0',
  place_kind: 'dwelling',
  place: dwelling,
  valid_from: from,
  ...(to !== undefined && { valid_to: to }),
  sampling_interval_s: 600,
  reporting_interval_s: 600,
  tolerance_k: 0.3,
})

/** A cold probe that reports every ten minutes, and ticks between. */
const cold = (from: number, hours: number): WatchRecord[] =>
  Array.from({ length: hours * 6 }, (_, index) => from + index * 10 * minuteMs).flatMap((at): WatchRecord[] => [
    { kind: 'tick', at },
    { kind: 'reading', device: probeId(0), gateway: 'G-0', at, value: 11, receivedAt: at + 1000 },
  ])

const flagsOf = async (city: WatchedCity) =>
  (await listFlags(city.ledger.db, { ...everything, openOnly: false, rules: ['below12'] })).flags.map((flag) => ({
    subject: flag.subject,
    since: flag.since,
    clearedAt: flag.clearedAt,
    clearedBy: flag.clearedBy,
  }))

test('a probe that is moved leaves its flag in the old home and begins anew in the new one', async () => {
  const city = await cityOf(cityRows({ dwellings: 2 }))
  const records = cold(start, 3)
  await city.run(records, 6)
  await city.importRows({ device_period: [placement('D-1', start + hourMs)] })
  await city.run(records)
  expect(await flagsOf(city)).toEqual([
    { subject: 'D-1', since: start + hourMs },
    { subject: 'D-0', since: start, clearedAt: start + hourMs, clearedBy: 'moved' },
  ])
})

test('a correction that takes the probe to another home ends the flag that it made here', async () => {
  const city = await cityOf(cityRows({ dwellings: 2 }))
  const records = cold(start, 3)
  await city.run(records, 6)
  const began = Date.parse('2025-10-01T00:00:00+08:00')
  await city.importRows({ device_period: [placement('D-1', began)] })
  await city.run(records)
  const flags = await flagsOf(city)
  expect(flags.map(({ subject, clearedBy }) => [subject, clearedBy])).toEqual([
    ['D-1', undefined],
    ['D-0', 'registry'],
  ])
})

test('a probe that nobody knew is watched as soon as it is assigned', async () => {
  const rows = cityRows({ dwellings: 1 })
  const { device = [], device_period = [] } = rows as { device: { id: string }[]; device_period: { device: string }[] }
  const isProbe = (id: string) => id === probeId(0)
  const city = await cityOf({
    ...rows,
    device: device.filter(({ id }) => !isProbe(id)),
    device_period: device_period.filter((period) => !isProbe(period.device)),
  })
  const records = cold(start, 2)
  await city.run(records, 6)
  expect(city.keeper.counters().unassigned).toBe(3)
  await city.importRows({ device: [{ id: probeId(0), kind: 'probe' }], device_period: [placement('D-0', start)] })
  await city.run(records)
  expect((await flagsOf(city)).map(({ subject }) => subject)).toEqual(['D-0'])
})

test('a contract that is suspended from a day on ends the flag from then on', async () => {
  const city = await cityOf(cityRows({ dwellings: 1 }))
  const records = cold(start, 3)
  await city.run(records, 6)
  await city.importRows({
    dwelling_period: [
      {
        dwelling: 'D-0',
        circuit: 'C-0',
        valid_from: start + hourMs,
        heated_area_m2: 80,
        floor: 1,
        position: 'middle',
        heating_type: 'radiator',
        contract: 'suspended',
      },
    ],
  })
  await city.run(records)
  expect(await flagsOf(city)).toEqual([
    { subject: 'D-0', since: start, clearedAt: start + hourMs, clearedBy: 'contract' },
  ])
})

test('a restart takes the directory from its copy, and what changed since from the registry', async () => {
  const city = await cityOf(cityRows({ dwellings: 3 }))
  const records = cold(start, 3)
  await city.run(records, 6)
  await city.crash()
  await city.importRows({ device_period: [placement('D-1', start + hourMs)] })
  await city.restart()
  expect(city.keeper.counters().registryRows).toBe(1)
  await city.run(records)
  expect((await flagsOf(city)).map(({ subject, clearedBy }) => [subject, clearedBy])).toEqual([
    ['D-1', undefined],
    ['D-0', 'moved'],
  ])
})

test('of several entries that which began last counts, and none after its end', () => {
  const directory = createDirectory()
  const row = (place: string, from: number, to: number | null) =>
    ({ ...placement(place, from), place_kind: 'dwelling', valid_to: to, batch: 1 }) as const
  directory.addPlacements([row('D-0', 0, null), row('D-1', 100, 200), row('D-2', 150, 150)], () => 50)
  const at = (time: number) => directory.placementAt(0, time)?.place
  expect([at(50), at(100), at(199), at(200), at(300)]).toEqual(['D-0', 'D-1', 'D-1', undefined, undefined])
  expect(directory.columns.validTo[0]).toBe(100)
  // The second entry is taken back: the first holds without end again.
  directory.addPlacements([row('D-1', 100, 100)], () => 50)
  expect([at(100), at(300)]).toEqual(['D-0', 'D-0'])
  expect(directory.columns.validTo[0]).toBe(Number.POSITIVE_INFINITY)
})
