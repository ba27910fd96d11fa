import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { dayNumber, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { insertFlags, type StoredFlag } from '#store/ledger/flags.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { idsOf, importSmallRegistry, registryBeginning, smallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const daoli = idsOf('daoli')

let api: TestApi
let telemetry: ReturnType<typeof memoryTelemetry>
beforeEach(async () => {
  telemetry = memoryTelemetry()
  api = await makeTestApi({ telemetry: telemetry.reader })
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('street', 'streetOffice', { kind: 'territory', id: nangang.subdistrict })
  await api.account('dispatcher', 'firmDispatcher', { kind: 'firm', id: nangang.firm })
  await api.account('elsewhere', 'streetOffice', { kind: 'territory', id: 'daoli' })
  await api.account('otherFirm', 'firmDispatcher', { kind: 'firm', id: daoli.firm })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const url = (path: string, query: Record<string, string | number> = {}) =>
  `/api/v1${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`
const ofHome = (query: Record<string, string | number> = {}) => url(`/dwellings/${nangang.dwelling}/readings`, query)

describe('who may read a home', () => {
  const home = ofHome()
  test.each([
    ['city', 200],
    ['street', 200],
    ['dispatcher', 200],
    ['elsewhere', 404],
    ['otherFirm', 404],
    ['viewer', 403],
  ])('%s gets %i', async (account, status) => {
    const as = await api.as(account)
    expect((await as({ url: home })).statusCode).toBe(status)
  })

  test('a home out of scope looks like one that does not exist', async () => {
    const as = await api.as('elsewhere')
    const hidden = await as({ url: home })
    const missing = await as({ url: url('/dwellings/D-none/readings') })
    const withoutAddress = ({ instance: _, ...rest }: { instance: string }) => rest
    expect(withoutAddress(hidden.json())).toEqual(withoutAddress(missing.json()))
  })

  test.each(['/dwellings/D-none/readings', '/plants/source/none/readings?metric=power_supply'])(
    'for the whole city too, %s is not there',
    async (path) => {
      const as = await api.as('city')
      expect((await as({ url: `/api/v1${path}` })).json()).toMatchObject({ code: 'not_found', status: 404 })
    },
  )

  test('whether a home exists does not show to a role that may see none', async () => {
    const as = await api.as('viewer')
    expect((await as({ url: url('/dwellings/D-none/readings') })).statusCode).toBe(403)
  })

  test.each([
    ['viewer', 200],
    ['street', 200],
    ['dispatcher', 200],
    ['elsewhere', 404],
    ['otherFirm', 404],
  ])('of a plant %s gets %i', async (account, status) => {
    const as = await api.as(account)
    const metric = 'secondary_supply_temperature_c'
    const response = await as({ url: url(`/plants/circuit/${nangang.circuit}/readings`, { metric }) })
    expect(response.statusCode).toBe(status)
  })
})

describe('raw readings', () => {
  test('of the last day, oldest first, with quality and device', async () => {
    telemetry.add(nangang.probe, 'indoor_temperature_c', evening - hourMs, 20.5)
    telemetry.add(nangang.probe, 'indoor_temperature_c', evening - 2 * hourMs, 85, quality.fail)
    telemetry.add(nangang.probe, 'indoor_temperature_c', evening - 25 * hourMs, 19)
    telemetry.add(nangang.probe, 'humidity_pct', evening - hourMs, 40)
    const as = await api.as('street')
    expect((await as({ url: ofHome() })).json()).toEqual({
      metric: 'indoor_temperature_c',
      from: evening - 24 * hourMs,
      to: evening,
      items: [
        { at: evening - 2 * hourMs, value: 85, quality: 'fail', device: nangang.probe },
        { at: evening - hourMs, value: 20.5, quality: 'good', device: nangang.probe },
      ],
    })
  })

  test('in pages that neither lose nor repeat, also where two probes measure at once', async () => {
    const second = { ...(smallRegistry.device_period?.[0] as object), device: 'P-second' }
    await importSmallRegistry(api.ledger, {
      device: [{ id: 'P-second', kind: 'probe' }],
      device_period: [second],
    })
    for (let minute = 0; minute < 50; minute += 1) {
      for (const device of [nangang.probe, 'P-second']) {
        telemetry.add(device, 'indoor_temperature_c', evening - hourMs + minute * minuteMs, minute)
      }
    }
    const as = await api.as('street')
    for (const limit of [1, 3, 7]) {
      const values: number[] = []
      let cursor: string | undefined
      do {
        const page = (await as({ url: ofHome({ limit, ...(cursor && { cursor }) }) })).json()
        values.push(...page.items.map((item: { value: number }) => item.value))
        cursor = page.next
      } while (cursor)
      expect(values).toEqual(Array.from({ length: 100 }, (_, index) => Math.floor(index / 2)))
    }
  })

  test('a probe that was moved leaves its readings where it measured them', async () => {
    const moved = evening - 2 * hourMs
    const period = smallRegistry.device_period?.[0] as object
    await importSmallRegistry(api.ledger, {
      device_period: [
        { ...period, valid_to: moved },
        { ...period, place: nangang.otherDwelling, valid_from: moved },
      ],
    })
    telemetry.add(nangang.probe, 'indoor_temperature_c', moved - minuteMs, 18)
    telemetry.add(nangang.probe, 'indoor_temperature_c', moved, 22)
    const as = await api.as('street')
    const values = async (home: string) =>
      (await as({ url: url(`/dwellings/${home}/readings`) })).json().items.map((item: { value: number }) => item.value)
    expect(await values(nangang.dwelling)).toEqual([18])
    expect(await values(nangang.otherDwelling)).toEqual([22])
  })

  test('as CSV, all of them', async () => {
    for (let minute = 0; minute < 3; minute += 1) {
      telemetry.add(nangang.probe, 'indoor_temperature_c', evening - hourMs + minute * minuteMs, 20 + minute)
    }
    const as = await api.as('street')
    const response = await as({ url: ofHome({ format: 'csv' }) })
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(response.body).toBe(
      `\uFEFFat,value,quality,device\n2026-01-15T10:00:00.000Z,20,good,${nangang.probe}\n` +
        `2026-01-15T10:01:00.000Z,21,good,${nangang.probe}\n2026-01-15T10:02:00.000Z,22,good,${nangang.probe}\n`,
    )
  })
})

describe('a place', () => {
  test('a home says where it is, what its probe said last, and what is wrong', async () => {
    telemetry.add(nangang.probe, 'indoor_temperature_c', evening - hourMs, 15)
    telemetry.add(nangang.probe, 'indoor_temperature_c', evening - minuteMs, 15.5)
    const flag: StoredFlag = {
      key: 'f-1',
      subjectKind: 'dwelling',
      subject: nangang.dwelling,
      rule: 'below16',
      since: evening - hourMs,
      raisedAt: evening,
      history: false,
      where: { territory: ['harbin', 'nangang', nangang.subdistrict], firm: nangang.firm },
      ofDwelling: true,
    }
    await api.ledger.write((transaction) =>
      insertFlags(transaction, [flag, { ...flag, key: 'f-2', subject: daoli.dwelling }]),
    )
    const as = await api.as('street')
    expect((await as({ url: url(`/dwellings/${nangang.dwelling}`) })).json()).toMatchObject({
      dwelling: { id: nangang.dwelling, door: '101' },
      building: { id: nangang.building },
      where: {
        firm: nangang.firm,
        territoryNames: ['哈尔滨', 'nangang', nangang.subdistrict, nangang.community, nangang.estate],
      },
      period: { circuit: nangang.circuit, contract: 'heated' },
      devices: [
        {
          device: nangang.probe,
          since: registryBeginning,
          latest: [
            { metric: 'indoor_temperature_c', unit: '°C', at: evening - minuteMs, value: 15.5, quality: 'good' },
          ],
        },
      ],
      flags: [{ key: 'f-1' }],
    })
    expect((await as({ url: url(`/dwellings/${daoli.dwelling}`) })).statusCode).toBe(404)
  })

  test('a probe that came yesterday does not say what it measured elsewhere', async () => {
    const moved = evening - hourMs
    const period = smallRegistry.device_period?.[0] as object
    await importSmallRegistry(api.ledger, {
      device_period: [
        { ...period, valid_to: moved },
        { ...period, place: nangang.otherDwelling, valid_from: moved },
      ],
    })
    telemetry.add(nangang.probe, 'indoor_temperature_c', moved - minuteMs, 12)
    const as = await api.as('street')
    const devices = async (home: string) => (await as({ url: url(`/dwellings/${home}`) })).json().devices
    expect(await devices(nangang.dwelling)).toEqual([])
    expect(await devices(nangang.otherDwelling)).toEqual([{ device: nangang.probe, since: moved, latest: [] }])
  })

  test('a plant says what its sensors said last', async () => {
    telemetry.add(nangang.sensor, 'secondary_supply_temperature_c', evening - minuteMs, 41)
    const as = await api.as('viewer')
    expect((await as({ url: url(`/plants/circuit/${nangang.circuit}`) })).json()).toMatchObject({
      devices: [{ device: nangang.sensor, latest: [{ metric: 'secondary_supply_temperature_c', value: 41 }] }],
      flags: [],
    })
    expect((await (await api.as('elsewhere'))({ url: url(`/plants/circuit/${nangang.circuit}`) })).statusCode).toBe(404)
  })

  test('days of a home', async () => {
    const day = dayNumber('2026-01-14')
    const below = { belowTargetMs: 2, below16Ms: 3, below12Ms: 4, deficitTargetKh: 5, deficit16Kh: 6, deficit12Kh: 7 }
    const row = { day, dwelling: nangang.dwelling, device: nangang.probe, coveredMs: 1, ...below, minC: 18, meanC: 20 }
    await api.ledger.write((transaction) => saveDwellingDays(transaction, [row]))
    const as = await api.as('street')
    const days = async (query = {}) => (await as({ url: url(`/dwellings/${nangang.dwelling}/days`, query) })).json()
    expect((await days()).items).toMatchObject([
      { day: '2026-01-14', device: nangang.probe, belowTargetMs: 2, meanC: 20, stale: false },
    ])
    expect((await days({ from: '2026-01-15' })).items).toEqual([])
    expect(await days({ from: '2024-01-15' })).toMatchObject({ code: 'validation' })
    expect((await (await api.as('elsewhere'))({ url: url(`/dwellings/${nangang.dwelling}/days`) })).statusCode).toBe(
      404,
    )
  })
})

describe('by interval', () => {
  test('minimum, mean and maximum are of usable readings, counts of all', async () => {
    const values: [number, number, (typeof quality)[keyof typeof quality]][] = [
      [0, 20, quality.good],
      [10, 22, quality.unknown],
      [20, 85, quality.fail],
      [30, 39, quality.suspect],
      [70, 12, quality.fail],
      [190, 21, quality.good],
    ]
    const begin = evening - 5 * hourMs
    for (const [minute, value, code] of values) {
      telemetry.add(nangang.probe, 'indoor_temperature_c', begin + minute * minuteMs, value, code)
    }
    const as = await api.as('street')
    const { buckets } = (await as({ url: ofHome({ interval: '1h' }) })).json()
    expect(buckets).toEqual([
      {
        from: begin,
        to: begin + hourMs,
        count: 4,
        min: 20,
        mean: 21,
        max: 22,
        quality: { good: 1, unknown: 1, suspect: 1, fail: 1 },
      },
      {
        from: begin + hourMs,
        to: begin + 2 * hourMs,
        count: 1,
        quality: { good: 0, unknown: 0, suspect: 0, fail: 1 },
      },
      {
        from: begin + 3 * hourMs,
        to: begin + 4 * hourMs,
        count: 1,
        min: 21,
        mean: 21,
        max: 21,
        quality: { good: 1, unknown: 0, suspect: 0, fail: 0 },
      },
    ])
  })

  test('days are local days', async () => {
    const midnight = Date.parse('2026-01-15T00:00:00+08:00')
    telemetry.add(nangang.probe, 'indoor_temperature_c', midnight - 1, 18)
    telemetry.add(nangang.probe, 'indoor_temperature_c', midnight, 22)
    const as = await api.as('street')
    const from = '2026-01-13T12:00:00+08:00'
    const { buckets } = (await as({ url: ofHome({ interval: '1d', from }) })).json()
    expect(buckets.map(({ from, mean }: { from: number; mean: number }) => [from, mean])).toEqual([
      [midnight - 24 * hourMs, 18],
      [midnight, 22],
    ])
  })

  test('agrees with the raw readings however many there are', async () => {
    for (let second = 0; second < 12_000; second += 1) {
      telemetry.add(nangang.probe, 'indoor_temperature_c', evening - 4 * hourMs + second * 1_000, second % 7)
    }
    const as = await api.as('street')
    const { buckets } = (await as({ url: ofHome({ interval: '5m' }) })).json()
    expect(buckets.reduce((total: number, { count }: { count: number }) => total + count, 0)).toBe(12_000)
  })

  test.each([
    [{ interval: '30s' }, 'interval'],
    [{ interval: 'hour' }, 'interval'],
    [{ from: 'yesterday', limit: 0, format: 'xml' }, 'from'],
  ])('%o is refused', async (query, where) => {
    const as = await api.as('street')
    const response = await as({ url: ofHome(query as Record<string, string>) })
    expect(response.json()).toMatchObject({ code: 'validation', status: 400 })
    const named = response.json().errors.map((error: { where: string }) => error.where)
    expect(named.sort()).toEqual(
      Object.keys(query)
        .map((name) => `querystring/${name}`)
        .sort(),
    )
    expect(named).toContain(`querystring/${where}`)
  })

  test('times that no calendar has are refused', async () => {
    const as = await api.as('street')
    for (const more of ['', '&interval=1m', '&format=csv']) {
      const response = await as({ url: `${ofHome({ from: 8_999_999_999_990_000, to: 9_000_000_000_000_000 })}${more}` })
      expect(response.json()).toMatchObject({ status: 400, code: 'validation' })
    }
  })

  test('more intervals than a chart has pixels are refused', async () => {
    const as = await api.as('street')
    const response = await as({ url: ofHome({ interval: '1m', from: registryBeginning }) })
    expect(response.json()).toMatchObject({ code: 'validation', detail: expect.stringContaining('intervals') })
  })
})
