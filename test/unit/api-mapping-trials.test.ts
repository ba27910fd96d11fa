import { afterEach, beforeEach, expect, test } from 'vitest'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await api.account('city', 'regulator')
  await api.account('firm', 'firmDispatcher')
})
afterEach(() => api.close())

const trial = {
  mapping: { id: 'brand', format: 'json', items: 'data', address: 'sn', time: 'ts', time_zone: 'Asia/Shanghai' },
  fields: [
    { mapping: 'brand', field: 'wd', metric: 'indoor_temperature_c', scale: 0.1, invalid_values: '32767' },
    { mapping: 'brand', field: 'yl', metric: 'secondary_supply_pressure_mpa', unit: 'kPa' },
  ],
  filter: 'brand/+/up',
  topic: 'brand/17/up',
  payload: JSON.stringify({
    data: [
      { sn: 'A01', ts: '2026-01-15 18:59:00', wd: 205, yl: 350 },
      { sn: 'A02', ts: '2026-01-15 18:59:00', wd: 32767 },
    ],
  }),
}

async function send(who: string, body: object) {
  const request = await api.as(who)
  return request({ method: 'POST', url: '/api/v1/registry/payload_mapping/trial', payload: body })
}

test('a mapping is tried on a pasted payload, and nothing is kept', async () => {
  const response = await send('city', trial)
  const at = evening - 60_000
  expect(response.json()).toEqual({
    readings: [
      { address: 'A01', metric: 'indoor_temperature_c', at, value: 20.5, quality: 'good' },
      { address: 'A01', metric: 'secondary_supply_pressure_mpa', at, value: 0.35, quality: 'good' },
    ],
    problems: [{ code: 'invalid_value', path: '$[1].wd', detail: expect.stringContaining('32767') }],
  })
  expect(await registryVersion(api.ledger.db)).toBe(0)
})

test('a topic that the filter does not take in, and bytes that are no JSON, are answered as problems', async () => {
  expect((await send('city', { ...trial, topic: 'brand/17/down' })).json()).toMatchObject({
    readings: [],
    problems: [{ code: 'no_codec' }],
  })
  expect((await send('city', { ...trial, payload: 'wd=20.5' })).json()).toMatchObject({
    readings: [],
    problems: [{ code: 'not_json' }],
  })
})

test.each([
  ['a unit that the metric does not have', { ...trial.fields[0], unit: 'bar' }],
  ['a metric that does not exist', { ...trial.fields[0], metric: 'warmth' }],
  ['a path that is none', { ...trial.fields[0], field: 'a..b' }],
])('%s is refused before anything is read', async (_what, field) => {
  expect((await send('city', { ...trial, fields: [field] })).json()).toMatchObject({ code: 'validation' })
})

test('who may not write the registry may not try mappings', async () => {
  expect((await send('firm', trial)).statusCode).toBe(403)
})
