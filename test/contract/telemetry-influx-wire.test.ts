import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { InfluxTarget } from '#store/telemetry/influx/connection.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { batchOf } from './telemetry-batches.ts'

interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly json?: unknown
}

const startAt = Date.UTC(2026, 0, 15)
const reading = (device: string, value = 20.4) => ({ device, at: startAt, value })

/** The requests that InfluxDB 2 and 3 would get, seen by a stand-in that answers as it is told and says what it is. */
describe('requests to InfluxDB 1, 2 and 3 as a stand-in sees them', () => {
  let server: Server
  let url: string
  let directory: string
  let requests: Request[]
  let answer: (request: Request) => Answer

  beforeEach(async () => {
    requests = []
    answer = () => ({ status: 204 })
    directory = await mkdtemp(join(tmpdir(), 'influx-wire-'))
    server = createServer(async (incoming, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
      const { method = '', headers } = incoming
      const request = { method, url: new URL(incoming.url ?? '', url), headers, body }
      requests.push(request)
      const { status, json } = answer(request)
      response.writeHead(status, { 'content-type': 'application/json', 'x-influxdb-version': 'stand-in, no InfluxDB' })
      response.end(json === undefined ? '' : JSON.stringify(json))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await rm(directory, { recursive: true })
  })

  const bucket = () => ({ url, bucket: 'heat', org: 'city hall', token: 'secret' })
  const open = (target: InfluxTarget) => openInfluxTelemetry({ target, directory })

  test('InfluxDB 2 and 3: a bucket of an organisation, with a token', async () => {
    const store = await open(bucket())
    await store.append(batchOf([reading('P-1'), reading('a b,c=d')]), 10, {})
    const [{ method, url: asked, headers, body }] = requests
    expect(`${method} ${asked.pathname}`).toBe('POST /api/v2/write')
    expect(Object.fromEntries(asked.searchParams)).toEqual({ org: 'city hall', bucket: 'heat', precision: 'ms' })
    expect(headers.authorization).toBe('Token secret')
    expect(body.split('\n')).toEqual([
      `reading,device=P-1,metric=indoor_temperature_c quality=1i,value=20.4 ${startAt}`,
      `reading,device=a\\ b\\,c\\=d,metric=indoor_temperature_c quality=1i,value=20.4 ${startAt}`,
    ])
  })

  test('InfluxDB 1 and 3: a database, with user and password', async () => {
    const store = await open({ url, database: 'warm city', user: 'u', password: 'p' })
    await store.append(batchOf([reading('P-1')]), 10, {})
    const [{ method, url: asked, headers }] = requests
    expect(`${method} ${asked.pathname}`).toBe('POST /write')
    expect(Object.fromEntries(asked.searchParams)).toEqual({ db: 'warm city', precision: 'ms' })
    expect(headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
  })

  test('much is sent packed, and in requests of ten thousand lines', async () => {
    const store = await open(bucket())
    const many = Array.from({ length: 25_000 }, (_, index) => ({ ...reading('P-1', index), at: startAt + index }))
    await store.append(batchOf(many), 10, {})
    const lines = requests.map(({ body }) => body.split('\n').length)
    expect(lines.sort((left, right) => left - right)).toEqual([5_000, 10_000, 10_000])
    expect(requests.every(({ headers }) => headers['content-encoding'] === 'gzip')).toBe(true)
  })

  test('questions go to /query in InfluxQL, also for a bucket', async () => {
    answer = () => ({
      status: 200,
      json: {
        results: [
          {
            statement_id: 0,
            series: [{ name: 'reading', columns: ['time', 'value', 'quality'], values: [[startAt, 20, 1]] }],
          },
        ],
      },
    })
    const reader = openInfluxTelemetryReader({ target: bucket() })
    const samples = await reader.readings("o'clock", 'humidity_pct', startAt, startAt + 1, 10)
    expect(samples).toEqual([{ at: startAt, value: 20, quality: 1 }])
    const [{ url: asked, headers }] = requests
    expect(asked.pathname).toBe('/query')
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      db: 'heat',
      epoch: 'ms',
      q: `SELECT "value", "quality" FROM "reading" WHERE "device" = 'o\\'clock' AND "metric" = 'humidity_pct' AND time >= ${startAt}ms AND time < ${startAt + 1}ms ORDER BY time LIMIT 10`,
    })
    expect(headers.authorization).toBe('Token secret')
  })

  test('an answer that a server cut is asked on, and one that says nothing new ends', async () => {
    const rows = [0, 1, 2, 3, 4].map((index) => [startAt + index, index, 1])
    answer = ({ url: asked }) => {
      const from = Number(/time >= (\d+)ms/.exec(asked.searchParams.get('q') ?? '')?.[1])
      const values = rows.filter(([at]) => at >= from).slice(0, 2)
      const series = values.length === 0 ? [] : [{ columns: ['time', 'value', 'quality'], values, partial: true }]
      return { status: 200, json: { results: [{ series }] } }
    }
    const reader = openInfluxTelemetryReader({ target: bucket() })
    expect(await reader.readings('P-1', 'humidity_pct', 0, startAt + 10, 100)).toHaveLength(5)
  })

  const refusing = (status: number, json: unknown) => (request: Request) =>
    request.body.includes('P-bad') ? { status, json } : { status: 204 }
  const partialThree = {
    error: 'partial write of line protocol occurred',
    data: [{ original_line: 'reading,device=P-bad', line_number: 2, error_message: 'invalid column type' }],
  }
  test.each([
    ['1', 400, { error: 'partial write: field type conflict: input field "value" is type float dropped=1' }],
    ['1', 400, { error: "unable to parse 'reading,device=P-bad value=': missing field value" }],
    [
      '2',
      422,
      {
        code: 'unprocessable entity',
        message: 'failure writing points to database: partial write: field type conflict: x dropped=1',
      },
    ],
    ['2', 400, { code: 'invalid', message: "unable to parse 'reading,device=P-bad value=': missing field value" }],
    ['3', 400, partialThree],
  ])('InfluxDB %s, %i: a point that is refused for itself is told apart by halves', async (_version, status, json) => {
    answer = refusing(status, json)
    const store = await open(bucket())
    const rows = Array.from({ length: 64 }, (_, index) => reading(index === 37 ? 'P-bad' : `P-${index}`))
    const refused: number[] = []
    const result = await store.append(batchOf(rows), 10, {}, async (all) => {
      refused.push(...all.map(({ row }) => row))
    })
    expect(result).toEqual({ stored: 63, repeats: 0, corrections: 0, refused: 1 })
    expect(refused).toEqual([37])
    // Once whole, then two halves on each of six levels.
    expect(requests).toHaveLength(1 + 2 * 6)
  })

  test.each([
    [401, { message: 'unauthorized access' }, 'influx_denied'],
    [403, { error: '"u" user is not authorized to write' }, 'influx_denied'],
    [404, { code: 'not found', message: 'bucket "heat" not found' }, 'influx_missing'],
    [
      422,
      { message: 'failure writing points to database: partial write: points beyond retention policy dropped=1' },
      'influx_retention',
    ],
    [
      400,
      { error: 'partial write: max-values-per-tag limit exceeded (100000/100000): measurement="x" dropped=1' },
      'influx_limit',
    ],
    [429, { message: 'too many requests' }, 'influx_limit'],
    [500, { error: 'engine: cache-max-memory-size exceeded: (2/1)' }, 'influx_failed'],
    [503, { error: 'timeout' }, 'influx_failed'],
    [400, { error: 'something that nobody has heard of' }, 'influx_failed'],
    [201, { error: 'partial' }, 'influx_failed'],
    [200, undefined, 'influx_failed'],
  ])('%i %j is no fault of a reading: %s, asked once, and nothing is taken for stored', async (status, json, code) => {
    answer = () => ({ status, json })
    const store = await open(bucket())
    const keep = () => Promise.reject(new Error('nothing is to be kept'))
    const appended = store.append(batchOf([reading('P-1'), reading('P-2')]), 10, {}, keep)
    await expect(appended).rejects.toMatchObject({ code })
    expect(requests).toHaveLength(1)
    expect((await store.progress()).position).toBe(0)
  })

  test('a line cannot choose how its refusal is judged', async () => {
    answer = ({ body }) =>
      body.includes('max-values') ? { status: 400, json: { error: `unable to parse '${body}': bad` } } : { status: 204 }
    const store = await open(bucket())
    const refused: string[] = []
    const rows = [reading('P-1'), reading('partial write: max-values-per-tag limit exceeded')]
    await store.append(batchOf(rows), 10, {}, async (all) => {
      refused.push(...all.map(({ row }) => String(row)))
    })
    expect(refused).toEqual(['1'])
  })

  test('what is too large for the server is sent in halves', async () => {
    answer = ({ body }) =>
      body.split('\n').length > 3 ? { status: 413, json: { error: 'too large' } } : { status: 204 }
    const store = await open(bucket())
    const rows = Array.from({ length: 8 }, (_, index) => reading(`P-${index}`))
    expect(await store.append(batchOf(rows), 10, {})).toMatchObject({ stored: 8 })
  })

  test('a bucket is set up once, and its retention only ever grows', async () => {
    /** Seconds by name, which stands for the id, too. */
    const kept = new Map<string, number>()
    answer = ({ method, url: asked, body }) => {
      if (asked.pathname === '/ping') return { status: 204 }
      if (asked.pathname === '/api/v2/orgs') return { status: 200, json: { orgs: [{ id: '0a' }] } }
      const rules = (id: string) => ({ id, retentionRules: [{ everySeconds: kept.get(id) }] })
      const name = asked.searchParams.get('name') ?? ''
      if (method === 'GET') return { status: 200, json: { buckets: kept.has(name) ? [rules(name)] : [] } }
      const asks = JSON.parse(body)
      const id = asks.name ?? asked.pathname.split('/').at(-1)
      kept.set(id, asks.retentionRules[0].everySeconds)
      return { status: method === 'POST' ? 201 : 200, json: rules(id) }
    }
    expect((await setUpInflux(bucket(), 30)).done).toEqual([
      'made the bucket heat, which keeps data 30 days',
      'made the bucket heat_roll_ups, which keeps data 400 days',
    ])
    const made = requests.find(({ method }) => method === 'POST')
    expect(JSON.parse(made?.body ?? '')).toEqual({
      orgID: '0a',
      name: 'heat',
      retentionRules: [{ type: 'expire', everySeconds: 30 * 86_400 }],
    })
    expect((await setUpInflux(bucket(), 30)).done).toEqual([])
    expect((await setUpInflux(bucket(), 67)).done).toHaveLength(1)
    expect((await setUpInflux(bucket(), 30)).done).toEqual([])
    expect([...kept]).toEqual([
      ['heat', 67 * 86_400],
      ['heat_roll_ups', 400 * 86_400],
    ])
  })
})
