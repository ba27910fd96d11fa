import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LiveRollUp, RollUpFigures } from '#domain/live-roll-up.ts'
import type { RollUpLevel } from '#domain/telemetry-names.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { watchNewestRollUp } from '../../api/roll-ups/newest.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { type MemoryRollUps, memoryRollUps } from '../support/memory-roll-ups.ts'
import { importSmallRegistry } from '../support/small-registry.ts'

const period = 10 * minuteMs
const newest = evening - 2 * period
const homes = { dwellings_heated: 60, dwellings_measured: 55, indoor_mean_c: 21.5, flags_notice: 3 } as const
const plant = { secondary_supply_temperature_c: 58.2, curve_supply_c: 60 } as const

let api: TestApi
let store: MemoryRollUps

const rollUp = (
  level: RollUpLevel,
  id: string,
  at: number,
  figures: RollUpFigures = homes,
  few = false,
): LiveRollUp => ({
  place: { level, id, name: id },
  at,
  few,
  figures,
})

beforeEach(async () => {
  store = memoryRollUps()
  api = await makeTestApi({ rollUps: store })
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('viewer', 'viewer')
  await api.account('street', 'streetOffice', { kind: 'territory', id: 'nangang' })
  await api.account('dispatcher', 'firmDispatcher', { kind: 'firm', id: 'firm-nangang' })
})
afterEach(() => api.close())

async function get(account: string, url: string) {
  const ask = await api.as(account)
  const response = await ask({ method: 'GET', url: `/api/v1${url}` })
  return { status: response.statusCode, body: response.json() }
}

describe('history of a place', () => {
  test('is its periods, or hours and days made of them', async () => {
    const at = (index: number) => evening - 2 * hourMs + index * period
    await store.writeRollUps(
      [20, 21, 22, 23, 24, 25, 26].map((mean, index) =>
        rollUp('building', 'building-nangang', at(index), {
          dwellings_measured: 50 + index,
          indoor_mean_c: mean,
          degree_hours_below_target: 1.5,
        }),
      ),
    )
    const url = `/roll-ups/building/building-nangang?from=${at(0)}&to=${evening}`
    const all = await get('city', url)
    expect(all.body.items).toHaveLength(7)
    expect(all.body.items[1]).toEqual({
      at: at(1),
      periods: 1,
      few: false,
      figures: { dwellings_measured: 51, indoor_mean_c: 21, degree_hours_below_target: 1.5 },
    })
    expect((await get('city', `${url}&period=1h`)).body.items).toEqual([
      {
        at: at(0),
        periods: 6,
        few: false,
        figures: { dwellings_measured: 53, indoor_mean_c: 22.5, degree_hours_below_target: 9 },
      },
      {
        at: at(6),
        periods: 1,
        few: false,
        figures: { dwellings_measured: 56, indoor_mean_c: 26, degree_hours_below_target: 1.5 },
      },
    ])
    const [day] = (await get('city', `${url}&period=1d`)).body.items
    expect(day).toMatchObject({
      at: Date.parse('2026-01-15T00:00:00+08:00'),
      periods: 7,
      figures: { indoor_mean_c: 23 },
    })
  })

  test('is there for those who see the place, and not there for others', async () => {
    const places = [
      ['building', 'building-nangang', ['city', 'viewer', 'street', 'dispatcher']],
      ['circuit', 'circuit-nangang', ['city', 'viewer', 'street', 'dispatcher']],
      ['source', 'source-daoli', ['city', 'viewer']],
      ['firm', 'firm-nangang', ['city', 'viewer', 'dispatcher']],
      ['firm', 'firm-daoli', ['city', 'viewer']],
      ['district', 'nangang', ['city', 'viewer', 'street']],
      ['district', 'daoli', ['city', 'viewer']],
      ['city', 'harbin', ['city', 'viewer']],
    ] as const
    for (const [level, id, seenBy] of places) {
      await store.writeRollUps([rollUp(level, id, newest)])
      for (const account of ['city', 'viewer', 'street', 'dispatcher'] as const) {
        const { status } = await get(account, `/roll-ups/${level}/${id}`)
        expect(status, `${account} asks for ${level} ${id}`).toBe(
          (seenBy as readonly string[]).includes(account) ? 200 : 404,
        )
      }
    }
  })

  test('tells of few homes only those who may see homes, in longer periods as well', async () => {
    await store.writeRollUps([
      rollUp('circuit', 'circuit-nangang', newest - period, { ...homes, ...plant }),
      rollUp(
        'circuit',
        'circuit-nangang',
        newest,
        { ...homes, ...plant, indoor_mean_c: 12, dwellings_measured: 6 },
        true,
      ),
    ])
    const url = `/roll-ups/circuit/circuit-nangang`
    const hidden = (await get('viewer', url)).body.items
    expect(hidden[1]).toEqual({
      at: newest,
      periods: 1,
      few: true,
      figures: { dwellings_heated: 60, dwellings_measured: 6, ...plant },
    })
    expect((await get('street', url)).body.items[1].figures).toMatchObject({ indoor_mean_c: 12, flags_notice: 3 })
    const [hour] = (await get('viewer', `${url}?period=1d`)).body.items
    expect(hour).toMatchObject({ periods: 2, few: true, figures: { indoor_mean_c: 21.5 } })
  })

  test('has a bound, and a beginning before its end', async () => {
    const url = `/roll-ups/city/harbin?from=${evening - 60 * 24 * hourMs}&to=${evening}`
    expect((await get('city', url)).status).toBe(400)
    expect((await get('city', `${url}&period=1h`)).status).toBe(200)
    expect((await get('city', `/roll-ups/city/harbin?from=${evening}&to=${evening}`)).status).toBe(400)
  })
})

