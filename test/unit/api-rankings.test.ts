import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hourMs } from '#domain/time.ts'
import { verifyAudit } from '#store/ledger/audit.ts'
import { dayNumber, dayText } from '#store/ledger/dwelling-days.ts'
import { makeRankingDays } from '../../api/ranking/days.ts'
import { startSealing } from '../../api/ranking/sealing.ts'
import { emptyTelemetry, type TestApi } from '../support/api.ts'
import { makeRankedApi, rankedPeriod } from '../support/ranked-api.ts'
import { rankedFrom, rankedNow, rankedPolicy } from '../support/ranked-ledger.ts'

let ranked: Awaited<ReturnType<typeof makeRankedApi>>
let api: TestApi
beforeEach(async () => {
  ranked = await makeRankedApi()
  api = ranked.api
  await api.account('daowai', 'regulator', { kind: 'territory', id: 'daowai' })
})
afterEach(() => api.close())

const get = (account: string, path: string) => ranked.get(account, path)
const post = (account: string, path: string, payload?: object) => ranked.post(account, path, payload)
const open = (path: string) => ranked.open(path)
const draft = () => ranked.draft()
const objectable = () => ranked.objectable()
const published = () => ranked.published()

const period = rankedPeriod
const evidence = 'letter 7'

describe('a list from draft to publication', () => {
  test('the cold firm stands last, and why is two requests away', async () => {
    const id = await draft()
    const { list, firms } = (await get('city', `/rankings/${id}`)).json()
    expect(list).toMatchObject({ territory: 'harbin', ...period, state: 'draft', method: 'heilongjiang-200' })
    expect(firms.map(({ firm, rank, standing }: Record<string, unknown>) => [firm, rank, standing])).toEqual([
      ['F1', 1, 'interim'],
      ['F2', 2, 'interim'],
    ])
    const why = (await get('city', `/rankings/${id}/firms/F2`)).json()
    expect(why.items.find(({ item }: { item: string }) => item === 'coal')).not.toHaveProperty('score')
    expect(why.outage).toEqual({
      saidiHours: 0,
      saifi: 0,
      interruptions: 0,
      interruptionsOver8h: 0,
      interruptionsOver48h: 0,
    })
    expect(why.evidence[0]).toMatchObject({
      date: dayText(rankedFrom + 2),
      circuit: 'T1-H',
      building: 'B1',
      shareAtTarget: 0,
    })
  })

  test('a draft is for those who make lists; one that is open or published is for everybody', async () => {
    const id = await draft()
    for (const account of ['f1', 'viewer', 'street', 'daowai']) {
      expect((await get(account, `/rankings/${id}`)).statusCode).toBe(404)
      expect((await get(account, '/rankings')).json().items).toEqual([])
    }
    await post('city', `/rankings/${id}/objection-period`, { until: rankedNow + hourMs })
    for (const account of ['f1', 'viewer', 'daowai'])
      expect((await get(account, `/rankings/${id}`)).statusCode).toBe(200)
  })

  test('lists come in pages, the newest first, also those of one moment', async () => {
    const ids = [await draft(), await draft()].sort().toReversed()
    api.clock.now += 1
    ids.unshift(await draft())
    const seen: string[] = []
    for (let cursor = ''; cursor !== undefined; ) {
      const page = (await get('city', `/rankings?limit=1${cursor}`)).json()
      seen.push(...page.items.map(({ id }: { id: string }) => id))
      cursor = page.next && `&cursor=${encodeURIComponent(page.next)}`
    }
    expect(seen).toEqual(ids)
  })

  test('single homes do not show through a building: not to viewers, not to other firms', async () => {
    const id = await objectable()
    const rows = async (account: string) => (await get(account, `/rankings/${id}/firms/F2`)).json().evidence.length
    expect((await get('viewer', `/rankings/${id}/firms/F2`)).json().items).toEqual([])
    expect([await rows('city'), await rows('f2'), await rows('f1'), await rows('viewer')]).toEqual([7, 7, 0, 0])
  })

  test('only a regulator whose area it is drafts and publishes', async () => {
    expect((await post('street', '/rankings', { territory: 'harbin', ...period })).statusCode).toBe(403)
    expect((await post('daowai', '/rankings', { territory: 'harbin', ...period })).statusCode).toBe(404)
    expect((await post('daowai', '/rankings', { territory: 'daowai', ...period })).statusCode).toBe(201)
    const id = await objectable()
    expect((await post('daowai', `/rankings/${id}/publication`)).statusCode).toBe(404)
  })

  test('an objection holds publication up until it is decided by somebody else', async () => {
    const id = await objectable()
    const claim = { text: 'the valve was shut by the owner', evidence }
    expect((await post('f1', `/rankings/${id}/objections`, { firm: 'F2', ...claim })).statusCode).toBe(404)
    const raised = await post('f2', `/rankings/${id}/objections`, { firm: 'F2', ...claim })
    expect(raised.statusCode).toBe(201)
    expect((await get('f1', `/rankings/${id}/objections`)).json().items).toEqual([])
    api.clock.now += hourMs
    expect((await post('f2', `/rankings/${id}/objections`, { firm: 'F2', ...claim })).statusCode).toBe(409)
    expect((await post('city', `/rankings/${id}/publication`)).statusCode).toBe(409)
    const decision = { state: 'rejected', decision: 'it was open' }
    const path = `/rankings/${id}/objections/${raised.json().id}/decision`
    expect((await post('city', path, decision)).statusCode).toBe(200)
    expect((await post('city', path, decision)).statusCode).toBe(409)
    expect((await post('city', `/rankings/${id}/publication`)).statusCode).toBe(200)
  })

  test('a firm sees what is about it, a street office what it raised, a regulator all', async () => {
    const id = await objectable()
    const object = async (account: string, firm: string) =>
      (await post(account, `/rankings/${id}/objections`, { firm, text: 'not so', evidence })).json().id
    const [about, raised] = [await object('f2', 'F2'), await object('street', 'F1')]
    const seenBy = async (account: string) =>
      (await get(account, `/rankings/${id}/objections`)).json().items.map((one: { id: string }) => one.id)
    expect(await seenBy('f2')).toEqual([about])
    expect(await seenBy('street')).toEqual([raised])
    expect((await seenBy('city')).toSorted()).toEqual([about, raised].toSorted())
  })

  test('a published list stays as it was published, and the log tells of every step', async () => {
    const id = await published()
    const before = (await get('viewer', `/rankings/${id}`)).json()
    const figures = [{ firm: 'F2', measure: 'coalStockShare', value: 0 }]
    expect(
      (await post('city', '/ranking-inputs', { territory: 'harbin', ...period, evidence, figures })).json(),
    ).toEqual({
      stored: 1,
    })
    expect((await get('viewer', `/rankings/${id}`)).json()).toEqual(before)
    const actions = (await get('city', '/audit?limit=500')).json().items.map(({ action }: { action: string }) => action)
    expect(actions).toEqual(
      expect.arrayContaining(['ranking.draft', 'ranking.openObjections', 'ranking.publish', 'ranking.import']),
    )
    expect(actions.filter((action: string) => action === 'ranking.seal')).toHaveLength(7)
    expect(await verifyAudit(api.ledger.db)).toMatchObject({ ok: true })
  })

  test('as CSV, a name that begins like a formula is a name', async () => {
    const id = await published()
    // Spreadsheets in Chinese take the wide signs as well.
    for (const name of ['=1+1', '＝1+1', '＠SUM(1)']) {
      await api.ledger.db.updateTable('firm').set({ name }).where('id', '=', 'F1').execute()
      const { headers, body } = await get('viewer', `/rankings/${id}/csv`)
      expect(headers['content-type']).toContain('text/csv')
      expect(body.split('\n')[1]).toContain(`1,F1,'${name},,interim,`)
    }
  })
})

