import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hourMs } from '#domain/time.ts'
import { verifyAudit } from '#store/ledger/audit.ts'
import { sealsLost } from '#store/ledger/ranking-seals.ts'
import { makeRankedApi, rankedPeriod } from '../support/ranked-api.ts'

let ranked: Awaited<ReturnType<typeof makeRankedApi>>
beforeEach(async () => {
  ranked = await makeRankedApi()
})
afterEach(() => ranked.api.close())

const claim = { text: 'it was colder than the list says', evidence: 'visit slip 7' }
const home = { dwelling: 'D-1802' }

describe('a resident objects', () => {
  test('once, with a code from the street office, without an account, and nothing tells of which home', async () => {
    const id = await ranked.objectable()
    const issued = await ranked.post('street', `/rankings/${id}/objection-codes`, home)
    expect(issued.json()).toMatchObject({ firm: 'F2', code: expect.stringMatching(/^[A-Z2-9]{16}$/) })
    const typed = issued
      .json()
      .code.toLowerCase()
      .replace(/(.{4})/g, '$1 ')
    const said = await ranked.say(`/rankings/${id}/objections`, { code: typed, ...claim })
    expect(said.statusCode).toBe(201)
    expect((await ranked.say(`/rankings/${id}/objections`, { code: typed, ...claim })).statusCode).toBe(409)
    const { items } = (await ranked.get('city', `/rankings/${id}/objections`)).json()
    expect(items).toMatchObject([{ firm: 'F2', raisedBy: 'resident', state: 'open', ...claim }])
    const kept = JSON.stringify([
      await ranked.api.ledger.db.selectFrom('ranking_objection_code').selectAll().execute(),
      await ranked.api.ledger.db.selectFrom('ranking_objection').selectAll().execute(),
      await ranked.api.ledger.db.selectFrom('audit_entry').selectAll().execute(),
    ])
    expect(kept).not.toContain(issued.json().code)
    expect(kept).not.toContain('D-1802')
    const decision = { state: 'upheld', decision: 'visited, it was 17 °C' }
    expect(
      (await ranked.post('city', `/rankings/${id}/objections/${said.json().id}/decision`, decision)).statusCode,
    ).toBe(200)
    expect(await verifyAudit(ranked.api.ledger.db)).toMatchObject({ ok: true })
  })

  test('no code, one that was made up, one of another list, or too late: refused', async () => {
    const id = await ranked.objectable()
    const other = await ranked.objectable()
    const code = (await ranked.post('street', `/rankings/${other}/objection-codes`, home)).json().code
    expect((await ranked.say(`/rankings/${id}/objections`, { code, ...claim })).statusCode).toBe(409)
    expect((await ranked.say(`/rankings/${id}/objections`, { code: 'ABCDEFGHABCDEFGH', ...claim })).statusCode).toBe(
      409,
    )
    expect((await ranked.say(`/rankings/${id}/objections`, claim)).statusCode).toBe(400)
    expect((await ranked.say(`/rankings/${await ranked.draft()}/objections`, { code, ...claim })).statusCode).toBe(404)
    ranked.api.clock.now += hourMs
    expect((await ranked.say(`/rankings/${other}/objections`, { code, ...claim })).statusCode).toBe(409)
  })

  test('to a list that anybody may know to be open for objections, while it is, without what is in it', async () => {
    await ranked.draft()
    const id = await ranked.objectable()
    const { items } = (await ranked.open('/objection-periods')).json()
    const until = ranked.api.clock.now + hourMs
    const harbin = { territory: 'harbin', territoryName: '哈尔滨市', territoryNameEn: 'Harbin' }
    expect(items).toEqual([{ id, ...harbin, ...rankedPeriod, until }])
    ranked.api.clock.now = until
    expect((await ranked.open('/objection-periods')).json()).toEqual({ items: [] })
  })

  test('codes are made by who sees the home, never by a firm, and only while objections are open', async () => {
    const id = await ranked.objectable()
    for (const account of ['f2', 'elsewhere', 'viewer']) {
      expect([403, 404]).toContain((await ranked.post(account, `/rankings/${id}/objection-codes`, home)).statusCode)
    }
    expect((await ranked.post('street', `/rankings/${await ranked.draft()}/objection-codes`, home)).statusCode).toBe(
      404,
    )
    ranked.api.clock.now += hourMs
    expect((await ranked.post('street', `/rankings/${id}/objection-codes`, home)).statusCode).toBe(409)
  })
})

describe('what pages need', () => {
  test('vetoes with their ids, those that wait and those in force', async () => {
    const veto = { firm: 'F1', kind: 'noLicence', state: 'proven', evidence: 'register', ...rankedPeriod }
    const { id } = (await ranked.post('city', '/ranking-vetoes', veto)).json()
    const vetoes = async () =>
      (await ranked.get('city', `/ranking-vetoes?from=${rankedPeriod.from}&to=${rankedPeriod.to}`)).json().items
    expect(await vetoes()).toMatchObject([{ id, ...veto, broughtBy: 'city' }])
    await ranked.post('deputy', `/ranking-vetoes/${id}/confirmation`, { document: '2026-4' })
    expect(await vetoes()).toMatchObject([{ document: '2026-4', confirmedBy: 'deputy' }])
    expect((await ranked.get('f1', '/ranking-vetoes?from=2026-01-01&to=2026-02-01')).statusCode).toBe(403)
  })

  test('imported figures with where they are from', async () => {
    const figures = [{ firm: 'F1', measure: 'coalStockShare', value: 0.8 }]
    await ranked.post('city', '/ranking-inputs', { territory: 'harbin', ...rankedPeriod, evidence: 'file 1', figures })
    const query = `territory=harbin&from=${rankedPeriod.from}&to=${rankedPeriod.to}`
    expect((await ranked.get('city', `/ranking-inputs?${query}`)).json().items).toMatchObject([
      { ...figures[0], evidence: 'file 1', enteredBy: 'city' },
    ])
    expect((await ranked.get('street', `/ranking-inputs?${query}`)).statusCode).toBe(403)
  })
})

describe('seals of days', () => {
  test('are open to anybody, with their place in the chain of the audit log', async () => {
    await ranked.draft()
    const first = (await ranked.open('/ranking-seals?limit=5')).json()
    const rest = (await ranked.open(`/ranking-seals?limit=5&cursor=${first.next}`)).json()
    const seals = [...first.items, ...rest.items]
    expect(seals).toHaveLength(7)
    expect(rest.next).toBeUndefined()
    const entry = await ranked.api.ledger.db
      .selectFrom('audit_entry')
      .selectAll()
      .where('number', '=', seals[0].entry)
      .executeTakeFirstOrThrow()
    expect(seals[0]).toMatchObject({ date: rankedPeriod.to, entryHash: entry.hash, leaves: 2 })
    expect(JSON.stringify(seals)).not.toMatch(/D-\d|P-\d|B1/)
    expect(await sealsLost(ranked.api.ledger.db, seals)).toEqual([])
    const [newest, ...others] = seals
    const rewritten = [{ ...newest, entryHash: newest.entryHash.replace(/./, 'x') }, ...others]
    const cut = [...others, { date: '2026-01-12', entry: 99_999, entryHash: newest.entryHash }]
    expect(await sealsLost(ranked.api.ledger.db, rewritten)).toEqual([rankedPeriod.to])
    expect(await sealsLost(ranked.api.ledger.db, cut)).toEqual(['2026-01-12'])
  })
})
