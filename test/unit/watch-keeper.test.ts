import { afterEach, expect, test } from 'vitest'
import { hourMs, minuteMs } from '#domain/time.ts'
import { listAlerts } from '#store/ledger/alerts.ts'
import { listFlags, openFlagsOf } from '#store/ledger/flags.ts'
import { listOutages } from '#store/ledger/outages.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { cityRows, openWatchedCity, probeId, type WatchedCity, type WatchedCityShape } from '../support/watched-city.ts'

const start = Date.parse('2026-01-15T00:00:00+08:00')
const everything = { scope: { kind: 'city' }, dwellings: true, limit: 1000 } as const
const open: WatchedCity[] = []
afterEach(async () => {
  for (const city of open.splice(0)) await city.close()
})

async function cityOf(shape: WatchedCityShape): Promise<WatchedCity> {
  const city = await openWatchedCity(cityRows(shape))
  open.push(city)
  return city
}

const tick = (at: number, more: object = {}): WatchRecord => ({ kind: 'tick', at, ...more })
const indoor = (dwelling: number, at: number, value: number, receivedAt = at + 1000, probe = 0): WatchRecord => ({
  kind: 'reading',
  device: probeId(dwelling, probe),
  gateway: 'G-0',
  at,
  value,
  receivedAt,
})

/** A sample of each dwelling every ten minutes, a tick every minute. */
function story(
  from: number,
  hours: number,
  roomAt: (dwelling: number, at: number) => number | undefined,
  dwellings = 1,
) {
  const records: WatchRecord[] = []
  for (let at = from; at < from + hours * hourMs; at += minuteMs) {
    records.push(tick(at))
    if ((at - from) % (10 * minuteMs) !== 0) continue
    for (let dwelling = 0; dwelling < dwellings; dwelling += 1) {
      const value = roomAt(dwelling, at)
      if (value !== undefined) records.push(indoor(dwelling, at, value))
    }
  }
  return records
}

test('a home below target for two hours has a flag and its circuit an alert, both with their place', async () => {
  const city = await cityOf({ dwellings: 12 })
  const signals = await city.run(
    story(start, 3, (dwelling) => (dwelling === 3 ? 19 : 22), 12),
    undefined,
    [50],
  )
  expect(signals.map(({ kind, key }) => [kind, key])).toEqual([
    ['flag.raised', `dwelling/D-3/belowTarget/${start}/raised`],
    ['alert.opened', `alert/circuit/C-0/${start + 2 * hourMs + 1000}/1`],
  ])
  const { flags } = await listFlags(city.ledger.db, everything)
  expect(flags).toMatchObject([
    {
      subject: 'D-3',
      rule: 'belowTarget',
      since: start,
      raisedAt: start + 2 * hourMs,
      targetC: 20,
      value: 19,
      history: false,
      circuit: 'C-0',
      building: 'B-0',
      device: 'P-3-0',
      where: { territory: ['harbin', 'nangang', 'street', 'community', 'estate'], firm: 'firm' },
    },
  ])
  const { alerts } = await listAlerts(city.ledger.db, everything)
  expect(alerts).toMatchObject([
    {
      id: flags[0]?.alert,
      placeKind: 'circuit',
      place: 'C-0',
      district: 'nangang',
      tier: 'notice',
      flags: 1,
      openFlags: 1,
    },
  ])
  expect(alerts[0]?.ofDwelling).toBe(false)
})

test('a circuit with few measured homes has an alert that speaks of single homes', async () => {
  const city = await cityOf({ dwellings: 2 })
  const signals = await city.run(story(start, 1, () => 11))
  expect(signals.filter(({ kind }) => kind.startsWith('alert')).every(({ ofDwelling }) => ofDwelling)).toBe(true)
})

test('a hundred cold homes of a circuit are one alert, told as it doubles', async () => {
  const city = await cityOf({ dwellings: 100, perCircuit: 100 })
  const signals = await city.run(
    story(start, 1, (_, at) => (at === start ? 20 : 11), 100),
    undefined,
    [64],
  )
  const { alerts } = await listAlerts(city.ledger.db, everything)
  expect(alerts).toHaveLength(1)
  expect(alerts[0]).toMatchObject({ place: 'C-0', tier: 'serious', rule: 'below12' })
  expect(alerts[0]?.openFlags).toBe((await listFlags(city.ledger.db, everything)).flags.length)
  const alertSignals = signals.filter(({ kind }) => kind.startsWith('alert'))
  expect(alertSignals[0]?.kind).toBe('alert.opened')
  expect(alertSignals.length).toBeLessThan(12)
})