describe('what people bring', () => {
  const exclusion = { kind: 'plannedWork', placeKind: 'circuit', place: 'T1-H', ...period, evidence }

  test("a firm's exclusion counts once a street office confirms it, and nobody confirms their own", async () => {
    expect((await post('f1', '/ranking-exclusions', exclusion)).statusCode).toBe(404)
    const { id } = (await post('f2', '/ranking-exclusions', exclusion)).json()
    const decision = { state: 'confirmed', decision: 'seen on site' }
    expect((await post('f2', `/ranking-exclusions/${id}/decision`, decision)).statusCode).toBe(403)
    expect((await post('daowai', `/ranking-exclusions/${id}/decision`, decision)).statusCode).toBe(404)
    expect((await post('street', `/ranking-exclusions/${id}/decision`, decision)).json()).toMatchObject({
      state: 'confirmed',
    })
    expect((await post('city', `/ranking-exclusions/${id}/decision`, decision)).statusCode).toBe(409)
    const own = (await post('city', '/ranking-exclusions', exclusion)).json()
    expect((await post('city', `/ranking-exclusions/${own.id}/decision`, decision)).statusCode).toBe(409)
    const query = `?from=${period.from}&to=${period.to}`
    expect((await get('f2', `/ranking-exclusions${query}`)).json().items).toHaveLength(2)
    expect((await get('f1', `/ranking-exclusions${query}`)).json().items).toEqual([])
    const list = await draft()
    const { firms } = (await get('city', `/rankings/${list}`)).json()
    expect(firms.find(({ firm }: { firm: string }) => firm === 'F2')).toMatchObject({ excludedShare: 1 })
  })

  test('a veto blackens when it is confirmed with a document', async () => {
    const veto = { firm: 'F1', kind: 'noLicence', state: 'proven', evidence, ...period }
    expect((await post('daowai', '/ranking-vetoes', veto)).statusCode).toBe(403)
    const { id } = (await post('city', '/ranking-vetoes', veto)).json()
    const list = await draft()
    const standing = async () =>
      (await get('city', `/rankings/${list}`)).json().firms.find(({ firm }: { firm: string }) => firm === 'F1').standing
    expect(await standing()).toBe('interim')
    expect((await post('deputy', `/ranking-vetoes/${id}/confirmation`, { document: '' })).statusCode).toBe(400)
    expect((await post('deputy', `/ranking-vetoes/${id}/confirmation`, { document: '2026-8' })).statusCode).toBe(200)
    expect(await standing()).toBe('black')
    expect((await post('deputy', `/ranking-vetoes/${id}/confirmation`, { document: '2026-9' })).statusCode).toBe(409)
  })

  test('what makes no sense is refused', async () => {
    expect(
      (await post('city', '/rankings', { territory: 'harbin', from: period.to, to: period.from })).statusCode,
    ).toBe(400)
    const far = { from: '2020-01-01', to: dayText(dayNumber('2020-01-01') + 500) }
    expect((await post('city', '/rankings', { territory: 'harbin', ...far })).statusCode).toBe(400)
    expect((await post('city', '/rankings', { territory: 'harbin', ...period, method: 'none' })).statusCode).toBe(400)
    for (const territory of ['nowhere', 'hualin']) {
      expect((await post('city', '/rankings', { territory, ...period })).statusCode).toBe(404)
    }
    const figures = [{ firm: 'F9', measure: 'coalStockShare', value: 1 }]
    expect(
      (await post('city', '/ranking-inputs', { territory: 'harbin', ...period, evidence, figures })).statusCode,
    ).toBe(400)
    expect((await get('city', '/ranking-methods')).json().items).toHaveLength(2)
  })
})

