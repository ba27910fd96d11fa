import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { minuteMs } from '#domain/time.ts'
import { saveAlerts } from '#store/ledger/alerts.ts'
import { insertFlags, type StoredFlag } from '#store/ledger/flags.ts'
import { recordOutages } from '#store/ledger/outages.ts'
import { appendSignals } from '#store/ledger/signals.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { makeAlert, placeIn } from '../support/made-alerts.ts'

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await api.account('city', 'regulator')
  await api.account('street', 'streetOffice', { kind: 'territory', id: 'nangang' })
  await api.account('team', 'team', { kind: 'firm', id: 'firm-daoli' })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const get = async (account: string, path: string) => (await api.as(account))({ url: `/api/v1${path}` })
const pick = async (account: string, path: string, field: string) =>
  (await get(account, path)).json().items.map((item: Record<string, unknown>) => item[field])

const makeFlag = (subject: string, district: string, over: Partial<StoredFlag> = {}): StoredFlag => ({
  key: `dwelling/${subject}/below16/${evening}`,
  subjectKind: 'dwelling',
  subject,
  rule: 'below16',
  since: evening - 30 * minuteMs,
  raisedAt: evening,
  value: 15.2,
  targetC: 20,
  history: false,
  where: placeIn(district),
  ofDwelling: true,
  ...over,
})

describe('flags', () => {
  beforeEach(() =>
    api.ledger.write((transaction) =>
      insertFlags(transaction, [
        makeFlag('D-1', 'nangang'),
        makeFlag('D-2', 'daoli', { raisedAt: evening - 1 }),
        makeFlag('D-3', 'daoli', { raisedAt: evening - 2, clearedAt: evening, clearedBy: 'recovered' }),
        makeFlag('circuit-daoli', 'daoli', {
          key: 'circuit/circuit-daoli/noFlow/1',
          subjectKind: 'circuit',
          rule: 'noFlow',
          raisedAt: evening - 3,
          ofDwelling: false,
          alert: 'a-1',
        }),
      ]),
    ),
  )

  test.each([
    ['city', ['D-1', 'D-2', 'circuit-daoli']],
    ['street', ['D-1']],
    ['team', ['D-2', 'circuit-daoli']],
    ['viewer', ['circuit-daoli']],
  ])('%s sees %j', async (account, subjects) => {
    expect(await pick(account, '/flags', 'subject')).toEqual(subjects)
  })

  test('by rule, subject, alert and state', async () => {
    expect(await pick('city', '/flags?rule=noFlow', 'subject')).toEqual(['circuit-daoli'])
    expect(await pick('city', '/flags?rule=noFlow&rule=below16', 'subject')).toHaveLength(3)
    expect(await pick('city', '/flags?alert=a-1', 'subject')).toEqual(['circuit-daoli'])
    expect(await pick('city', '/flags?subjectKind=dwelling&subject=D-3&state=all', 'clearedBy')).toEqual(['recovered'])
    expect((await get('city', '/flags?subject=D-3')).json()).toMatchObject({ code: 'validation' })
    expect((await get('city', '/flags?rule=cold')).json()).toMatchObject({ code: 'validation' })
  })

  test('by part of the scope and by what they are on', async () => {
    expect(await pick('city', '/flags?territory=daoli', 'subject')).toEqual(['D-2', 'circuit-daoli'])
    expect(await pick('city', '/flags?firm=firm-nangang', 'subject')).toEqual(['D-1'])
    expect(await pick('street', '/flags?territory=daoli', 'subject')).toEqual([])
    expect(await pick('city', '/flags?subjectKind=circuit', 'subject')).toEqual(['circuit-daoli'])
  })

  test('are counted by rule in the same scope', async () => {
    expect((await get('city', '/flags/open-counts')).json().items).toEqual([
      { rule: 'below16', open: 2 },
      { rule: 'noFlow', open: 1 },
    ])
    expect((await get('viewer', '/flags/open-counts')).json().items).toEqual([{ rule: 'noFlow', open: 1 }])
    expect((await get('street', '/flags/open-counts')).json().items).toEqual([{ rule: 'below16', open: 1 }])
  })

  test('as CSV of the same scope and filters', async () => {
    const { headers, body } = await get('team', '/flags/csv?state=all')
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    const [columns, ...rows] = body.trim().split('\n')
    expect(columns).toContain('key,subject_kind,subject,rule')
    expect(rows.map((row) => row.split(',')[2])).toEqual(['D-2', 'D-3', 'circuit-daoli'])
  })

  test('in pages', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const page = (await get('city', `/flags?state=all&limit=1${cursor}`)).json()
      seen.push(...page.items.map((flag: { subject: string }) => flag.subject))
      cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : ''
    } while (cursor)
    expect(seen).toEqual(['D-1', 'D-2', 'D-3', 'circuit-daoli'])
  })

  test('a cursor that no page gave is refused', async () => {
    expect((await get('city', '/flags?cursor=nonsense')).json()).toMatchObject({
      code: 'validation',
      errors: [{ where: 'querystring/cursor' }],
    })
  })
})