test('an alert closes a while after its last flag cleared', async () => {
  const city = await cityOf({ dwellings: 1 })
  const cold = story(start, 2, () => 11)
  const warm = story(start + 2 * hourMs, 3, () => 21)
  const signals = await city.run([...cold, ...warm], undefined, [7, 11])
  const ends = signals.filter(({ kind }) => kind === 'flag.cleared' || kind === 'alert.closed')
  expect(ends.at(-1)).toMatchObject({ kind: 'alert.closed' })
  expect((await listFlags(city.ledger.db, everything)).flags).toEqual([])
  expect((await listAlerts(city.ledger.db, everything)).alerts).toEqual([])
})

test('a quiet probe is flagged by the clock, and the time when the service was down is not its silence', async () => {
  const city = await cityOf({ dwellings: 2 })
  const records: WatchRecord[] = [
    tick(start, { started: true }),
    indoor(0, start, 22),
    indoor(1, start, 22),
    // Down for three hours: neither probe is silent when it is up again.
    tick(start + 3 * hourMs, { started: true }),
    ...[1, 10, 20, 28].map((minutes) => tick(start + 3 * hourMs + minutes * minuteMs)),
    indoor(1, start + 3 * hourMs + 29 * minuteMs, 22),
    ...[30, 31, 32, 33].map((minutes) => tick(start + 3 * hourMs + minutes * minuteMs)),
  ]
  await city.run(records, 8)
  expect((await listFlags(city.ledger.db, everything)).flags).toEqual([])
  await city.run(records)
  const { flags } = await listFlags(city.ledger.db, everything)
  expect(flags.map(({ subject, rule, subjectKind }) => [subjectKind, subject, rule])).toEqual([
    ['device', 'P-0-0', 'probeSilent'],
  ])
  expect(await listOutages(city.ledger.db, 0, start + 9 * hourMs, 10)).toEqual([
    { kind: 'down', beganAt: start + 1000, endedAt: start + 3 * hourMs },
  ])
})

test('what happened while history filled in is kept, and only what is still true is announced', async () => {
  const city = await cityOf({ dwellings: 2 })
  const catchUp = (records: WatchRecord[]) =>
    records.map((record) => (record.kind === 'tick' ? { ...record, catchingUp: true } : record))
  // Dwelling 0 is cold and recovers; dwelling 1 is cold to the end.
  const past = catchUp(story(start, 12, (dwelling, at) => (dwelling === 0 && at > start + 4 * hourMs ? 21 : 11), 2))
  const quiet = await city.run(past, undefined, [100])
  expect(quiet.length).toBeGreaterThan(0)
  expect(quiet.every(({ history }) => history)).toBe(true)
  expect((await listAlerts(city.ledger.db, everything)).alerts).toEqual([])
  const live = [...past, ...story(start + 12 * hourMs, 0.2, () => 11, 2).map((record) => record)]
  const told = await city.run(live, past.length + 2)
  expect(told.filter(({ kind }) => kind === 'flag.raised').map(({ subject }) => subject)).toEqual(['D-1', 'D-1', 'D-1'])
  expect(told.filter(({ kind }) => kind === 'alert.opened')).toHaveLength(1)
  expect(told.filter(({ kind }) => kind.startsWith('flag')).every(({ history }) => !history)).toBe(true)
})

test('a home with two probes is cold while either is', async () => {
  const city = await cityOf({ dwellings: 1, probesPerDwelling: 2 })
  const records: WatchRecord[] = []
  for (let at = start; at < start + 8 * hourMs; at += 10 * minuteMs) {
    records.push(tick(at), indoor(0, at, at < start + 3 * hourMs ? 11 : 22, at + 1000, 0))
    records.push(indoor(0, at, at < start + 5 * hourMs ? 11 : 22, at + 2000, 1))
  }
  const signals = await city.run(records, undefined, [13])
  const of = (kind: string) => signals.filter((signal) => signal.kind === kind && signal.key.includes('below12'))
  expect(of('flag.raised')).toHaveLength(1)
  expect(of('flag.cleared')).toMatchObject([{ at: start + 7 * hourMs }])
  expect(await openFlagsOf(city.ledger.db, ['D-0'])).toEqual([])
})