describe('sealing', () => {
  test('goes on by itself, without anybody making a list', async () => {
    const { ledger, clock } = api
    let tell = (_days: number) => {}
    const sealed = new Promise<number>((resolve) => {
      tell = resolve
    })
    const anchor = { cityMs: rankedNow, wallMs: 0, speed: 1, simulated: true, catchingUp: false }
    const rankingDays = makeRankingDays({
      ...{ ledger, telemetry: emptyTelemetry, policy: rankedPolicy },
      ...{ holder: 'test', wallClock: Date.now },
    })
    const sealing = startSealing({
      rankingDays,
      clock: { now: () => clock.now, anchor: () => anchor },
      policy: rankedPolicy,
      onSealed: tell,
      onError: (error) => expect.unreachable(String(error)),
    })
    expect(await sealed).toBeGreaterThanOrEqual(7)
    await sealing.close()
  })
})

describe('what anybody may know', () => {
  test('published lists, without who made them, and never a draft', async () => {
    const hidden = await draft()
    expect((await open(`/rankings/${hidden}`)).statusCode).toBe(404)
    expect((await open('/rankings')).json().items).toEqual([])
    const id = await published()
    const [list] = (await open('/rankings')).json().items
    expect(list).toMatchObject({ id, state: 'frozen', digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(list).not.toHaveProperty('draftedBy')
    const answer = await open(`/rankings/${id}`)
    expect(answer.json().firms).toHaveLength(2)
    // Both have a single probe: a score would tell how warm one home is.
    for (const firm of answer.json().firms) expect(firm).not.toHaveProperty('score')
    expect(answer.body).not.toMatch(/D-\d|P-\d|B1/)
  })

  test('who heats a building and whom to call', async () => {
    expect((await open('/buildings/B1/heating')).json()).toEqual({
      building: 'B1',
      name: '1号楼',
      firms: [
        { firm: 'F1', name: '哈尔滨热力', phone: '+86 451 8888' },
        { firm: 'F2', name: '华能热电' },
      ],
    })
    expect((await open('/buildings/B9/heating')).statusCode).toBe(404)
  })
})
