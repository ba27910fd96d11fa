import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'

/** An InfluxDB that counts as long as a test wants it to. */
let server: Server
let reader: TelemetryReader
let counts: number
let answerCount: () => Promise<{ readings: number } | 'failure'>

beforeEach(async () => {
  counts = 0
  server = createServer(async (request, response) => {
    const question = new URL(request.url ?? '', 'http://x').searchParams.get('q') ?? ''
    const isCount = question.includes('count(')
    if (isCount) counts += 1
    const counted = isCount ? await answerCount() : { readings: 20 }
    if (counted === 'failure') {
      response.writeHead(500).end('{"error":"timeout"}')
      return
    }
    const series = question.startsWith('SELECT')
      ? [{ columns: ['time', 'x'], values: [[1_000, counted.readings]] }]
      : []
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ results: [{ series }] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  reader = openInfluxTelemetryReader({ target: { url, database: 'heat' }, usageMsMax: 1 })
})
afterEach(async () => {
  await reader.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('while everything is counted again, who asks has the count before, and no second count is begun', async () => {
  answerCount = async () => ({ readings: 7 })
  expect(await reader.usage()).toMatchObject({ readings: 7, oldestAt: 1_000 })
  const slow = Promise.withResolvers<{ readings: number }>()
  answerCount = () => slow.promise
  await expect.poll(async () => ({ ...(await reader.usage()), counts })).toMatchObject({ readings: 7, counts: 2 })
  for (let asked = 0; asked < 20; asked += 1) expect(await reader.usage()).toMatchObject({ readings: 7 })
  expect(counts).toBe(2)
  slow.resolve({ readings: 8 })
  await expect.poll(() => reader.usage()).toMatchObject({ readings: 8 })
})

test('a count that fails is told to who waited for it, and tried again later', async () => {
  answerCount = async () => 'failure'
  await expect(reader.usage()).rejects.toMatchObject({ code: 'influx_failed' })
  answerCount = async () => ({ readings: 9 })
  await expect.poll(() => reader.usage()).toMatchObject({ readings: 9 })
})
