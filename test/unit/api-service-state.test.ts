import { describe, expect, test } from 'vitest'
import { saveProgress } from '#store/ledger/reader-positions.ts'
import { makeTestApi } from '../support/api.ts'

describe('the state of the service', () => {
  test('tells readers, notifications, the edge and why something does not work', async () => {
    const api = await makeTestApi({
      edgeFigures: async () => ({ warmcity_ingest_watch_lag_bytes: 12 }),
      notReady: async () => ['the edge does not answer'],
    })
    await api.account('regulator', 'regulator')
    await api.ledger.write((transaction) =>
      saveProgress(transaction, 'watch', { position: 900, counters: { ticks: 3 } }),
    )
    const response = await (await api.as('regulator'))({ url: '/api/v1/service-state' })
    expect(response.json()).toMatchObject({
      notReady: ['the edge does not answer'],
      streamHead: 0,
      telemetry: { readings: 0 },
      readers: [{ reader: 'watch', position: 900, counters: { ticks: 3 } }],
      notifications: [],
      edge: { warmcity_ingest_watch_lag_bytes: 12 },
    })
    await api.close()
  })

  test('is not for those who have nothing to do with gateways', async () => {
    const api = await makeTestApi()
    await api.account('viewer', 'viewer')
    expect((await (await api.as('viewer'))({ url: '/api/v1/service-state' })).statusCode).toBe(403)
    await api.close()
  })
})
