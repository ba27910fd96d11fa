import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listAudit, verifyAudit } from '#store/ledger/audit.ts'
import { makeTestApi, password, type TestApi } from '../support/api.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await api.account('li', 'admin')
  await api.account('wang', 'viewer')
})
afterEach(() => api.close())

const login = (account: string, withPassword: string, headers = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { account, password: withPassword },
    headers,
  })

describe('sessions', () => {
  test('a login gives a cookie that scripts cannot read and other sites cannot send', async () => {
    const response = await login('li', password)
    expect(response.statusCode).toBe(200)
    expect(response.cookies).toMatchObject([
      { name: 'warmcity_session', httpOnly: true, sameSite: 'Strict', path: '/' },
    ])
    expect(response.cookies[0]).not.toHaveProperty('secure')
    expect(response.json()).toMatchObject({ account: { id: 'li', role: 'admin' }, via: 'session' })
    expect(response.body).not.toContain('scrypt')
  })

  test('behind TLS the cookie is only for TLS', async () => {
    const secure = await makeTestApi({ ledger: api.ledger }, { secureCookies: true })
    const response = await secure.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { account: 'li', password },
    })
    expect(response.cookies[0]).toMatchObject({ secure: true })
    await secure.app.close()
  })

  test('tells who one is, until signed out', async () => {
    const asLi = await api.as('li')
    expect((await asLi({ url: '/api/v1/auth/me' })).json()).toMatchObject({ account: { id: 'li' } })
    expect((await asLi({ method: 'POST', url: '/api/v1/auth/logout' })).statusCode).toBe(204)
    expect((await asLi({ url: '/api/v1/auth/me' })).statusCode).toBe(401)
  })

  test('ends by real time, whatever the city clock says', async () => {
    const asLi = await api.as('li')
    api.clock.now += 365 * 86_400_000
    expect((await asLi({ url: '/api/v1/auth/me' })).statusCode).toBe(200)
    api.wall.now += 12 * 3_600_000
    expect((await asLi({ url: '/api/v1/auth/me' })).statusCode).toBe(401)
  })

  test('the ledger holds no secret that opens anything', async () => {
    const { cookie } = await api.signIn('li')
    const rows = JSON.stringify(await api.ledger.db.selectFrom('session').selectAll().execute())
    expect(rows).not.toContain(cookie.split('=')[1])
  })
})

describe('changes that come from elsewhere', () => {
  const change = { method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'script' } } as const

  test('a session without the CSRF token changes nothing', async () => {
    const { cookie } = await api.signIn('li')
    const response = await api.app.inject({ ...change, headers: { cookie } })
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({ code: 'csrf' })
    const wrong = await api.app.inject({ ...change, headers: { cookie, 'x-csrf-token': 'guess' } })
    expect(wrong.statusCode).toBe(403)
  })

  test('the token of one session is of no use to another', async () => {
    const { cookie } = await api.signIn('li')
    const other = await api.signIn('li')
    const headers = { cookie, 'x-csrf-token': other['x-csrf-token'] }
    expect((await api.app.inject({ ...change, headers })).statusCode).toBe(403)
  })

  test('a page of another origin is refused, with the token and at login', async () => {
    const asLi = await api.as('li')
    const foreign = { origin: 'https://elsewhere.example', host: 'warmcity.example' }
    expect((await asLi({ ...change, headers: foreign })).json()).toMatchObject({ code: 'csrf' })
    expect((await login('li', password, foreign)).statusCode).toBe(403)
    const own = { origin: 'https://warmcity.example', host: 'warmcity.example' }
    expect((await asLi({ ...change, headers: own })).statusCode).toBe(201)
  })

  test('a bearer token needs none: no browser sends it by itself', async () => {
    const asLi = await api.as('li')
    const { secret } = (await asLi(change)).json()
    const response = await api.app.inject({ ...change, headers: { authorization: `Bearer ${secret}` } })
    expect(response.statusCode).toBe(201)
  })
})

