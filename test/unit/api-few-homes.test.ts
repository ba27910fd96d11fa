import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { placesOfFewHomes } from '#domain/few-homes.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { sumFirms } from '#store/ledger/firm-days.ts'
import type { FirmProbes } from '#store/ledger/firm-probes.ts'
import { emptySums } from '#store/ledger/ranking-sums.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { hideFewHomes } from '../../api/ranking/firm-cells.ts'
import { smallCity } from '../contract/registry-city.ts'
import { evening, makeTestApi, type TestApi } from '../support/api.ts'
import { newLedger } from '../support/new-ledger.ts'
import { rankedFrom } from '../support/ranked-ledger.ts'

/** Measured homes of each firm in each estate. Xueyuan and Dayuan are one community of Nangang. */
const homes = { xueyuan: { F1: 3, F2: 12 }, dayuan: { F1: 40, F2: 15 }, minsheng: { F1: 5, F2: 60 } }

let api: TestApi
beforeEach(async () => {
  const ledger = await newLedger()
  const city = smallCity()
  const estate = { kind: 'estate' as const, name: '小区' }
  const rows = {
    ...city,
    territory: [
      ...city.territory,
      { ...estate, id: 'dayuan', parent: 'qingbin' },
      { id: 'taiping', kind: 'subdistrict' as const, parent: 'daowai', name: '太平街道' },
      { id: 'minzhu', kind: 'community' as const, parent: 'taiping', name: '民主社区' },
      { ...estate, id: 'minsheng', parent: 'minzhu' },
    ],
  }
  const imported = await importRegistry(ledger, { rows }, { actor: 'test', now: () => evening })
  if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
  const places = Object.entries(homes).flatMap(([estate, firms]) =>
    Object.entries(firms).map(([firm, probes]) => ({
      ...{ ...emptySums, home_days: probes, area_minutes: probes, homes: probes, probes },
      ...{ day: rankedFrom, circuit: `${estate}-${firm}`, building: estate, estate, firm },
    })),
  )
  await ledger.write(async (transaction) => {
    await transaction.insertInto('roll_up_day').values(places).execute()
    await sumFirms(transaction, rankedFrom)
  })
  api = await makeTestApi({ ledger })
  await api.account('viewer', 'viewer')
  await api.account('viewerF1', 'viewer', { kind: 'firm', id: 'F1' })
  await api.account('city', 'regulator')
})
afterEach(() => api.close())

const day = dayText(rankedFrom)

async function probes(account: string, level: string, territory: string): Promise<Record<string, number> | number> {
  const url = `/api/v1/dwelling-day-roll-ups?level=${level}&territory=${territory}&from=${day}&to=${day}`
  const answer = await (await api.as(account))({ url })
  if (answer.statusCode !== 200) return answer.statusCode
  return Object.fromEntries(
    answer.json().items.map(({ place, probes }: { place: string; probes: number }) => [place, probes]),
  )
}

describe('whoever may not see homes', () => {
  test('gets whole places, never the part of a larger one that lies in a small one', async () => {
    expect(await probes('viewer', 'district', 'harbin')).toEqual({ nangang: 70, daowai: 65 })
    expect(await probes('viewer', 'estate', 'qingbin')).toEqual({ xueyuan: 15, dayuan: 55 })
    for (const level of ['city', 'district', 'community']) expect(await probes('viewer', level, 'xueyuan')).toEqual({})
    expect(await probes('city', 'district', 'xueyuan')).toEqual({ nangang: 15 })
  })

  test('gets firms of the city and of districts only: those of smaller places differ by some homes', async () => {
    expect(await probes('viewer', 'firm', 'dayuan')).toBe(403)
    expect(await probes('city', 'firm', 'dayuan')).toEqual({ F1: 40, F2: 15 })
  })

  test('gets no firm whose figures tell of another one with few homes beside it', async () => {
    // In Daowai F1 has five homes: who knows the district and F2 there, or F1 in the city and in Nangang, knows them.
    expect(await probes('viewer', 'firm', 'daowai')).toEqual({})
    expect(await probes('viewer', 'firm', 'nangang')).toEqual({})
    expect(await probes('viewer', 'firm', 'harbin')).toEqual({ F1: 48, F2: 87 })
  })

  test("gets of a firm's places those where the firm itself has enough homes", async () => {
    expect(await probes('viewerF1', 'estate', 'harbin')).toEqual({})
    expect(await probes('viewerF1', 'city', 'harbin')).toEqual({ harbin: 48 })
  })
})

