import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { languages } from '#domain/words.ts'
import { saveAlerts } from '#store/ledger/alerts.ts'
import { figuresText } from '../../api/metrics.ts'
import { languageOf, texts } from '../../api/texts.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { makeAlert } from '../support/made-alerts.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
})
afterEach(() => api.close())

describe('the status page', () => {
  test('says that the time is simulated, in Chinese and in English', async () => {
    const chinese = await api.app.inject({ url: '/status' })
    expect(chinese.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(chinese.body).toContain('<html lang="zh-CN">')
    expect(chinese.body).toContain('模拟时间')
    expect(chinese.body).toContain('2026年1月15日')
    const english = await api.app.inject({ url: '/status?lang=en' })
    expect(english.body).toContain('Simulated time')
    expect(english.body).toContain('January 15, 2026')
    expect(english.body).toContain('running 60 times as fast')
  })

  test('says real time where it is real', async () => {
    const clock = {
      now: () => evening,
      anchor: () => ({ cityMs: 0, wallMs: 0, speed: 1, simulated: false, catchingUp: false }),
    }
    const real = await makeTestApi({ clock })
    const page = (await real.app.inject({ url: '/status?lang=en' })).body
    expect(page).toContain('Real time')
    expect(page).not.toContain('Simulated')
    expect(page).toContain('Shown to those who are signed in')
    await real.close()
  })

  test('has no script, nothing inline and nothing from elsewhere', async () => {
    const { body } = await api.app.inject({ url: '/status' })
    expect(body).not.toMatch(/<script|<style|style=|onload|https?:/)
    expect((await api.app.inject({ url: '/status.css' })).statusCode).toBe(200)
  })

  test('every link of it leads somewhere', async () => {
    const { body } = await api.app.inject({ url: '/status' })
    const links = [...body.matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => link ?? '')
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect([link, (await api.app.inject({ url: link })).statusCode]).toEqual([link, 200])
  })

  test('counts the open alerts of whoever is signed in', async () => {
    await api.ledger.write((transaction) =>
      saveAlerts(transaction, [
        makeAlert('a-1', 'nangang'),
        makeAlert('a-2', 'daoli'),
        { ...makeAlert('a-3', 'daoli'), closedAt: evening },
      ]),
    )
    expect((await api.app.inject({ url: '/status?lang=en' })).body).toContain('2 open alerts')
    await api.account('street', 'streetOffice', { kind: 'territory', id: 'nangang' })
    const asStreet = await api.as('street')
    expect((await asStreet({ url: '/status?lang=en' })).body).toContain('1 open alert<')
  })

  test('says why the service is not ready', async () => {
    const away = await makeTestApi({ notReady: async () => ['edge: <not running>'] })
    const page = (await away.app.inject({ url: '/status?lang=en' })).body
    expect(page).toContain('Not ready')
    expect(page).toContain('edge: &lt;not running&gt;')
    await away.close()
  })

  test('is there also when the ledger is not, and says so', async () => {
    const away = await makeTestApi()
    await away.ledger.close()
    const page = await away.app.inject({ url: '/status?lang=en', headers: { cookie: 'warmcity_session=wcs_any' } })
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Not ready')
    expect(page.body).toContain('ledger: ')
    await away.app.close()
  })
})

describe('the texts', () => {
  test('are there in every language', () => {
    for (const language of languages) {
      for (const [key, text] of Object.entries(texts[language])) {
        expect([key, typeof text === 'function' || text.length > 0]).toEqual([key, true])
      }
    }
  })

  test.each([
    ['en', undefined, 'en'],
    [undefined, 'en-GB,en;q=0.9,zh;q=0.5', 'en'],
    [undefined, 'fr, zh-CN;q=0.9, en;q=0.8', 'zh'],
    [undefined, 'en;q=0.3, zh;q=0.7', 'zh'],
    [undefined, undefined, 'zh'],
    ['xx', 'en', 'en'],
  ])('lang=%s with Accept-Language %s gives %s', (wanted, header, language) => {
    expect(languageOf(wanted, header)).toBe(language)
  })
})

describe('health', () => {
  test('lives and is ready', async () => {
    expect((await api.app.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' })
    expect((await api.app.inject({ url: '/readyz' })).json()).toEqual({ status: 'ok' })
  })

  test('is not ready with reasons, and lives all the same', async () => {
    const usage = async () => {
      throw new Error('disk is gone')
    }
    const telemetry = { readings: async () => [], latest: async () => [], usage, close: async () => {} }
    const broken = await makeTestApi({ telemetry, notReady: async () => ['edge: silent for 30 s'] })
    const response = await broken.app.inject({ url: '/readyz' })
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({
      code: 'unavailable',
      reasons: ['telemetry: disk is gone', 'edge: silent for 30 s'],
    })
    expect((await broken.app.inject({ url: '/healthz' })).statusCode).toBe(200)
    expect((await broken.app.inject({ url: '/status' })).statusCode).toBe(200)
    await broken.close()
  })
})

describe('metrics', () => {
  test('are those of this process and of the ledger, each under one heading', async () => {
    const fresh = await makeTestApi()
    await fresh.app.inject({ url: '/api/v1/time' })
    const { body, headers } = await fresh.app.inject({ url: '/metrics' })
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(body).toContain('warmcity_http_request_seconds_count{route="/api/v1/time",method="GET",status="200"} 1')
    expect(body).toContain('warmcity_stream_head 0')
    expect(body).toContain('warmcity_clock_speed 60')
    expect(body.match(/^# TYPE (\S+)/gm)?.length).toBe(new Set(body.match(/^# TYPE (\S+)/gm)).size)
    await fresh.close()
  })

  test('escape what stands in a label', () => {
    const figure = { name: 'acked', help: 'Acked', kind: 'counter' as const, value: 7, labels: { edge: 'a"b\\\n' } }
    expect(figuresText([figure])).toBe('# HELP acked Acked\n# TYPE acked counter\nacked{edge="a\\"b\\\\\\n"} 7\n')
  })

  test('beyond loopback they need a token with the right to read gateways', async () => {
    const closed = await makeTestApi({}, { openMetrics: false })
    await closed.account('scraper', 'regulator')
    await closed.account('viewer', 'viewer')
    expect((await closed.app.inject({ url: '/metrics' })).statusCode).toBe(401)
    const statuses: number[] = []
    for (const account of ['viewer', 'scraper']) {
      const as = await closed.as(account)
      const { secret } = (await as({ method: 'POST', url: '/api/v1/auth/tokens', payload: { name: 'scrape' } })).json()
      const response = await closed.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${secret}` } })
      statuses.push(response.statusCode)
    }
    expect(statuses).toEqual([403, 200])
    await closed.close()
  })
})
