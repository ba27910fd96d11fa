import { afterEach, beforeEach, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { supplyDaysRead } from '#store/ledger/circuit-supply.ts'
import { dayNumber } from '#store/ledger/dwelling-days.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { readSupply } from '../../api/ranking/supply-days.ts'
import { probe, smallCity } from '../contract/registry-city.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { rankedPolicy } from '../support/ranked-ledger.ts'

const start = Date.parse('2025-10-20T00:00:00+08:00')
const telemetry = memoryTelemetry()
let api: TestApi
beforeEach(async () => {
  api = await makeTestApi({ telemetry: telemetry.reader }, { policy: rankedPolicy })
  const rows = {
    ...smallCity(),
    device: [...smallCity().device, { id: 'S-1', kind: 'plantSensor' as const }],
    device_period: [
      ...smallCity().device_period,
      probe('S-1', 'T1-H', { place_kind: 'circuit', valid_from: start - 60 * dayMs }),
    ],
  }
  const imported = await importRegistry(api.ledger, { rows }, { actor: 'test', now: () => start - 30 * dayMs })
  if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
  await api.account('city', 'regulator')
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

/** The pump runs from the 15th on, and the water is warm from six in the morning of the season's first day. */
function measure(until: number): void {
  for (let at = start - 5 * dayMs; at < until; at += 10 * minuteMs) {
    telemetry.add('S-1', 'secondary_flow_m3h', at, 40, quality.good)
    telemetry.add('S-1', 'secondary_supply_temperature_c', at, at < start + 6 * hourMs ? 20 : 45, quality.good)
  }
}

const reading = () => ({
  ...telemetry.reader,
  usage: async () => ({ bytes: 1, readings: 1, oldestAt: start - 5 * dayMs }),
})
const read = (now: number) => readSupply({ ledger: api.ledger, telemetry: reading(), policy: rankedPolicy }, now)

test('hours are read as they are over, a day for good when its late readings are in, and each once', async () => {
  const noon = start + 12 * hourMs
  measure(noon)
  const today = dayNumber('2025-10-20')
  expect(await read(noon)).toBe(6)
  const hours = async () => (await supplyDaysRead(api.ledger.db, today - 20, today + 5)).get(today)
  expect(await hours()).toBe(11)
  expect(await read(noon + minuteMs)).toBe(0)
  // What was before the first reading is looked at once.
  expect((await supplyDaysRead(api.ledger.db, today - 20, today)).get(today - 14)).toBe(24)
  measure(noon + 20 * hourMs)
  expect(await read(noon + 30 * minuteMs)).toBe(1)
  expect(await hours()).toBe(12)
  await read(start + dayMs + 4 * hourMs)
  expect(await hours()).toBe(24)
})

test('a day waits for telemetry that is behind, and no longer than a day', async () => {
  measure(start + dayMs)
  const closesAt = start + dayMs + 3 * hourMs
  const today = dayNumber('2025-10-20')
  const behind = async () => ({ bytes: 1, readings: 1, oldestAt: start - 5 * dayMs, newestAt: closesAt - 1 })
  const readBehind = async (now: number) => {
    const telemetryBehind = { ...telemetry.reader, usage: behind }
    await readSupply({ ledger: api.ledger, telemetry: telemetryBehind, policy: rankedPolicy }, now)
    return (await supplyDaysRead(api.ledger.db, today, today)).get(today)
  }
  expect(await readBehind(closesAt)).toBeUndefined()
  expect(await readBehind(closesAt + dayMs)).toBe(24)
})

test('who was late shows by firm, by district and by circuit, hour by hour from the trial run on', async () => {
  measure(start + 2 * dayMs + 4 * hourMs)
  await read(start + 2 * dayMs + 4 * hourMs)
  api.clock.now = start + 2 * dayMs + 4 * hourMs
  const get = async (query: string) =>
    (await api.as('viewer'))({ url: `/api/v1/heating-opening?territory=harbin${query}` })
  const opening = (await get('')).json()
  expect(opening).toMatchObject({ season: 2025, statutoryFirst: '2025-10-20', statutoryLast: '2026-04-20' })
  expect(opening.city.missedHours).toBe(6)
  expect(opening.from).toBe(start - 14 * dayMs)
  const firstHour = 14 * 24
  expect(opening.city.rates.slice(firstHour, firstHour + 8)).toEqual([0, 0, 0, 0, 0, 0, 1, 1])
  expect(opening.city.rates[0]).toBeNull()
  expect(opening.firms).toMatchObject([{ firm: 'F2', missedHours: 6 }])
  expect(opening.districts).toMatchObject([{ missedHours: 6 }])
  expect(opening.circuits).toMatchObject([{ circuit: 'T1-H', firm: 'F2', openHours: opening.circuits[0].hours - 6 }])
  expect((await get('&season=2024')).json().city).toMatchObject({ missedHours: 0, heatedAreaM2: 0 })
  expect((await get('&season=2025&edge=end')).statusCode).toBe(200)
  expect((await get('x')).statusCode).toBe(404)
})
