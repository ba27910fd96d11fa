import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signalsAfter } from '#store/ledger/signals.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'

const token = 'a token of enough characters'.replaceAll(' ', '-')
let api: TestApi

beforeEach(async () => {
  api = await makeTestApi({}, { grafanaHookToken: token })
})
afterEach(() => api.close())

const startsAt = '2026-01-15T10:31:30+08:00'

/** A notification as Grafana's documents show it, with the fields that we do not use. */
const notification = (changes: object = {}, alertChanges: object = {}) => ({
  receiver: 'warmcity',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'District is silent', district: 'nangang', grafana_folder: '暖城 Warmcity' },
      annotations: { summary: '南岗区没有数据 · No data from nangang' },
      startsAt,
      endsAt: '0001-01-01T00:00:00Z',
      values: { B: 0, C: 1 },
      generatorURL: 'http://grafana.example/alerting/grafana/warmcity-district-silent/view',
      fingerprint: 'c6eadffa33fcdf37',
      silenceURL: 'http://grafana.example/alerting/silence/new',
      dashboardURL: 'http://grafana.example/d/warmcity-city-zh',
      panelURL: 'http://grafana.example/d/warmcity-city-zh?viewPanel=1',
      ...alertChanges,
    },
  ],
  groupLabels: { alertname: 'District is silent' },
  commonLabels: { alertname: 'District is silent' },
  commonAnnotations: {},
  externalURL: 'http://grafana.example/',
  version: '1',
  groupKey: '{}:{alertname="District is silent"}',
  truncatedAlerts: 0,
  title: '[FIRING:1] District is silent',
  state: 'alerting',
  message: '',
  ...changes,
})

const resolved = notification({ status: 'resolved' }, { status: 'resolved', endsAt: '2026-01-15T10:40:00+08:00' })

const post = (payload: object, authorization: string | undefined = `Bearer ${token}`) =>
  api.app.inject({
    method: 'POST',
    url: '/hooks/grafana',
    payload,
    headers: authorization === undefined ? {} : { authorization },
  })

const everything = { scope: { kind: 'city' }, dwellings: true } as const
const signals = async () => (await signalsAfter(api.ledger.db, 0, everything, 100)).signals

describe("what Grafana tells of the service's own troubles", () => {
  test('is a notice and a signal that an operator sees', async () => {
    await api.account('operator', 'firmDispatcher')
    const get = await api.as('operator')
    expect((await post(notification())).json()).toEqual({ alerts: 1, news: 1 })
    const notices = await get({ url: '/api/v1/service-notices' })
    expect(notices.json().items).toEqual([
      {
        key: `grafana/c6eadffa33fcdf37/${Date.parse(startsAt)}`,
        source: 'grafana',
        rule: 'District is silent',
        summary: '南岗区没有数据 · No data from nangang',
        labels: notification().alerts[0]?.labels,
        beganAt: Date.parse(startsAt),
        toldAt: api.clock.now,
        lastToldAt: api.clock.now,
        timesTold: 1,
      },
    ])
    expect(await signals()).toMatchObject([
      { number: 1, kind: 'service.raised', subject: 'warmcity', at: api.clock.now },
    ])
  })

  test('is told once, however often Grafana repeats it', async () => {
    await post(notification())
    api.clock.now += 4 * 3_600_000
    expect((await post(notification())).json()).toEqual({ alerts: 1, news: 0 })
    expect(await signals()).toHaveLength(1)
    await api.account('operator', 'admin')
    const get = await api.as('operator')
    const [notice] = (await get({ url: '/api/v1/service-notices' })).json().items
    expect(notice).toMatchObject({ timesTold: 2, lastToldAt: api.clock.now })
    expect(notice.endedAt).toBeUndefined()
  })

  test('is over once, and stays over when the beginning comes again', async () => {
    await post(notification())
    await post(resolved)
    await post(resolved)
    expect((await post(notification())).json()).toEqual({ alerts: 1, news: 0 })
    expect((await signals()).map(({ kind }) => kind)).toEqual(['service.raised', 'service.cleared'])
    await api.account('operator', 'admin')
    const get = await api.as('operator')
    expect((await get({ url: '/api/v1/service-notices' })).json().items).toEqual([])
    const all = (await get({ url: '/api/v1/service-notices?only=all' })).json().items
    expect(all).toMatchObject([{ timesTold: 4, endedAt: Date.parse('2026-01-15T10:40:00+08:00') }])
  })

  test('is another notice when it begins anew', async () => {
    await post(notification())
    await post(resolved)
    await post(notification({}, { startsAt: '2026-01-15T12:00:00+08:00' }))
    expect((await signals()).map(({ kind }) => kind)).toEqual(['service.raised', 'service.cleared', 'service.raised'])
  })

  test('is forgotten when it was over for more than a year, and kept while it lasts', async () => {
    await post(notification())
    await post(resolved)
    await post(notification({}, { fingerprint: 'another' }))
    api.clock.now += 401 * 86_400_000
    await post(notification({}, { fingerprint: 'third' }))
    await api.account('operator', 'admin')
    const get = await api.as('operator')
    const { items } = (await get({ url: '/api/v1/service-notices?only=all' })).json()
    const keys = (items as { key: string }[]).map(({ key }) => key.split('/')[1])
    expect(keys.sort()).toEqual(['another', 'third'])
  })

  test('names the rule where a rule found no data', async () => {
    await post(notification({}, { labels: { alertname: 'DatasourceNoData', rulename: 'API is down' } }))
    expect((await signals())[0]?.payload).toMatchObject({ rule: 'API is down' })
  })

  test('is not for accounts of a district or a firm', async () => {
    await post(notification())
    const district = { scope: { kind: 'territory', id: 'nangang' }, dwellings: true } as const
    const firm = { scope: { kind: 'firm', id: 'F-1' }, dwellings: true } as const
    expect((await signalsAfter(api.ledger.db, 0, district, 10)).signals).toEqual([])
    expect((await signalsAfter(api.ledger.db, 0, firm, 10)).signals).toEqual([])
  })
})

describe('the hook', () => {
  test.each([
    ['no token', undefined],
    ['another token', 'Bearer something-else-entirely'],
    ['the token by another scheme', `Basic ${token}`],
  ])('refuses %s and keeps nothing', async (_case, authorization) => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/hooks/grafana',
      payload: notification(),
      headers: authorization === undefined ? {} : { authorization },
    })
    expect(response.statusCode).toBe(401)
    expect(response.json()).toMatchObject({ code: 'unauthenticated' })
    expect(await signals()).toEqual([])
  })

  test.each([
    ['a status that Grafana does not have', notification({}, { status: 'pending' })],
    ['an alert without a fingerprint', notification({}, { fingerprint: undefined })],
    ['a time that is none', notification({}, { startsAt: 'yesterday' })],
    ['something else', { text: 'hello' }],
  ])('refuses %s', async (_case, payload) => {
    const response = await post(payload)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toMatchObject({ code: 'validation' })
    expect(await signals()).toEqual([])
  })

  test('is not there without a token', async () => {
    const closed = await makeTestApi()
    const response = await closed.app.inject({ method: 'POST', url: '/hooks/grafana', payload: notification() })
    expect(response.statusCode).toBe(404)
    await closed.close()
  })

  test('needs the right to see gateways for the list', async () => {
    await api.account('someone', 'viewer')
    const get = await api.as('someone')
    expect((await get({ url: '/api/v1/service-notices' })).statusCode).toBe(403)
  })
})
