import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTestApi, type TestApi } from '../support/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const policy = async () => (await (await api.as('viewer'))({ url: '/api/v1/policy' })).json()

test('in January Harbin demands 20 °C, until 20 April', async () => {
  expect(await policy()).toMatchObject({
    targetC: 20,
    season: { year: 2025, firstDay: '2025-10-20', lastDay: '2026-04-20' },
    coldLimitsC: { below16: 16, below12: 12, below5: 5 },
  })
})

test('in July there is no season', async () => {
  api.clock.now = Date.parse('2026-07-15T12:00:00+08:00')
  expect((await policy()).season).toBeUndefined()
})

test('nobody learns it without signing in', async () => {
  expect((await api.app.inject({ url: '/api/v1/policy' })).statusCode).toBe(401)
})
