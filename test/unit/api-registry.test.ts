import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listAudit } from '#store/ledger/audit.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry, registryBeginning, smallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const daoli = idsOf('daoli')

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('district', 'regulator', { kind: 'territory', id: 'nangang' })
  await api.account('street', 'streetOffice', { kind: 'territory', id: nangang.subdistrict })
  await api.account('dispatcher', 'firmDispatcher', { kind: 'firm', id: nangang.firm })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const get = async (account: string, path: string) => (await api.as(account))({ url: `/api/v1/registry${path}` })
const ids = async (account: string, path: string) =>
  (await get(account, path)).json().items.map((row: { id: string }) => row.id)
const post = async (account: string, path: string, payload: object | string, headers: Record<string, string> = {}) =>
  (await api.as(account))({ method: 'POST', url: `/api/v1/registry${path}`, payload, headers })

describe('looking around', () => {
  test.each([
    ['city', 'circuit', [daoli.circuit, nangang.circuit]],
    ['street', 'circuit', [nangang.circuit]],
    ['dispatcher', 'circuit', [nangang.circuit]],
    ['city', 'dwelling', [daoli.dwelling, daoli.otherDwelling, nangang.dwelling, nangang.otherDwelling]],
    ['street', 'dwelling', [nangang.dwelling, nangang.otherDwelling]],
    ['dispatcher', 'dwelling', [nangang.dwelling, nangang.otherDwelling]],
    ['dispatcher', 'building', [nangang.building]],
    ['street', 'source', []],
    ['dispatcher', 'source', [nangang.source]],
    ['street', 'gateway', [nangang.gateway]],
    ['dispatcher', 'gateway', [nangang.gateway]],
    ['street', 'device', [nangang.probe, nangang.sensor]],
    ['street', 'territory', [nangang.community, nangang.estate, nangang.subdistrict]],
    ['viewer', 'building', [daoli.building, nangang.building]],
    ['city', 'territory?kind=district', ['daoli', 'nangang']],
    ['street', 'territory?kind=district', []],
    ['dispatcher', 'territory?kind=estate', [nangang.estate]],
  ])('%s sees of %s %j', async (account, table, expected) => {
    expect(await ids(account, `/${table}`)).toEqual(expected)
  })

  test.each(['dwelling', 'gateway', 'device'])('a viewer sees no %s', async (table) => {
    expect((await get('viewer', `/${table}`)).statusCode).toBe(403)
  })

  test.each([
    ['territory', 'daoli'],
    ['source', daoli.source],
    ['substation', daoli.substation],
    ['circuit', daoli.circuit],
    ['building', daoli.building],
    ['entrance', daoli.entrance],
    ['dwelling', daoli.dwelling],
    ['gateway', daoli.gateway],
    ['device', daoli.probe],
  ])('to somebody of another district a %s is not there', async (table, id) => {
    for (const account of ['street', 'dispatcher']) expect((await get(account, `/${table}/${id}`)).statusCode).toBe(404)
    expect((await get('city', `/${table}/${id}`)).statusCode).toBe(200)
  })

  test('a list for another territory is empty', async () => {
    expect(await ids('street', '/building?territory=daoli')).toEqual([])
    expect(await ids('dispatcher', '/building?territory=daoli')).toEqual([])
    expect(await ids('street', '/building?territory=harbin')).toEqual([nangang.building])
  })

  test('one home says where it is and what held of it when', async () => {
    const home = (await get('street', `/dwelling/${nangang.dwelling}`)).json()
    expect(home).toMatchObject({
      row: { id: nangang.dwelling, door: '101' },
      where: {
        territory: ['harbin', 'nangang', nangang.subdistrict, nangang.community, nangang.estate],
        firm: nangang.firm,
      },
      dwelling_period: [{ circuit: nangang.circuit, contract: 'heated', valid_from: registryBeginning }],
    })
  })

  test('by name, by parent and in pages', async () => {
    expect(await ids('city', '/building?search=building-d')).toEqual([daoli.building])
    expect(await ids('city', `/dwelling?parent=${daoli.entrance}`)).toEqual([daoli.dwelling, daoli.otherDwelling])
    const first = (await get('city', '/dwelling?limit=3')).json()
    expect(first.items).toHaveLength(3)
    expect(await ids('city', `/dwelling?limit=3&cursor=${first.next}`)).toEqual([nangang.otherDwelling])
  })

  test('a device that was moved away tells only of places in scope', async () => {
    const period = smallRegistry.device_period?.[0] as object
    await importSmallRegistry(api.ledger, {
      device_period: [
        { ...period, valid_to: evening - 1_000 },
        { ...period, place: daoli.dwelling, valid_from: evening - 1_000 },
      ],
    })
    expect((await get('street', `/device/${nangang.probe}`)).statusCode).toBe(404)
    expect((await get('city', `/device/${nangang.probe}`)).json().device_period).toHaveLength(2)
  })
})

