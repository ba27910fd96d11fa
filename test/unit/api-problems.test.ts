import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { problemCodes } from '../../api/problems.ts'
import { makeTestApi, password, type TestApi } from '../support/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await api.account('li', 'admin')
})
afterEach(() => api.close())

const login = (payload: object | string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'POST', url: '/api/v1/auth/login', payload, headers })

describe('problem details', () => {
  test.each([
    ['an address that is not there', { url: '/api/v1/nothing' }, 404, 'not_found'],
    ['an address outside of the api', { url: '/nothing' }, 404, 'not_found'],
    ['nobody signed in', { url: '/api/v1/auth/me' }, 401, 'unauthenticated'],
    ['a bad token', { url: '/api/v1/auth/me', headers: { authorization: 'Bearer x' } }, 401, 'unauthenticated'],
    ['a method that is not there', { method: 'DELETE', url: '/api/v1/time' }, 404, 'not_found'],
  ] as const)('%s', async (_what, request, status, code) => {
    const response = await api.app.inject(request)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(response.json()).toMatchObject({
      type: `/problems/${code}`,
      title: expect.any(String),
      status,
      code,
      instance: request.url,
    })
  })

  test('a body that is not JSON', async () => {
    const response = await login('{"account":', { 'content-type': 'application/json' })
    expect(response.json()).toMatchObject({ code: 'malformed', status: 400 })
  })

  test('a body of another kind', async () => {
    const response = await login('<login/>', { 'content-type': 'application/xml' })
    expect(response.json()).toMatchObject({ code: 'unsupported_media_type', status: 415 })
  })

  test('a body that is too large', async () => {
    const response = await login({ account: 'li', password: 'x'.repeat(300_000) })
    expect(response.json()).toMatchObject({ code: 'too_large', status: 413 })
  })

  test('a request with several mistakes names them all', async () => {
    const response = await login({ account: '', password: 7, extra: true })
    expect(response.json()).toMatchObject({ code: 'validation', status: 400 })
    const where = response.json().errors.map((error: { where: string }) => error.where)
    expect(where.sort()).toEqual(['body', 'body/account', 'body/password'])
  })

  test('a failure inside says nothing of what is inside', async () => {
    api.app.get('/breaks', async () => {
      throw new Error('secret of the house')
    })
    api.app.get('/lies', { schema: { response: { 200: z.object({ count: z.number() }) } } }, async () => ({
      count: 'many',
    }))
    for (const url of ['/breaks', '/lies']) {
      const response = await api.app.inject({ url })
      expect(response.json()).toMatchObject({
        code: 'internal',
        status: 500,
        detail: expect.stringContaining('request'),
      })
      expect(response.body).not.toContain('secret')
    }
  })

  test('the query, which may hold somebody’s data, is not repeated', async () => {
    const response = await api.app.inject({ url: '/api/v1/auth/me?phone=13900000000' })
    expect(response.body).not.toContain('13900000000')
  })

  test.each(problemCodes)('%s has a page', async (code) => {
    const page = await api.app.inject({ url: `/problems/${code}?lang=en` })
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain(code)
  })
})

describe('the rate limit', () => {
  test('answers 429 with the time to wait, to one address, by real time', async () => {
    const limited = await makeTestApi({}, { requestsPerMinuteMax: 5 })
    const ask = (remoteAddress: string) => limited.app.inject({ url: '/api/v1/time', remoteAddress })
    const statuses: number[] = []
    for (let request = 0; request < 6; request += 1) statuses.push((await ask('10.0.0.1')).statusCode)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    const refused = await ask('10.0.0.1')
    expect(refused.json()).toMatchObject({ code: 'rate_limited', type: '/problems/rate_limited' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await ask('10.0.0.2')).statusCode).toBe(200)
    limited.clock.now += 3_600_000
    expect((await ask('10.0.0.1')).statusCode).toBe(429)
    await limited.close()
  })

  test('holds for addresses that are not there, and not for health', async () => {
    const limited = await makeTestApi({}, { requestsPerMinuteMax: 3 })
    const statuses: number[] = []
    for (let request = 0; request < 4; request += 1) {
      statuses.push((await limited.app.inject({ url: '/nothing' })).statusCode)
    }
    expect(statuses).toEqual([404, 404, 404, 429])
    expect((await limited.app.inject({ url: '/healthz' })).statusCode).toBe(200)
    await limited.close()
  })

  test.each([
    ['2001:db8:0:7::1', '2001:db8:0:7:ffff::2', 429],
    ['2001:db8:0:7::1', '2001:db8:0:8::1', 200],
    ['::1', '::2', 429],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.2', 200],
  ])('after %s, %s gets %i: a subscriber of IPv6 has 64 bits of addresses', async (first, second, status) => {
    const limited = await makeTestApi({}, { requestsPerMinuteMax: 1 })
    const ask = (remoteAddress: string) => limited.app.inject({ url: '/api/v1/time', remoteAddress })
    await ask(first)
    expect((await ask(second)).statusCode).toBe(status)
    await limited.close()
  })

  test('a forwarded address is believed only behind a proxy', async () => {
    for (const trustProxy of [false, true]) {
      const limited = await makeTestApi({}, { requestsPerMinuteMax: 1, trustProxy })
      const ask = (address: string) =>
        limited.app.inject({ url: '/api/v1/time', headers: { 'x-forwarded-for': address } })
      await ask('10.0.0.1')
      expect((await ask('10.0.0.2')).statusCode).toBe(trustProxy ? 200 : 429)
      await limited.close()
    }
  })

  test('of forwarded addresses only the one is believed that our own proxy saw', async () => {
    const limited = await makeTestApi({}, { requestsPerMinuteMax: 1, trustProxy: true })
    const ask = (address: string) =>
      limited.app.inject({ url: '/api/v1/time', headers: { 'x-forwarded-for': address } })
    await ask('203.0.113.1, 10.0.0.1')
    // Whoever is limited would only have to claim to come from elsewhere.
    expect((await ask('203.0.113.2, 10.0.0.1')).statusCode).toBe(429)
    expect((await ask('203.0.113.1, 10.0.0.2')).statusCode).toBe(200)
    await limited.close()
  })
})

describe('headers', () => {
  test('keep browsers from guessing, framing and keeping', async () => {
    const { headers } = await login({ account: 'li', password })
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    })
  })
})