describe('alerts', () => {
  beforeEach(() =>
    api.ledger.write((transaction) =>
      saveAlerts(transaction, [
        makeAlert('a-1', 'nangang'),
        makeAlert('a-2', 'daoli', { openedAt: evening - 1 }),
        makeAlert('a-3', 'daoli', { openedAt: evening - 2, ofDwelling: true, flags: 1 }),
        makeAlert('a-4', 'daoli', { openedAt: evening - 3, closedAt: evening }),
      ]),
    ),
  )

  test.each([
    ['city', ['a-1', 'a-2', 'a-3']],
    ['street', ['a-1']],
    ['team', ['a-2', 'a-3']],
    ['viewer', ['a-1', 'a-2']],
  ])('%s sees %j', async (account, alerts) => {
    expect(await pick(account, '/alerts', 'id')).toEqual(alerts)
  })

  test('are counted by tier in the same scope', async () => {
    expect((await get('city', '/alerts/open-counts')).json().items).toEqual([{ tier: 'serious', open: 3 }])
    expect((await get('viewer', '/alerts/open-counts')).json().items).toEqual([{ tier: 'serious', open: 2 }])
    expect((await get('street', '/alerts/open-counts')).json().items).toEqual([{ tier: 'serious', open: 1 }])
  })

  test('by tier and part of the scope, and as CSV', async () => {
    expect(await pick('city', '/alerts?tier=notice&tier=serious&territory=nangang', 'id')).toEqual(['a-1'])
    expect(await pick('city', '/alerts?tier=danger', 'id')).toEqual([])
    const { body } = await get('street', '/alerts/csv?state=all')
    expect(body.trim().split('\n').slice(1)).toEqual([expect.stringMatching(/^a-1,serious,below16,circuit,/)])
  })

  test('history, by place, and one by one', async () => {
    expect(await pick('team', '/alerts?state=all', 'id')).toEqual(['a-2', 'a-3', 'a-4'])
    expect(await pick('city', '/alerts?placeKind=circuit&place=circuit-nangang', 'id')).toEqual(['a-1'])
    expect((await get('team', '/alerts/a-2')).json()).toMatchObject({ id: 'a-2', tier: 'serious', openFlags: 12 })
    for (const [account, alert] of [
      ['street', 'a-2'],
      ['viewer', 'a-3'],
      ['city', 'a-9'],
    ]) {
      expect((await get(account as string, `/alerts/${alert}`)).statusCode).toBe(404)
    }
  })
})

describe('signals', () => {
  const makeSignal = (key: string, district: string, ofDwelling = true): Omit<Signal, 'number'> => ({
    at: evening,
    kind: 'flag.raised',
    key,
    subjectKind: 'dwelling',
    subject: key,
    history: false,
    ofDwelling,
    payload: {},
    ...placeIn(district),
  })
  beforeEach(() =>
    api.ledger.write((transaction) =>
      appendSignals(transaction, [
        makeSignal('D-1', 'nangang'),
        makeSignal('D-2', 'daoli'),
        makeSignal('C-2', 'daoli', false),
        makeSignal('D-3', 'nangang'),
      ]),
    ),
  )

  test.each([
    ['city', [1, 2, 3, 4]],
    ['street', [1, 4]],
    ['team', [2, 3]],
    ['viewer', [3]],
  ])('%s gets %j, and all get through to the head', async (account, numbers) => {
    const page = (await get(account, '/signals')).json()
    expect(page.signals.map(({ number }: Signal) => number)).toEqual(numbers)
    expect(page).toMatchObject({ through: 4, head: 4 })
  })

  test('in pages that go on where the one before ended', async () => {
    const first = (await get('street', '/signals?limit=1')).json()
    expect(first).toMatchObject({ through: 1, signals: [{ number: 1 }] })
    const second = (await get('street', `/signals?limit=1&after=${first.through}&streamId=${first.streamId}`)).json()
    expect(second).toMatchObject({ signals: [{ number: 4 }], through: 4 })
  })

  test.each([
    ['of another stream', 'after=1&streamId=other', 'otherStream'],
    ['never given', 'after=9', 'newerThanHead'],
    ['older than what is kept', 'after=1', 'olderThanKept'],
  ])('a number %s must be resynchronised', async (_what, query, reason) => {
    await api.ledger.db.deleteFrom('signal').where('number', '<=', 2).execute()
    const response = await get('street', `/signals?${query}`)
    expect(response.statusCode).toBe(410)
    expect(response.json()).toMatchObject({ code: 'resynchronise', reason, head: 4, streamId: expect.any(String) })
  })
})

describe('outages', () => {
  test('are everybody’s business', async () => {
    const outage = { kind: 'down', beganAt: evening - 10 * minuteMs, endedAt: evening - 5 * minuteMs } as const
    await api.ledger.write((transaction) => recordOutages(transaction, [outage]))
    expect((await get('viewer', '/outages')).json()).toEqual({ items: [outage] })
    expect((await get('viewer', `/outages?to=${outage.beganAt}`)).json()).toEqual({ items: [] })
  })
})

describe('the audit log', () => {
  test('whoever has not the whole city sees their own changes', async () => {
    await api.account('district', 'regulator', { kind: 'territory', id: 'nangang' })
    const actors = async (account: string, query = '') => new Set(await pick(account, `/audit${query}`, 'actor'))
    await get('district', '/flags')
    expect(await actors('district')).toEqual(new Set(['district']))
    expect(await actors('district', '?actor=city')).toEqual(new Set())
    expect(await actors('city')).toEqual(new Set(['city', 'district']))
    expect((await get('street', '/audit')).statusCode).toBe(403)
  })

  test('is checked from its beginning', async () => {
    expect((await get('city', '/audit/verification')).json()).toMatchObject({ ok: true, entries: 1 })
  })
})