/** Whether an unknown follows from equations between unknowns: whether its unit vector is a sum of theirs. */
function follows(unknown: number, equations: readonly (readonly number[])[]): boolean {
  const rest = equations.map((equation) => [...equation])
  const wanted = equations[0]?.map((_, index) => (index === unknown ? 1 : 0)) ?? []
  for (let column = 0; column < wanted.length; column += 1) {
    const pivot = rest.findIndex((row) => Math.abs(row[column] ?? 0) > 1e-9)
    if (pivot < 0) continue
    const [by = []] = rest.splice(pivot, 1)
    for (const row of [...rest, wanted]) {
      const factor = (row[column] ?? 0) / (by[column] ?? 1)
      for (let index = column; index < row.length; index += 1)
        row[index] = (row[index] ?? 0) - factor * (by[index] ?? 0)
    }
  }
  return wanted.every((value) => Math.abs(value) < 1e-6)
}

test('no few homes of a firm follow from what is shown, where they do not follow from sums alone', () => {
  const table = fc.integer({ min: 1, max: 5 }).chain((districts) => {
    const homesIn = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 60 }))
    return fc.array(fc.array(homesIn, { minLength: districts, maxLength: districts }), { minLength: 1, maxLength: 6 })
  })
  fc.assert(
    fc.property(table, (rows) => {
      const firms = rows.map((row, index) => ({ id: `F${index}`, homes: row.reduce((sum, homes) => sum + homes, 0) }))
      const districts = (rows[0] ?? []).map((_, index) => {
        return { id: `D${index}`, homes: rows.reduce((sum, row) => sum + (row[index] ?? 0), 0) }
      })
      const city = firms.reduce((sum, { homes }) => sum + homes, 0)
      // Of a smaller city nothing is shown.
      fc.pre(city >= 10)
      const cells = rows.flatMap((row, firm) =>
        row.flatMap((probes, district) =>
          probes === 0 ? [] : [{ firm: `F${firm}`, district: `D${district}`, probes }],
        ),
      )
      const { inCity, inDistrict } = hideFewHomes(cells, 10)
      const measured = [...districts.map(({ homes }) => homes), city]
      const few = placesOfFewHomes(measured, [{ parent: districts.length, children: [...districts.keys()] }], 10)
      const hiddenDistricts = districts.filter((_, index) => few[index] === 1).map(({ id }) => id)
      const sums = [...inCity, ...hiddenDistricts]
      const followsWhere = (hidden: readonly FirmProbes[], one: FirmProbes | string) => {
        const unknown = [...hidden, ...sums]
        const lineOf = (kind: 'firm' | 'district', id: string) =>
          unknown.map((one) => (typeof one === 'string' ? (one === id ? -1 : 0) : one[kind] === id ? 1 : 0))
        const sumOf = (ids: readonly string[]) => unknown.map((one) => (ids.includes(one as string) ? 1 : 0))
        const equations = [
          ...firms.map(({ id }) => lineOf('firm', id)),
          ...districts.map(({ id }) => lineOf('district', id)),
          ...[sumOf([...inCity]), sumOf(hiddenDistricts)],
        ]
        return follows(unknown.indexOf(one), equations)
      }
      const fewCells = cells.filter(({ probes }) => probes < 10)
      const fewFirms = firms.filter(({ homes }) => homes > 0 && homes < 10).map(({ id }) => id)
      expect([...inDistrict]).toEqual(expect.arrayContaining(fewCells))
      expect([...inCity]).toEqual(expect.arrayContaining(fewFirms))
      for (const one of [...fewCells, ...fewFirms]) {
        const told = followsWhere([...inDistrict], one)
        expect(told, JSON.stringify({ rows, one })).toBe(followsWhere(cells, one))
      }
    }),
    { numRuns: 1_000 },
  )
})
