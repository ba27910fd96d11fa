import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listAudit } from '#store/ledger/audit.ts'
import type { PushedDelivery } from '../../api/deps.ts'
import { isNetwork, isWithin } from '../../api/push/networks.ts'
import { makePushRepeats } from '../../api/push/repeats.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const now = Date.parse('2026-01-15T19:00:00+08:00')
const relaySecret = 'a-secret-of-a-relay'
const onenetToken = 'aboutDefenseToken'

let api: TestApi
let delivered: PushedDelivery[]
let withhold: Error | undefined
beforeEach(async () => {
  delivered = []
  withhold = undefined
  api = await makeTestApi({
    deliver: async (delivery) => {
      if (withhold) throw withhold
      delivered.push(delivery)
    },
  })
  api.wall.now = now
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('district', 'regulator', { kind: 'territory', id: 'nangang' })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const call = async (account: string, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
  (await api.as(account))({ method, url: `/api/v1${path}`, ...(payload && { payload }) })
const makeSource = (more: object) => call('city', 'POST', '/push-sources', { gateway: nangang.gateway, ...more })

const push = (
  source: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  remoteAddress = '10.0.0.9',
) => api.app.inject({ method: 'POST', url: `/api/v1/push/${source}`, payload: body, headers, remoteAddress })

const signed = (body: string, at = now, secret = relaySecret) => {
  const timestamp = String(Math.floor(at / 1_000))
  const signature = `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`
  return { 'warmcity-timestamp': timestamp, 'warmcity-signature': signature }
}
const textsDelivered = () => delivered.map(({ payload }) => Buffer.from(payload).toString())

describe('sources', () => {
  test('have a secret that is shown once, are listed without it, rotated, deleted, and audited', async () => {
    const made = await makeSource({ id: 'relay', scheme: 'hmac', networks: ['203.0.113.0/24'] })
    expect(made.statusCode).toBe(201)
    expect(made.headers['cache-control']).toBe('no-store')
    const { secret } = made.json()
    expect(secret).toMatch(/^wcp_/)
    expect((await makeSource({ id: 'relay', scheme: 'hmac' })).json()).toMatchObject({ code: 'conflict' })
    const listed = await call('city', 'GET', '/push-sources')
    const { id, scheme, networks, gateway } = listed.json().items[0]
    expect({ id, scheme, networks, gateway }).toEqual({
      id: 'relay',
      scheme: 'hmac',
      networks: ['203.0.113.0/24'],
      gateway: nangang.gateway,
    })
    expect(listed.body).not.toContain(secret)
    const rotated = await call('city', 'POST', '/push-sources/relay/secret', {})
    expect(rotated.json().secret).not.toBe(secret)
    expect((await call('city', 'DELETE', '/push-sources/relay')).statusCode).toBe(204)
    expect((await call('city', 'DELETE', '/push-sources/relay')).statusCode).toBe(404)
    expect((await call('city', 'POST', '/push-sources/relay/secret', {})).statusCode).toBe(404)
    const audit = await listAudit(api.ledger.db, {}, 10)
    const ofSources = audit.filter(({ subject }) => subject === 'push-source/relay')
    expect(ofSources.map(({ action }) => action).sort()).toEqual([
      'pushSource.create',
      'pushSource.delete',
      'pushSource.rotate',
    ])
    expect(JSON.stringify(ofSources)).not.toContain(secret)
  })

  test('are only for those who look after gateways of the whole city, and speak for a gateway that there is', async () => {
    const source = { id: 'relay', gateway: nangang.gateway, scheme: 'hmac' }
    expect((await call('district', 'POST', '/push-sources', source)).statusCode).toBe(403)
    expect((await call('viewer', 'GET', '/push-sources')).statusCode).toBe(403)
    expect((await makeSource({ ...source, gateway: 'GW-none' })).json()).toMatchObject({ code: 'rejected' })
    expect((await makeSource({ ...source, networks: ['203.0.113.0/33'] })).statusCode).toBe(400)
    expect((await makeSource({ ...source, secret: 'short' })).statusCode).toBe(400)
    expect((await makeSource({ ...source, scheme: 'md5' })).statusCode).toBe(400)
  })
})

describe('a signed push', () => {
  beforeEach(async () => {
    expect((await makeSource({ id: 'relay', scheme: 'hmac', secret: relaySecret })).statusCode).toBe(201)
  })

  test('is kept as it came, and answered when it is durable', async () => {
    const body = '{"t":21.5}'
    // Computed apart: HMAC-SHA256 over "1768474800.{"t":21.5}".
    const headers = {
      'warmcity-timestamp': '1768474800',
      'warmcity-signature': 'v1=7d5a9f165ef2d44c0a1278f6f35920a32a46dea6c0dbfbceb9c427c73bb10ccb',
    }
    const answer = await push('relay', body, headers)
    expect(answer.json()).toEqual({ kept: true, repeated: false })
    expect(answer.statusCode).toBe(200)
    expect(delivered).toEqual([{ gateway: nangang.gateway, topic: 'push/relay', payload: Buffer.from(body) }])
  })

  test('is kept whatever its bytes are: what nobody understands waits in quarantine', async () => {
    const body = Buffer.from([0, 255, 1])
    const timestamp = String(now / 1_000)
    const signature = `v1=${createHmac('sha256', relaySecret).update(`${timestamp}.`).update(body).digest('hex')}`
    const headers = { 'warmcity-timestamp': timestamp, 'warmcity-signature': signature, 'content-type': 'image/png' }
    expect((await push('relay', body, headers)).statusCode).toBe(200)
    expect(delivered[0]?.payload).toEqual(body)
  })

  test('that comes again is answered as before and not kept twice', async () => {
    const headers = signed('{"t":21.5}')
    expect((await push('relay', '{"t":21.5}', headers)).json()).toEqual({ kept: true, repeated: false })
    expect((await push('relay', '{"t":21.5}', headers)).json()).toEqual({ kept: true, repeated: true })
    expect(delivered).toHaveLength(1)
  })

  test('is refused when it is old, changed, signed by another secret, or not signed', async () => {
    const old = signed('{}', now - 300_001)
    for (const [body, headers] of [
      ['{}', old],
      ['{}', signed('{}', now + 301_000)],
      ['{ }', signed('{}')],
      ['{}', signed('{}', now, 'another-secret-than-that')],
      ['{}', {}],
    ] as const) {
      const answer = await push('relay', body, headers)
      expect(answer.statusCode).toBe(401)
      expect(answer.headers['content-type']).toContain('application/problem+json')
      expect(answer.json()).toMatchObject({ code: 'push_refused' })
    }
    expect(delivered).toEqual([])
  })

  test('gets 503 and a time to come again while the journal withholds, and is kept when it comes again', async () => {
    withhold = new Error('the journal is at its bound')
    const headers = signed('{"t":21.5}')
    const answer = await push('relay', '{"t":21.5}', headers)
    expect(answer.statusCode).toBe(503)
    expect(answer.headers['retry-after']).toBe('30')
    expect(answer.json()).toMatchObject({ code: 'unavailable', detail: 'the journal is at its bound' })
    withhold = undefined
    expect((await push('relay', '{"t":21.5}', headers)).json()).toEqual({ kept: true, repeated: false })
    expect(textsDelivered()).toEqual(['{"t":21.5}'])
  })

  test('may not be larger than what codecs take', async () => {
    const body = `"${'a'.repeat(262_143)}"`
    const answer = await push('relay', body, signed(body))
    expect(answer.statusCode).toBe(413)
    expect(answer.json()).toMatchObject({ code: 'too_large' })
  })

  test('ends with its source, and with its secret', async () => {
    await call('city', 'POST', '/push-sources/relay/secret', {})
    expect((await push('relay', '{}', signed('{}'))).statusCode).toBe(401)
    await call('city', 'DELETE', '/push-sources/relay')
    expect((await push('relay', '{}', signed('{}'))).statusCode).toBe(404)
  })
})

test('a push from outside the networks of its source is refused, whatever it shows', async () => {
  await makeSource({ id: 'relay', scheme: 'hmac', secret: relaySecret, networks: ['203.0.113.0/24', '2001:db8::/32'] })
  expect((await push('relay', '{}', signed('{}'), '203.0.114.1')).json()).toMatchObject({ code: 'forbidden' })
  expect((await push('relay', '{}', signed('{}'), '203.0.113.7')).statusCode).toBe(200)
  expect((await push('relay', '{"n":2}', signed('{"n":2}'), '::ffff:203.0.113.7')).statusCode).toBe(200)
  expect((await push('relay', '{"n":3}', signed('{"n":3}'), '2001:db8::7')).statusCode).toBe(200)
  expect(delivered).toHaveLength(3)
})

test('networks are told from what is none', () => {
  for (const text of ['203.0.113.0/24', '203.0.113.7', '2001:db8::/32', '::1', '0.0.0.0/0']) {
    expect(isNetwork(text), text).toBe(true)
  }
  for (const text of [
    '',
    '203.0.113.0/33',
    '203.0.113/24',
    '2001:db8::/129',
    '1.2.3.4/x',
    '1.2.3.4/8/8',
    'example.cn',
  ]) {
    expect(isNetwork(text), text).toBe(false)
  }
  expect(isWithin([], '192.0.2.1')).toBe(true)
  expect(isWithin(['203.0.113.0/24'], 'not an address')).toBe(false)
})

describe('OneNET', () => {
  beforeEach(async () => {
    await makeSource({ id: 'onenet', scheme: 'onenet', secret: onenetToken })
  })

  test('learns that the address is the right one', async () => {
    const ask = (signature: string) =>
      api.app.inject({ url: `/api/v1/push/onenet?${new URLSearchParams({ msg: 'hello', nonce: 'n0nce', signature })}` })
    const answer = await ask('IxPD+lo8+s55meFeZDDuKw==')
    expect(answer.statusCode).toBe(200)
    expect(answer.body).toBe('hello')
    expect(answer.headers['content-type']).toContain('text/plain')
    expect((await ask('AAAAAAAAAAAAAAAAAAAAAA==')).statusCode).toBe(401)
  })

  // The message of OneNET's own documents; its signature was computed apart.
  const message = { type: 1, dev_id: 2016617, ds_id: 'datastream_id', at: 1466133706841, value: 42 }
  const text = JSON.stringify(message)

  test.each([
    ['as JSON', { msg: message, msg_signature: 'T43tsaHz4zx7x7UtaDrqgw==', nonce: 'abcdefgh' }],
    ['as text', { msg: text, signature: 'T43tsaHz4zx7x7UtaDrqgw==', nonce: 'abcdefgh', time: 1466133706841, id: 'a' }],
  ])('pushes a message %s, and the message is what is kept', async (_how, body) => {
    expect((await push('onenet', JSON.stringify(body))).statusCode).toBe(200)
    expect(textsDelivered()).toEqual([text])
  })

  test('is not believed with another token, and not without a signature', async () => {
    for (const body of [
      { msg: text, signature: 'IxPD+lo8+s55meFeZDDuKw==', nonce: 'abcdefgh' },
      { msg: text, nonce: 'abcdefgh' },
      { enc_msg: 'x', signature: 'T43tsaHz4zx7x7UtaDrqgw==', nonce: 'abcdefgh' },
      [],
    ]) {
      expect((await push('onenet', JSON.stringify(body))).statusCode).toBe(401)
    }
    expect((await push('onenet', 'not JSON')).statusCode).toBe(401)
    expect(delivered).toEqual([])
  })
})

test('a platform that can do no more shows its secret', async () => {
  await makeSource({ id: 'ctwing', scheme: 'token', secret: relaySecret, networks: ['10.0.0.0/8'] })
  expect((await push('ctwing', '{}', { authorization: `Bearer ${relaySecret}` })).statusCode).toBe(200)
  const inAddress = await api.app.inject({
    method: 'POST',
    url: `/api/v1/push/ctwing?token=${relaySecret}`,
    payload: '{}',
    remoteAddress: '10.1.2.3',
  })
  expect(inAddress.statusCode).toBe(200)
  const wrong = await push('ctwing', '{}', { authorization: 'Bearer another-secret-than-that' })
  expect(wrong.statusCode).toBe(401)
  expect(wrong.body).not.toContain(relaySecret)
  // Where an address holds a secret, a problem does not repeat it.
  const url = '/api/v1/push/ctwing?token=nearly-the-right-one'
  const refused = await api.app.inject({ method: 'POST', url, payload: '{}', remoteAddress: '10.1.2.3' })
  expect(refused.body).not.toContain('nearly-the-right-one')
})

test('two pushes of the same at the same time are one', async () => {
  const repeats = makePushRepeats()
  let kept = 0
  const keep = async () => ++kept
  const both = await Promise.all([repeats.once('a', 0, keep), repeats.once('a', 0, keep)])
  expect(both).toEqual([
    { isRepeat: false, kept: 1 },
    { isRepeat: true, kept: 1 },
  ])
  // Beyond the time in which the signature is good it would not come this far.
  expect(await repeats.once('a', 600_000, keep)).toEqual({ isRepeat: false, kept: 2 })
})

test('strangers are counted like everybody else, sources are not held up', async () => {
  await api.close()
  api = await makeTestApi({ deliver: async (delivery) => void delivered.push(delivery) }, { requestsPerMinuteMax: 20 })
  api.wall.now = now
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await makeSource({ id: 'relay', scheme: 'token', secret: relaySecret, networks: ['10.0.0.0/8'] })
  const token = { authorization: `Bearer ${relaySecret}` }
  const statuses = new Set<number>()
  for (let count = 0; count < 50; count++) statuses.add((await push('relay', '{}', token)).statusCode)
  expect(statuses).toEqual(new Set([200]))
  expect(delivered).toHaveLength(50)
  const strange: number[] = []
  for (let count = 0; count < 30; count++) strange.push((await push('nobody', '{}', token, '192.0.2.1')).statusCode)
  expect(strange.filter((status) => status === 404)).toHaveLength(20)
  expect(strange.slice(20)).toEqual(Array.from({ length: 10 }, () => 429))
  // The right id from the wrong place is a stranger, too.
  const outside: number[] = []
  for (let count = 0; count < 30; count++) outside.push((await push('relay', '{}', token, '192.0.2.2')).statusCode)
  expect(outside.slice(20)).toEqual(Array.from({ length: 10 }, () => 429))
})