describe('login attempts', () => {
  test('a wrong password and an unknown account get the same answer', async () => {
    const wrong = await login('li', 'not this one')
    const unknown = await login('nobody-here', 'not this one')
    expect(wrong.statusCode).toBe(401)
    expect(unknown.json()).toEqual(wrong.json())
    expect(wrong.json()).toMatchObject({ code: 'wrong_login', status: 401 })
  })

  test.each(['li', 'nobody-here'])('after five failures %s must wait, with the right password too', async (account) => {
    const codes = []
    for (let attempt = 0; attempt < 6; attempt += 1) codes.push((await login(account, 'wrong wrong')).statusCode)
    expect(codes).toEqual([401, 401, 401, 401, 401, 429])
    const right = await login(account, password)
    expect(right.statusCode).toBe(429)
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(0)
    api.wall.now += 16 * 60_000
    expect((await login(account, password)).statusCode).toBe(account === 'li' ? 200 : 401)
  })

  test('attempts sent at once do not all pass', async () => {
    const responses = await Promise.all(Array.from({ length: 12 }, () => login('li', 'wrong wrong')))
    expect(responses.filter((response) => response.statusCode === 401)).toHaveLength(5)
  })

  test('somebody elsewhere is not locked out by it', async () => {
    for (let attempt = 0; attempt < 6; attempt += 1) await login('li', 'wrong wrong')
    const elsewhere = await api.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { account: 'li', password },
      remoteAddress: '10.0.0.9',
    })
    expect(elsewhere.statusCode).toBe(200)
  })

  test('a guesser does not come from elsewhere by another address of the same subscriber', async () => {
    const from = async (remoteAddress: string) => {
      const payload = { account: 'li', password: 'wrong wrong' }
      return (await api.app.inject({ method: 'POST', url: '/api/v1/auth/login', payload, remoteAddress })).statusCode
    }
    for (let attempt = 1; attempt <= 5; attempt += 1) expect(await from(`2001:db8::${attempt}`)).toBe(401)
    expect(await from('2001:db8:0:0:ffff::1')).toBe(429)
    expect(await from('2001:db8:0:1::1')).toBe(401)
    expect(await from('::ffff:10.0.0.7')).toBe(401)
  })

  test('many people behind one address are not taken for a guesser', async () => {
    for (let round = 0; round < 60; round += 1) expect((await login('li', password)).statusCode).toBe(200)
  })
})

describe('tokens', () => {
  test('the secret is shown once, works, and stops when revoked', async () => {
    const asLi = await api.as('li')
    const made = await asLi({ method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'grafana', days: 30 } })
    const { id, secret } = made.json()
    const me = () => api.app.inject({ url: '/api/v1/auth/me', headers: { authorization: `Bearer ${secret}` } })
    expect((await me()).json()).toMatchObject({ account: { id: 'li' }, via: 'token' })
    const list = await asLi({ url: '/api/v1/auth/tokens' })
    expect(list.json().items).toMatchObject([{ id, name: 'grafana' }])
    expect(list.body).not.toContain(secret)
    expect((await asLi({ method: 'DELETE', url: `/api/v1/auth/tokens/${id}` })).statusCode).toBe(204)
    expect((await me()).statusCode).toBe(401)
    expect((await asLi({ method: 'DELETE', url: `/api/v1/auth/tokens/${id}` })).statusCode).toBe(404)
  })

  test('ends by itself after its days', async () => {
    const asLi = await api.as('li')
    const made = await asLi({ method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'short', days: 1 } })
    api.wall.now += 86_400_001
    const headers = { authorization: `Bearer ${made.json().secret}` }
    expect((await api.app.inject({ url: '/api/v1/auth/me', headers })).statusCode).toBe(401)
  })

  test('one that was made with a token that ends does not outlive it', async () => {
    const session = await api.signIn('li')
    const make = async (headers: Record<string, string>, days?: number) => {
      const payload = { name: 'script', ...(days !== undefined && { days }) }
      return (await api.app.inject({ method: 'POST', url: '/api/v1/auth/tokens', headers, payload })).json()
    }
    const first = await make(session, 2)
    const bearer = { authorization: `Bearer ${first.secret}` }
    expect(await make(bearer)).toMatchObject({ expiresAt: first.expiresAt })
    expect(await make(bearer, 30)).toMatchObject({ expiresAt: first.expiresAt })
    expect((await make(bearer, 1)).expiresAt).toBeLessThan(first.expiresAt)
    expect(await make(session)).not.toHaveProperty('expiresAt')
  })

  test('as many as are in force at a time, whatever ended before', async () => {
    const session = await api.signIn('li')
    const make = (payload: object) =>
      api.app.inject({ method: 'POST', url: '/api/v1/auth/tokens', headers: session, payload })
    for (let made = 0; made < 20; made += 1) await make({ name: 'a week', days: 7 })
    expect((await make({ name: 'one too many' })).statusCode).toBe(409)
    api.wall.now += 7 * 86_400_000
    const later = await api.signIn('li')
    const url = '/api/v1/auth/tokens'
    expect((await api.app.inject({ method: 'POST', url, headers: later, payload: { name: 'new' } })).statusCode).toBe(
      201,
    )
  })

  test("another's token cannot be revoked", async () => {
    const asLi = await api.as('li')
    const made = await asLi({ method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'mine' } })
    const asWang = await api.as('wang')
    const response = await asWang({ method: 'DELETE', url: `/api/v1/auth/tokens/${made.json().id}` })
    expect(response.statusCode).toBe(404)
  })
})