describe('entering rows', () => {
  const suspended = {
    ...(smallRegistry.dwelling_period?.[0] as object),
    valid_from: '2026-01-10T00:00:00+08:00',
    contract: 'suspended',
  }

  test('corrects without overwriting, and is audited', async () => {
    const response = await post('city', '/entries', {
      table: 'building',
      rows: [{ id: nangang.building, estate: nangang.estate, name: '新楼', floors: 9 }],
      note: 'typo',
    })
    expect(response.json()).toMatchObject({ changed: true, counts: { building: { read: 1, corrected: 1 } } })
    expect((await get('city', `/building/${nangang.building}`)).json().row).toMatchObject({ name: '新楼', floors: 9 })
    expect(
      await api.ledger.db.selectFrom('building').select('floors').where('id', '=', nangang.building).execute(),
    ).toHaveLength(2)
    const [entry] = await listAudit(api.ledger.db, { action: 'registry.import' }, 1)
    expect(entry).toMatchObject({ actor: 'city', detail: { note: 'typo' } })
  })

  test('a district may write what lies in it and nothing else', async () => {
    const ended = { ...(smallRegistry.dwelling_period?.[0] as object), valid_to: suspended.valid_from }
    const inside = await post('district', '/entries', { table: 'dwelling_period', rows: [ended, suspended] })
    expect(inside.statusCode).toBe(200)
    const outside: [string, object][] = [
      ['dwelling_period', { ...suspended, dwelling: daoli.dwelling }],
      ['dwelling_period', { ...suspended, circuit: daoli.circuit }],
      ['building', { id: nangang.building, estate: daoli.estate, name: 'moved away', floors: 9 }],
      ['building', { id: daoli.building, estate: nangang.estate, name: 'taken over', floors: 9 }],
      ['territory', { id: 'new-district', kind: 'district', parent: 'harbin', name: 'new' }],
      ['firm', { id: nangang.firm, name: 'renamed', role: 'both' }],
      ['device_period', { ...(smallRegistry.device_period?.[0] as object), place: daoli.dwelling }],
    ]
    for (const [table, row] of outside) {
      const response = await post('district', '/entries', { table, rows: [row] })
      expect([table, response.json().code]).toEqual([table, 'forbidden'])
    }
  })

  test('a wrong row is named with its column, and nothing is changed', async () => {
    const response = await post('city', '/entries', {
      table: 'building',
      rows: [
        { id: 'b-good', estate: nangang.estate, name: 'good', floors: 5 },
        { id: 'b-bad', estate: 'nowhere', name: '', floors: 'many' },
      ],
    })
    expect(response.statusCode).toBe(422)
    expect(response.headers['content-type']).toContain('application/problem+json')
    const columns = response
      .json()
      .problems.map((problem: { line: number; column: string }) => [problem.line, problem.column])
    expect(columns).toEqual(
      expect.arrayContaining([
        [2, 'name'],
        [2, 'floors'],
      ]),
    )
    expect(await ids('city', '/building?search=b-good')).toEqual([])
  })

  test('whoever only looks may not write', async () => {
    const response = await post('street', '/entries', { table: 'building', rows: [{}] })
    expect(response.json()).toMatchObject({ code: 'forbidden' })
  })
})

describe('import and export', () => {
  test('what is exported as JSON can be imported and changes nothing', async () => {
    const exported = await get('city', '/export')
    expect(exported.headers['content-disposition']).toBe('attachment; filename="registry.json"')
    const response = await post('city', '/import?note=same', exported.body, { 'content-type': 'application/json' })
    expect(response.json()).toMatchObject({ changed: false })
    expect(response.json().counts.dwelling).toEqual({ read: 4, added: 0, corrected: 0, unchanged: 4 })
  })

  test('one table as CSV, there and back', async () => {
    const exported = await get('city', '/export?table=building')
    expect(exported.headers['content-type']).toBe('text/csv; charset=utf-8')
    const changed = exported.body.replaceAll(',7,', ',8,')
    const headers = { 'content-type': 'text/csv' }
    expect((await post('city', '/import?table=building', changed, headers)).json().counts.building).toMatchObject({
      corrected: 2,
    })
    expect((await get('city', `/building/${daoli.building}`)).json().row.floors).toBe(8)
  })

  test('a check tells what an import would change, and changes nothing', async () => {
    const exported = await get('city', '/export?table=building')
    const changed = exported.body.replaceAll(',7,', ',8,')
    const headers = { 'content-type': 'text/csv' }
    const checked = (await post('city', '/import?table=building&check=true', changed, headers)).json()
    expect(checked).toMatchObject({ changed: true, counts: { building: { corrected: 2 } } })
    expect((await get('city', `/building/${daoli.building}`)).json().row.floors).toBe(7)
    const taken = (await post('city', '/import?table=building', changed, headers)).json()
    expect(taken.batch).toBeGreaterThan(checked.batch)
  })

  test('bad rows of a CSV are named by file, line, column and reason', async () => {
    const csv = 'id,estate,name,floors\nb-1,nowhere,one,7\nb-2,nangang-estate,two,hundreds\n'
    const response = await post('city', '/import?table=building', csv, { 'content-type': 'text/csv' })
    expect(response.json()).toMatchObject({ code: 'rejected', status: 422, problemCount: 2 })
    const byLine = response
      .json()
      .problems.sort((left: { line: number }, right: { line: number }) => left.line - right.line)
    expect(byLine).toEqual([
      { file: 'building.csv', line: 2, column: 'estate', reason: expect.any(String) },
      { file: 'building.csv', line: 3, column: 'floors', reason: expect.any(String) },
    ])
  })

  test('a body that is not JSON is refused with a reason', async () => {
    const response = await post('city', '/import', '{"building": [', { 'content-type': 'application/json' })
    expect(response.json()).toMatchObject({ code: 'rejected', problems: [{ file: 'registry.json' }] })
  })

  test.each([
    ['csv without its table', '/import', 'text/csv', 'validation'],
    ['JSON with a table', '/import?table=building', 'application/json', 'validation'],
    ['XML', '/import', 'application/xml', 'unsupported_media_type'],
  ])('%s is refused', async (_what, path, type, code) => {
    expect((await post('city', path, '<x/>', { 'content-type': type })).json()).toMatchObject({ code })
  })

  test('both are for the whole city', async () => {
    expect((await get('district', '/export')).statusCode).toBe(403)
    expect((await post('district', '/import', '{}', { 'content-type': 'application/json' })).statusCode).toBe(403)
  })
})
