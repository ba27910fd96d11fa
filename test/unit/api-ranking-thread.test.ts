import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RankingMethod } from '#domain/ranking-method.ts'
import { hourMs } from '#domain/time.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { acquireLease, releaseLease } from '#store/ledger/leases.ts'
import { listContent, type RankingList } from '#store/ledger/ranking-lists.ts'
import { publishedListReader } from '../../api/ranking/published.ts'
import { makeRankingThread, type RankingThread } from '../../api/ranking/ranking-thread.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { type LedgerPlace, newLedgerPlace } from '../support/new-ledger.ts'
import { fillRankedLedger, rankedFrom, rankedNow, rankedPolicy, rankedTo } from '../support/ranked-ledger.ts'

/** What goes through all days of a city; whoever reads it holds up everybody else in the same thread. */
const longTables = /firm_day|roll_up_day|dwelling_day/
const period = { from: dayText(rankedFrom), to: dayText(rankedTo) }

let place: LedgerPlace
let ledger: Ledger
let thread: RankingThread
let api: TestApi
/** Statements of the api's own thread. */
let asked: string[]
beforeEach(async () => {
  place = await newLedgerPlace()
  ledger = await openLedger(place.target)
  await fillRankedLedger(ledger)
  thread = makeRankingThread({ ledger: place.target, policy: rankedPolicy, telemetry: { directory: '/nowhere' } })
  asked = []
  const db = ledger.db.withPlugin({
    transformQuery({ node }) {
      asked.push(JSON.stringify(node))
      return node
    },
    transformResult: async ({ result }) => result,
  })
  api = await makeTestApi({ ledger: { ...ledger, db }, ranking: thread })
  api.clock.now = rankedNow
  await api.account('city', 'regulator')
  await api.account('viewer', 'viewer')
})
afterEach(async () => {
  await thread.close()
  await api.close()
  await place.remove()
})

const get = async (account: string, path: string) => (await api.as(account))({ url: `/api/v1${path}` })
const post = async (account: string, path: string, payload: object = {}) =>
  (await api.as(account))({ method: 'POST', url: `/api/v1${path}`, payload })
const draft = async () => (await post('city', '/rankings', { territory: 'harbin', ...period })).json().id as string

describe('what goes through all days of a city', () => {
  test('is done beside the requests, from the draft to what anybody reads, and is what was done in their thread', async () => {
    const id = await draft()
    const list = (await get('city', `/rankings/${id}`)).json()
    expect(list.firms.map(({ firm }: { firm: string }) => firm)).toEqual(['F1', 'F2'])
    await post('city', `/rankings/${id}/objection-period`, { until: rankedNow + hourMs })
    expect((await get('viewer', `/rankings/${id}`)).statusCode).toBe(200)
    api.clock.now = rankedNow + hourMs
    expect((await post('city', `/rankings/${id}/publication`)).json()).toMatchObject({ state: 'frozen' })
    expect((await get('viewer', `/rankings/${id}/csv`)).statusCode).toBe(200)
    expect((await api.app.inject({ url: `/api/v1/public/rankings/${id}` })).json().firms).toHaveLength(2)
    const places = await get(
      'city',
      `/dwelling-day-roll-ups?level=building&territory=harbin&from=${period.from}&to=${period.to}`,
    )
    expect(places.json().items).toHaveLength(1)
    expect(asked.filter((statement) => statement.includes('ranking_list'))).not.toEqual([])
    expect(asked.filter((statement) => longTables.test(statement))).toEqual([])
    const row = await ledger.db.selectFrom('ranking_list').selectAll().executeTakeFirstOrThrow()
    const today = { id, territory: 'harbin', fromDay: rankedFrom, toDay: rankedTo, state: 'draft' as const }
    const made = { method: row.method, methodVersion: row.method_version, draftedBy: 'city', draftedAt: rankedNow }
    const here = await listContent(ledger.db, rankedPolicy, { ...today, ...made })
    expect(JSON.parse(row.result ?? '')).toEqual(JSON.parse(JSON.stringify(here.scores)))
    expect(JSON.parse(row.frozen ?? '').inputs).toEqual(JSON.parse(JSON.stringify(here.inputs)))
  })

  test('is refused when too much of it waits, and what was asked for before is done', async () => {
    const viewer = await api.as('viewer')
    const id = await draft()
    await post('city', `/rankings/${id}/objection-period`, { until: rankedNow + hourMs })
    await ledger.db.deleteFrom('ranking_day').execute()
    // Another service seals, and does not come to an end.
    const held = await ledger.write((one) => acquireLease(one, 'ranking-days', 'another', Date.now(), hourMs))
    const days = { fromDay: rankedFrom, toDay: rankedTo, now: rankedNow }
    const waiting = Array.from({ length: 32 }, () => thread.bringUpToDate(days))
    const read = () => viewer({ url: `/api/v1/rankings/${id}` })
    const refused = await read()
    await ledger.write(async (one) => held && releaseLease(one, held))
    expect(refused.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'retry-after': '5',
    })
    expect(refused.json()).toMatchObject({
      ...{ status: 503, code: 'unavailable' },
      detail: expect.stringContaining('try again'),
    })
    expect(await Promise.all(waiting)).toEqual([7, ...new Array(31).fill(0)])
    expect((await read()).statusCode).toBe(200)
  })

  test('fails as it did in the thread of the requests', async () => {
    const id = await draft()
    await ledger.db.updateTable('ranking_list').set({ method: 'gone' }).execute()
    const failed = await get('city', `/rankings/${id}`)
    expect(failed.json()).toMatchObject({
      status: 500,
      code: 'internal',
      detail: expect.stringMatching(/^The log has it/),
    })
    expect(failed.body).not.toContain('gone')
  })
})

test('a published list is gone through once a minute, however many ask, and again after a failure', async () => {
  let read = 0
  const ranking = {
    listContent: async () => {
      read += 1
      if (read === 1) throw new Error('not now')
      return { method: {} as RankingMethod, daysInPeriod: 7, inputs: [], scores: [] }
    },
    firmsOfFewHomes: async () => new Set(['F1']),
  }
  let now = 0
  const readPublished = publishedListReader(ranking, () => now)
  const list = { id: 'one' } as RankingList
  await expect(readPublished(list)).rejects.toThrow('not now')
  await Promise.all([readPublished(list), readPublished(list)])
  now += 59_999
  expect((await readPublished(list)).hidden).toEqual(new Set(['F1']))
  expect(read).toBe(2)
  now += 1
  await readPublished(list)
  expect(read).toBe(3)
})

test('a ledger that is away for the thread is told as one that is away', async () => {
  // Nobody listens there.
  const ledgerAway = { url: 'postgres://nobody@127.0.0.1:1/none' }
  const lost = makeRankingThread({ ledger: ledgerAway, policy: rankedPolicy, telemetry: { directory: '/nowhere' } })
  const other = await makeTestApi({ ledger: { ...ledger, close: async () => {} }, ranking: lost })
  try {
    const id = await draft()
    const headers = await other.signIn('city')
    const answer = await other.app.inject({ url: `/api/v1/rankings/${id}`, headers })
    expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringContaining('ledger') })
  } finally {
    await other.close()
    await lost.close()
  }
})
