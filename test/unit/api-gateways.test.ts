import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minuteMs } from '#domain/time.ts'
import { listAudit } from '#store/ledger/audit.ts'
import { recordFirstReadings } from '#store/ledger/commissioning.ts'
import { loadIdentities } from '#store/ledger/mqtt-identities.ts'
import { recordPresence } from '#store/ledger/presence.ts'
import { quarantineDeliveries } from '#store/ledger/quarantine.ts'
import { recordRefusals } from '#store/ledger/refusals.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { idsOf, importSmallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const daoli = idsOf('daoli')

let api: TestApi
let telemetry: ReturnType<typeof memoryTelemetry>
beforeEach(async () => {
  telemetry = memoryTelemetry()
  api = await makeTestApi({ telemetry: telemetry.reader })
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('district', 'regulator', { kind: 'territory', id: 'nangang' })
  await api.account('street', 'streetOffice', { kind: 'territory', id: nangang.subdistrict })
  await api.account('dispatcher', 'firmDispatcher', { kind: 'firm', id: nangang.firm })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const call = async (account: string, method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
  (await api.as(account))({ method, url: `/api/v1${path}`, ...(payload && { payload }) })
const items = async (account: string, path: string) => (await call(account, 'GET', path)).json().items

describe('identities', () => {
  test('are made with a secret shown once, rotated, revoked, and audited', async () => {
    const path = `/gateways/${nangang.gateway}/identity`
    const made = await call('district', 'POST', path, {})
    expect(made.statusCode).toBe(201)
    const first = made.json().secret
    expect((await call('district', 'POST', path, {})).json()).toMatchObject({ code: 'conflict' })
    const rotated = await call('district', 'POST', `${path}/rotate`, { overlapHours: 24 })
    expect(rotated.json().secret).not.toBe(first)
    const [identity] = await loadIdentities(api.ledger.db)
    expect(identity?.secrets.map(({ validUntil }) => validUntil)).toEqual([evening + 24 * 60 * minuteMs, undefined])
    const shown = await call('district', 'GET', `/gateways/${nangang.gateway}`)
    expect(shown.json()).toMatchObject({ identity: { id: nangang.gateway, secrets: [{}, {}] } })
    for (const secret of [first, rotated.json().secret]) expect(shown.body).not.toContain(secret)
    expect((await call('district', 'DELETE', path)).statusCode).toBe(204)
    expect(await loadIdentities(api.ledger.db)).toEqual([])
    const entries = await listAudit(api.ledger.db, { subject: `gateway/${nangang.gateway}` }, 10)
    expect(entries.map(({ action }) => action)).toEqual(['gateway.revoke', 'gateway.rotate', 'gateway.create'])
    expect(JSON.stringify(entries)).not.toContain(first)
  })

  test('of another district are out of reach, as are those that nobody registered', async () => {
    for (const gateway of [daoli.gateway, 'GW-none']) {
      expect((await call('district', 'POST', `/gateways/${gateway}/identity`, {})).statusCode).toBe(404)
      expect((await call('district', 'DELETE', `/gateways/${gateway}/identity`)).statusCode).toBe(404)
    }
    expect((await call('street', 'POST', `/gateways/${nangang.gateway}/identity`, {})).statusCode).toBe(403)
  })
})

describe('MQTT accounts of programs', () => {
  const wanted = { id: 'desk', subscribe: ['heating/v1/alerts/+'] }

  test('are made, listed and revoked by whoever has the whole city', async () => {
    const made = await call('city', 'POST', '/service-accounts', wanted)
    expect(made.statusCode).toBe(201)
    expect(await loadIdentities(api.ledger.db)).toMatchObject([
      { id: 'desk', kind: 'service', subscribe: wanted.subscribe },
    ])
    expect((await call('city', 'POST', '/service-accounts', wanted)).json()).toMatchObject({ code: 'conflict' })
    await call('city', 'POST', `/gateways/${nangang.gateway}/identity`, {})
    expect(await items('city', '/service-accounts')).toMatchObject([{ id: 'desk', publish: [] }])
    expect((await call('city', 'DELETE', `/service-accounts/${nangang.gateway}`)).statusCode).toBe(404)
    expect((await call('city', 'DELETE', '/service-accounts/desk')).statusCode).toBe(204)
    expect((await loadIdentities(api.ledger.db)).map(({ id }) => id)).toEqual([nangang.gateway])
    const subject = 'service-account/desk'
    expect((await listAudit(api.ledger.db, { subject }, 5)).map(({ action }) => action)).toEqual([
      'serviceAccount.revoke',
      'serviceAccount.create',
    ])
  })

  test('are out of reach for a district, and the service’s own for everybody', async () => {
    expect((await call('district', 'POST', '/service-accounts', wanted)).statusCode).toBe(403)
    expect((await call('district', 'GET', '/service-accounts')).statusCode).toBe(403)
    const own = { ...wanted, id: 'warmcity-api' }
    expect((await call('city', 'POST', '/service-accounts', own)).statusCode).toBe(409)
    expect((await call('city', 'DELETE', '/service-accounts/warmcity-api')).statusCode).toBe(409)
  })
})

describe('the commissioning list', () => {
  beforeEach(async () => {
    await api.ledger.write(async (transaction) => {
      const presence = { at: evening, state: 'online', address: '10.0.0.1', cause: 'connect' } as const
      await recordPresence(transaction, [{ ...presence, id: nangang.gateway }])
      await recordRefusals(
        transaction,
        [nangang.gateway, daoli.gateway, 'stranger'].map((clientId) => ({
          at: evening,
          clientId,
          address: '10.0.0.1',
          action: 'connect' as const,
          reason: 'wrong_secret',
        })),
      )
    })
  })

  test('tells who sees a gateway how far it has come', async () => {
    const [entry, ...more] = await items('street', '/gateways')
    expect(more).toEqual([])
    expect(entry).toMatchObject({ gateway: nangang.gateway, state: 'connected', online: true, refused: 1 })
    expect(await items('dispatcher', '/gateways')).toMatchObject([{ gateway: nangang.gateway }])
    expect(await items('city', '/gateways')).toHaveLength(2)
    expect(await items('city', '/gateways?state=neverSeen')).toMatchObject([{ gateway: daoli.gateway }])
    expect((await call('viewer', 'GET', '/gateways')).statusCode).toBe(403)
  })

  test('one gateway says when it came and went', async () => {
    const gateway = (await call('street', 'GET', `/gateways/${nangang.gateway}`)).json()
    expect(gateway).toMatchObject({ presence: { state: 'online', cause: 'connect' }, refusedTotal: 1 })
    expect((await call('street', 'GET', `/gateways/${daoli.gateway}`)).statusCode).toBe(404)
  })

  test('refusals are those of gateways in scope; strangers concern the city', async () => {
    const clients = async (account: string) =>
      (await items(account, '/refusals')).map((refusal: { clientId: string }) => refusal.clientId).sort()
    expect(await clients('street')).toEqual([nangang.gateway])
    expect(await clients('city')).toEqual([daoli.gateway, nangang.gateway, 'stranger'].sort())
  })

  test('refusals come in pages', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = (
        await call('city', 'GET', `/refusals?limit=1${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
      ).json()
      seen.push(...page.items.map((refusal: { clientId: string }) => refusal.clientId))
      cursor = page.next
    } while (cursor)
    expect(seen.sort()).toEqual([daoli.gateway, nangang.gateway, 'stranger'].sort())
  })
})

describe('unassigned devices', () => {
  const firstAt = evening - 60 * minuteMs
  const claim = {
    kind: 'probe',
    place_kind: 'dwelling',
    place: nangang.otherDwelling,
    sampling_interval_s: 600,
    reporting_interval_s: 600,
  }
  beforeEach(async () => {
    await api.ledger.write((transaction) =>
      recordFirstReadings(transaction, [
        { device: 'P-new', gateway: nangang.gateway, at: firstAt },
        { device: 'P-new-daoli', gateway: daoli.gateway, at: firstAt },
        { device: nangang.probe, gateway: nangang.gateway, at: firstAt },
      ]),
    )
    telemetry.add('P-new', 'indoor_temperature_c', firstAt, 21.5)
  })

  test('are listed to whose gateway carries them', async () => {
    expect(await items('street', '/unassigned-devices')).toEqual([
      { device: 'P-new', gateway: nangang.gateway, firstReadingAt: firstAt },
    ])
    expect(await items('city', '/unassigned-devices')).toHaveLength(2)
  })

  test('a device that stands somewhere is not moved by a claim, whoever heard it', async () => {
    const elsewhere = await call('city', 'POST', '/unassigned-devices/P-new/claim', { ...claim, place: daoli.dwelling })
    expect(elsewhere.statusCode).toBe(201)
    expect((await call('district', 'POST', '/unassigned-devices/P-new/claim', claim)).statusCode).toBe(404)
  })

  test('claimed, a device shows its history at its place', async () => {
    const response = await call('district', 'POST', '/unassigned-devices/P-new/claim', claim)
    expect(response.json()).toMatchObject({ device: 'P-new', valid_from: firstAt })
    expect(await items('district', '/unassigned-devices')).toEqual([])
    const readings = await items('street', `/dwellings/${nangang.otherDwelling}/readings`)
    expect(readings).toEqual([{ at: firstAt, value: 21.5, quality: 'good', device: 'P-new' }])
    const [entry] = await listAudit(api.ledger.db, { actor: 'district', action: 'registry.import' }, 1)
    expect(entry).toMatchObject({ detail: { note: 'claim of P-new' } })
  })

  test.each([
    ['a device of another district', 'P-new-daoli', claim, 404],
    ['a device nobody heard', 'P-never', claim, 404],
    ['a place of another district', 'P-new', { ...claim, place: daoli.dwelling }, 404],
    ['a place that is not there', 'P-new', { ...claim, place: 'D-none' }, 404],
    ['an interval of nothing', 'P-new', { ...claim, sampling_interval_s: 0 }, 400],
  ])('%s cannot be claimed', async (_what, device, payload, status) => {
    const response = await call('district', 'POST', `/unassigned-devices/${device}/claim`, payload)
    expect(response.statusCode).toBe(status)
  })
})

describe('quarantine', () => {
  const bad = (gateway: string, payload: Uint8Array, position: number) => ({
    position,
    receivedAt: evening,
    gateway,
    topic: `heating/v1/${gateway}/readings`,
    payload,
    storedReadings: 0,
    problems: [{ code: 'not_json', path: '$', detail: 'Unexpected token' }],
  })
  const payload = Buffer.from('<script>alert(1)</script>\u001b[31m \u202e')
  beforeEach(async () => {
    await api.account('readsAll', 'admin')
    await api.ledger.write((transaction) =>
      quarantineDeliveries(transaction, [
        bad(nangang.gateway, payload, 1),
        bad(daoli.gateway, Buffer.from([0xff, 0xfe, 0x00]), 2),
      ]),
    )
  })

  test('is listed by scope, newest first, without bytes', async () => {
    const response = await call('city', 'GET', '/quarantine')
    expect(response.json().items).toMatchObject([
      { id: 2, gateway: daoli.gateway },
      { id: 1, gateway: nangang.gateway, payloadBytes: payload.length, problems: [{ code: 'not_json' }] },
    ])
    expect(response.body).not.toContain('script')
    expect(await items('dispatcher', '/quarantine')).toMatchObject([{ id: 1 }])
    expect(await items('district', '/quarantine?code=schema')).toEqual([])
    expect((await call('street', 'GET', '/quarantine')).statusCode).toBe(403)
  })

  test('the bytes are shown in forms that can do nothing', async () => {
    const response = await call('district', 'GET', '/quarantine/1')
    expect(response.headers['content-type']).toContain('application/json')
    expect(response.headers['x-content-type-options']).toBe('nosniff')
    expect(response.json()).toMatchObject({
      payloadBase64: payload.toString('base64'),
      payloadText: '<script>alert(1)</script>\u241b[31m \ufffd',
      payloadCut: false,
    })
    const binary = (await call('city', 'GET', '/quarantine/2')).json()
    expect(binary).toMatchObject({ payloadBase64: '//4A' })
    expect(binary).not.toHaveProperty('payloadText')
    expect((await call('district', 'GET', '/quarantine/2')).statusCode).toBe(404)
  })

  test('large ones are cut, also in the middle of a character', async () => {
    const large = Buffer.from(`a${'暖'.repeat(30_000)}`)
    await api.ledger.write((transaction) => quarantineDeliveries(transaction, [bad(nangang.gateway, large, 3)]))
    const shown = (await call('district', 'GET', '/quarantine/3')).json()
    expect(shown).toMatchObject({ payloadCut: true, payloadText: expect.stringMatching(/^a暖+$/) })
    expect(Buffer.from(shown.payloadBase64, 'base64')).toHaveLength(65_536)
  })

  test('is exported as JSON lines', async () => {
    const all = await call('city', 'GET', '/quarantine/export')
    expect(all.headers['content-type']).toContain('application/x-ndjson')
    const lines = all.body.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).gateway)).toEqual([daoli.gateway, nangang.gateway])
    expect((await call('district', 'GET', '/quarantine/export')).statusCode).toBe(403)
    const own = await call('district', 'GET', `/quarantine/export?gateway=${nangang.gateway}`)
    expect(own.body.trim().split('\n')).toHaveLength(1)
    expect((await call('district', 'GET', `/quarantine/export?gateway=${daoli.gateway}`)).statusCode).toBe(404)
  })

  test('is sent through again, only what is in scope, and audited', async () => {
    const response = await call('district', 'POST', '/quarantine/replay', { ids: [1, 2, 99] })
    expect(response.statusCode).toBe(202)
    expect(response.json()).toEqual({ requested: [1] })
    expect(await items('district', '/quarantine')).toMatchObject([{ id: 1, replayRequestedBy: 'district' }])
    expect(await listAudit(api.ledger.db, { action: 'quarantine.replay' }, 5)).toMatchObject([{ detail: { ids: [1] } }])
    expect((await call('district', 'POST', '/quarantine/replay', { ids: [2] })).statusCode).toBe(404)
    expect((await call('dispatcher', 'POST', '/quarantine/replay', { ids: [1] })).statusCode).toBe(403)
  })
})

describe('weather', () => {
  const entry = { district: 'nangang', kind: 'observed', at: evening - minuteMs, outdoorTemperatureC: -23.5 }

  test('is entered, corrected and read', async () => {
    expect((await call('district', 'POST', '/weather', { entries: [entry] })).json()).toEqual({ stored: 1 })
    await call('district', 'POST', '/weather', { entries: [{ ...entry, outdoorTemperatureC: -24 }] })
    expect(await items('viewer', '/weather/nangang')).toEqual([
      { district: 'nangang', kind: 'observed', at: entry.at, source: 'api/district', outdoorTemperatureC: -24 },
    ])
    expect(await listAudit(api.ledger.db, { action: 'weather.enter' }, 5)).toHaveLength(2)
  })

  test('forecasts lie ahead', async () => {
    const forecast = { ...entry, kind: 'forecast', at: evening + 60 * minuteMs }
    await call('district', 'POST', '/weather', { entries: [forecast] })
    expect(await items('street', '/weather/nangang?kind=forecast')).toMatchObject([{ at: forecast.at }])
  })

  test('comes in pages', async () => {
    const entries = Array.from({ length: 5 }, (_, index) => ({ ...entry, at: entry.at - index * minuteMs }))
    await call('district', 'POST', '/weather', { entries })
    const first = (await call('street', 'GET', '/weather/nangang?limit=3')).json()
    const rest = (await call('street', 'GET', `/weather/nangang?limit=3&cursor=${first.next}`)).json()
    const times = [...first.items, ...rest.items].map(({ at }: { at: number }) => at)
    expect(times).toEqual(entries.map(({ at }) => at).reverse())
  })

  test('every wrong entry is named', async () => {
    const entries = [{ ...entry, outdoorTemperatureC: 200 }, entry, { ...entry, at: 'noon' }]
    const response = await call('district', 'POST', '/weather', { entries })
    const where = response.json().errors.map((error: { where: string }) => error.where)
    expect(where).toEqual(['body/entries/0/outdoorTemperatureC', 'body/entries/2/at'])
  })

  test('is that of one’s own district', async () => {
    const response = await call('district', 'POST', '/weather', { entries: [entry, { ...entry, district: 'daoli' }] })
    expect(response.json()).toMatchObject({ code: 'validation', errors: [{ where: 'body/entries/1/district' }] })
    expect((await call('street', 'GET', '/weather/daoli')).statusCode).toBe(404)
    expect((await call('street', 'POST', '/weather', { entries: [entry] })).statusCode).toBe(403)
  })
})