describe('accounts', () => {
  const chen = {
    id: 'chen',
    name: '陈',
    role: 'community',
    scope: { kind: 'city' },
    password: 'a long enough one',
  }

  test('are made, changed and disabled by an admin, each step in the audit log', async () => {
    const asLi = await api.as('li')
    const made = await asLi({ method: 'POST', url: '/api/v1/accounts', payload: chen })
    expect(made.statusCode).toBe(201)
    expect(made.headers.location).toBe('/api/v1/accounts/chen')
    expect((await login('chen', chen.password)).statusCode).toBe(200)
    const patch = (payload: object) => asLi({ method: 'PATCH', url: '/api/v1/accounts/chen', payload })
    expect((await patch({ role: 'viewer' })).json()).toMatchObject({ role: 'viewer' })
    expect((await patch({ disabled: true })).json()).toMatchObject({ disabledAt: api.clock.now })
    expect((await login('chen', chen.password)).statusCode).toBe(401)
    const entries = await listAudit(api.ledger.db, { subject: 'account/chen' }, 10)
    expect(entries.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'li account.change',
      'li account.change',
      'chen session.begin',
      'li account.create',
    ])
    expect(JSON.stringify(entries)).not.toContain(chen.password)
    expect(await verifyAudit(api.ledger.db)).toMatchObject({ ok: true })
  })

  test('a disabled account or a new password ends sessions at once', async () => {
    const asLi = await api.as('li')
    const asWang = await api.as('wang')
    await asLi({ method: 'PATCH', url: '/api/v1/accounts/wang', payload: { password: 'another long one' } })
    expect((await asWang({ url: '/api/v1/auth/me' })).statusCode).toBe(401)
  })

  test('the last admin stays one', async () => {
    const asLi = await api.as('li')
    for (const payload of [{ role: 'viewer' }, { disabled: true }]) {
      const response = await asLi({ method: 'PATCH', url: '/api/v1/accounts/li', payload })
      expect(response.statusCode).toBe(409)
    }
    expect((await asLi({ url: '/api/v1/accounts/li' })).json()).toMatchObject({ role: 'admin' })
  })

  test('a scope that the registry does not know is refused, and an admin has the whole city', async () => {
    const asLi = await api.as('li')
    const make = (scope: object, role = 'community') =>
      asLi({ method: 'POST', url: '/api/v1/accounts', payload: { ...chen, role, scope } })
    const unknown = { kind: 'territory', id: 'nowhere' }
    expect((await make(unknown)).json()).toMatchObject({ code: 'validation', errors: [{ where: 'body/scope/id' }] })
    expect((await make(unknown, 'admin')).json()).toMatchObject({ code: 'conflict' })
  })

  test('an id is never given twice', async () => {
    const asLi = await api.as('li')
    await asLi({ method: 'POST', url: '/api/v1/accounts', payload: chen })
    const again = await asLi({ method: 'POST', url: '/api/v1/accounts', payload: chen })
    expect(again.json()).toMatchObject({ code: 'conflict', status: 409 })
  })

  test('are nobody else’s business', async () => {
    const asWang = await api.as('wang')
    const response = await asWang({ url: '/api/v1/accounts' })
    expect(response.json()).toMatchObject({ code: 'forbidden', status: 403 })
    expect((await api.app.inject({ url: '/api/v1/accounts' })).json()).toMatchObject({ code: 'unauthenticated' })
  })

  test('one changes one’s own password, and other sessions end', async () => {
    const asWang = await api.as('wang')
    const elsewhere = await api.as('wang')
    const change = (current: string) =>
      asWang({ method: 'POST', url: '/api/v1/auth/password', payload: { current, next: 'a quite new password' } })
    expect((await change('wrong')).json()).toMatchObject({ code: 'wrong_login' })
    expect((await change(password)).statusCode).toBe(204)
    expect((await asWang({ url: '/api/v1/auth/me' })).statusCode).toBe(200)
    expect((await elsewhere({ url: '/api/v1/auth/me' })).statusCode).toBe(401)
    expect((await login('wang', 'a quite new password')).statusCode).toBe(200)
  })

  test('come in pages', async () => {
    const asLi = await api.as('li')
    const first = (await asLi({ url: '/api/v1/accounts?limit=1' })).json()
    expect(first.items.map((account: { id: string }) => account.id)).toEqual(['li'])
    const second = (await asLi({ url: `/api/v1/accounts?limit=1&cursor=${first.next}` })).json()
    expect(second).toEqual({ items: [expect.objectContaining({ id: 'wang' })] })
  })
})
