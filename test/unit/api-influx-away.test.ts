import { afterEach, beforeEach, expect, test } from 'vitest'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry } from '../support/small-registry.ts'

/** Nobody listens on the port that TCP keeps for a service of the past. */
const nobody = { url: 'http://127.0.0.1:1', database: 'warmcity' }

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi({ telemetry: openInfluxTelemetryReader({ target: nobody }) })
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
})
afterEach(() => api.close())

test('while InfluxDB is away, readings are not to be had for now, and readiness says why', async () => {
  const as = await api.as('city')
  const readings = await as({ url: `/api/v1/dwellings/${idsOf('nangang').dwelling}/readings` })
  expect(readings.statusCode).toBe(503)
  expect(readings.json()).toMatchObject({ code: 'unavailable' })
  const ready = await api.app.inject({ url: '/readyz' })
  expect(ready.statusCode).toBe(503)
  expect(ready.body).toContain('telemetry: InfluxDB at http://127.0.0.1:1 does not answer')
})

test('while InfluxDB is away, everything else of the api works', async () => {
  const as = await api.as('city')
  expect((await as({ url: '/api/v1/flags' })).statusCode).toBe(200)
  const metrics = await as({ url: '/metrics' })
  expect(metrics.statusCode).toBe(200)
  expect(metrics.body).toContain('warmcity_stream_head')
  expect(metrics.body).not.toContain('warmcity_telemetry_readings')
})