describe('the overview', () => {
  const ids = (body: { places: { level: string; id: string }[] }) =>
    body.places.map(({ level, id }) => `${level}/${id}`)

  test('is the newest period of every place above the buildings, with its age', async () => {
    await store.writeRollUps([
      rollUp('city', 'harbin', newest - period),
      rollUp('city', 'harbin', newest, { ...homes, outdoor_temperature_c: -20 }),
      rollUp('circuit', 'circuit-daoli', newest, { ...homes, ...plant }),
      rollUp('building', 'building-daoli', newest),
    ])
    const { body } = await get('city', '/overview')
    expect(body).toMatchObject({ at: newest, periodMs: period, ageMs: period })
    expect(ids(body)).toEqual([
      'city/harbin',
      'district/daoli',
      'district/nangang',
      'firm/firm-daoli',
      'firm/firm-nangang',
      'source/source-daoli',
      'source/source-nangang',
      'substation/station-daoli',
      'substation/station-nangang',
      'circuit/circuit-daoli',
      'circuit/circuit-nangang',
    ])
    expect(body.places[0]).toMatchObject({
      name: '哈尔滨',
      figures: { outdoor_temperature_c: -20, indoor_mean_c: 21.5 },
    })
    expect(body.places[9]).toEqual({
      level: 'circuit',
      id: 'circuit-daoli',
      name: 'circuit-daoli',
      district: 'daoli',
      firm: 'firm-daoli',
      source: 'source-daoli',
      substation: 'station-daoli',
      few: false,
      figures: homes,
    })
    expect(body.places[1]).toMatchObject({ id: 'daoli', figures: {} })
    expect(ids((await get('city', '/overview?level=district&level=firm')).body)).toHaveLength(4)
  })

  test('has what lies in the scope and nothing else', async () => {
    await store.writeRollUps([rollUp('city', 'harbin', newest)])
    expect(ids((await get('street', '/overview')).body)).toEqual([
      'district/nangang',
      'source/source-nangang',
      'substation/station-nangang',
      'circuit/circuit-nangang',
    ])
    expect(ids((await get('dispatcher', '/overview')).body)).toEqual([
      'firm/firm-nangang',
      'source/source-nangang',
      'substation/station-nangang',
      'circuit/circuit-nangang',
    ])
  })

  test('hides figures of few homes from those who may not see homes', async () => {
    await store.writeRollUps([rollUp('city', 'harbin', newest), rollUp('district', 'daoli', newest, homes, true)])
    const figuresFor = async (account: string) => {
      const { body } = await get(account, '/overview?level=district')
      return body.places[0]
    }
    expect(await figuresFor('city')).toMatchObject({ few: true, figures: homes })
    expect(await figuresFor('viewer')).toMatchObject({
      few: true,
      figures: { dwellings_heated: 60, dwellings_measured: 55 },
    })
    expect((await figuresFor('viewer')).figures).not.toHaveProperty('indoor_mean_c')
  })

  test('names the places before there is any period', async () => {
    const { body } = await get('city', '/overview?level=city')
    expect(body).toEqual({
      periodMs: period,
      places: [{ level: 'city', id: 'harbin', name: '哈尔滨', few: false, figures: {} }],
    })
  })
})

test('whoever watches hears of each new period once, and of failures', async () => {
  const heard: number[] = []
  const errors: unknown[] = []
  const answers: (number | undefined | Error)[] = [undefined, 10, 10, new Error('away'), 20, 20, 30]
  await new Promise<void>((resolve) => {
    const watching = watchNewestRollUp({
      rollUps: {
        async newestRollUpAt() {
          const answer = answers.shift()
          if (answers.length === 0) {
            watching.close()
            resolve()
          }
          if (answer instanceof Error) throw answer
          return answer
        },
      },
      pollMs: 1,
      onNew: (at) => heard.push(at),
      onError: (error) => errors.push(error),
    })
  })
  expect(heard).toEqual([10, 20])
  expect(errors).toHaveLength(1)
})
