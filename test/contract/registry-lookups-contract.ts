import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inScope } from '#domain/account.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { allRows, currentRow, entriesAt, keyOf, listRows } from '#store/ledger/registry-lookups.ts'
import {
  devicesAt,
  dwellingWhereabouts,
  gatewayWhereabouts,
  plantsOfFirm,
  plantWhereabouts,
  territoryPath,
} from '#store/ledger/registry-places.ts'
import { home, probe, seasonStart, smallCity } from './registry-city.ts'
import { registryHands } from './registry-hands.ts'

const day = 86_400_000
const at = seasonStart + day

/** What every ledger's registry must answer. `open` gives an empty ledger of its own to each test. */
export function registryLookupsContract(name: string, open: () => Promise<Ledger>): void {
  describe(`registry lookups in ${name}`, () => {
    let ledger: Ledger
    beforeEach(async () => {
      ledger = await open()
      await taken(smallCity())
    })
    afterEach(() => ledger.close())
    const { taken } = registryHands(() => ledger)
    const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

    test('the tree is browsed from the city down to the homes', async () => {
      const below = async (table: 'territory' | 'building' | 'entrance' | 'dwelling', parent: string) =>
        ids(await listRows(ledger.db, table, { parent }, { limit: 10 }))
      expect(await below('territory', 'harbin')).toEqual(['daowai', 'nangang'])
      expect(await below('territory', 'qingbin')).toEqual(['xueyuan'])
      expect(await below('building', 'xueyuan')).toEqual(['B1'])
      expect(await below('entrance', 'B1')).toEqual(['B1-1'])
      expect(await below('dwelling', 'B1-1')).toEqual(['D-0101', 'D-1802'])
      expect(ids(await territoryPath(ledger.db, 'xueyuan'))).toEqual([
        'harbin',
        'nangang',
        'hualin',
        'qingbin',
        'xueyuan',
      ])
      expect(await territoryPath(ledger.db, 'nowhere')).toEqual([])
    })

    test('lists are paged, and search finds names in both languages and the beginnings of ids', async () => {
      const search = async (text: string) =>
        ids(await listRows(ledger.db, 'territory', { search: text }, { limit: 10 }))
      expect(await search('区')).toEqual(['daowai', 'nangang', 'qingbin', 'xueyuan'])
      expect(await search('HARB')).toEqual(['harbin'])
      expect(await search('nan')).toEqual(['nangang'])
      expect(await search('%')).toEqual([])
      expect(ids(await listRows(ledger.db, 'dwelling', { search: 'D-1' }, { limit: 10 }))).toEqual(['D-1802'])

      const first = await listRows(ledger.db, 'territory', {}, { limit: 4 })
      const last = first.at(-1)
      const rest = await listRows(ledger.db, 'territory', {}, { limit: 4, after: last && keyOf('territory', last) })
      expect(ids([...first, ...rest])).toEqual(['daowai', 'harbin', 'hualin', 'nangang', 'qingbin', 'xueyuan'])
    })

    test('a list shows what is known now: a correction takes the place of the row, and the row’s old place is empty', async () => {
      await taken({
        territory: [{ id: 'laodong', kind: 'estate', parent: 'qingbin', name: '劳动小区' }],
        building: [{ id: 'B1', estate: 'laodong', name: '甲号楼', floors: 18 }],
      })
      const search = async (text: string) => ids(await listRows(ledger.db, 'building', { search: text }, { limit: 10 }))
      expect(await search('1号')).toEqual([])
      expect(await search('甲')).toEqual(['B1'])
      expect(await listRows(ledger.db, 'building', { parent: 'xueyuan' }, { limit: 10 })).toEqual([])
      expect(await currentRow(ledger.db, 'building', 'B1')).not.toHaveProperty('built_year')
    })

    test('everything below a node of territory is found, and nothing beside it', async () => {
      await taken({
        territory: [
          { id: 'xiangyang', kind: 'subdistrict', parent: 'daowai', name: '向阳街道' },
          { id: 'zhonghai', kind: 'community', parent: 'xiangyang', name: '中海社区' },
          { id: 'yonghe', kind: 'estate', parent: 'zhonghai', name: '永和小区' },
        ],
        source: [{ id: 'S9', kind: 'chp', district: 'daowai', name: '热电厂' }],
        substation: [{ id: 'T9', territory: 'yonghe', name: '永和站' }],
        circuit: [{ id: 'T9-L', substation: 'T9', zone: 'low', pumps: 1, name: '低区' }],
        building: [{ id: 'B9', estate: 'yonghe', name: '9号楼', floors: 6 }],
        entrance: [{ id: 'B9-1', building: 'B9', name: '1单元' }],
        dwelling: [{ id: 'D-9', entrance: 'B9-1', door: '101' }],
      })
      const tables = ['source', 'substation', 'circuit', 'building', 'entrance', 'dwelling'] as const
      const below = async (territory: string) => {
        const found: string[] = []
        for (const table of tables) found.push(...ids(await listRows(ledger.db, table, { territory }, { limit: 10 })))
        return found
      }
      expect(await below('daowai')).toEqual(['S9', 'T9', 'T9-L', 'B9', 'B9-1', 'D-9'])
      expect(await below('xiangyang')).toEqual(['T9', 'T9-L', 'B9', 'B9-1', 'D-9'])
      expect(await below('hualin')).toEqual(['T1', 'T1-H', 'T1-L', 'B1', 'B1-1', 'D-0101', 'D-1802'])
      expect(await below('harbin')).toHaveLength(14)
      expect(await below('nowhere')).toEqual([])
      await taken({ territory: [{ id: 'other', kind: 'city', name: '另一市' }] })
      expect(await below('harbin')).toHaveLength(14)
      expect(await below('other')).toEqual([])
    })

    test('a dwelling’s whereabouts follow the circuit that feeds it and who operates that, at the time asked for', async () => {
      const of = (id: string, when: number) => dwellingWhereabouts(ledger.db, id, when)
      expect(await of('D-0101', at)).toMatchObject({
        territory: ['harbin', 'nangang', 'hualin', 'qingbin', 'xueyuan'],
        territoryNames: ['哈尔滨市', '南岗区', '花园街道', '清滨社区', '学苑小区'],
        firm: 'F1',
        firmName: '哈尔滨热力',
        building: { id: 'B1' },
        period: { circuit: 'T1-L' },
      })
      expect(await of('D-1802', at)).toMatchObject({ firm: 'F2' })
      expect(await of('D-0101', seasonStart - 1)).toMatchObject({ firm: undefined, period: undefined })
      expect(await of('D-none', at)).toBeUndefined()
      await taken({ dwelling_period: [home('D-0101', 'T1-H', { valid_from: at + day })] })
      expect(await of('D-0101', at)).toMatchObject({ firm: 'F1' })
      const moved = await of('D-0101', at + day)
      expect(moved).toMatchObject({ firm: 'F2' })
      expect(moved && inScope({ kind: 'firm', id: 'F2' }, moved)).toBe(true)
      expect(moved && inScope({ kind: 'territory', id: 'nangang' }, moved)).toBe(true)
      expect(moved && inScope({ kind: 'territory', id: 'daowai' }, moved)).toBe(false)
    })

    test('a plant has its own operator, or a circuit its substation’s, as of a time', async () => {
      const firmOf = async (kind: 'source' | 'substation' | 'circuit', id: string, when = at) =>
        (await plantWhereabouts(ledger.db, kind, id, when))?.firm
      expect(await firmOf('circuit', 'T1-L')).toBe('F1')
      expect(await firmOf('circuit', 'T1-H')).toBe('F2')
      expect(await firmOf('source', 'S1')).toBeUndefined()
      expect((await plantWhereabouts(ledger.db, 'source', 'S1', at))?.territory).toEqual(['harbin', 'nangang'])
      expect(await plantWhereabouts(ledger.db, 'circuit', 'T7', at)).toBeUndefined()
      expect(await plantsOfFirm(ledger.db, 'F1', at)).toEqual([
        { kind: 'circuit', id: 'T1-L' },
        { kind: 'substation', id: 'T1' },
      ])
      await taken({
        plant_period: [{ plant_kind: 'circuit', plant: 'T1-H', firm: 'F2', valid_from: seasonStart, valid_to: at }],
      })
      expect(await firmOf('circuit', 'T1-H', at - 1)).toBe('F2')
      expect(await firmOf('circuit', 'T1-H', at)).toBe('F1')
      expect(await plantsOfFirm(ledger.db, 'F2', at)).toEqual([])
      expect(await plantsOfFirm(ledger.db, 'F1', at)).toHaveLength(3)
      expect((await gatewayWhereabouts(ledger.db, 'GW-1'))?.territory.at(-1)).toBe('xueyuan')
    })

    test('the devices of a place are those that stand there at the time', async () => {
      const there = async (place: string, when: number) =>
        (await devicesAt(ledger.db, 'dwelling', place, when)).map(({ device }) => device)
      await taken({
        device: [{ id: 'P-2', kind: 'probe' }],
        device_period: [probe('P-2', 'D-0101', { valid_to: at }), probe('P-1', 'D-1802', { valid_from: at })],
      })
      expect(await there('D-0101', at - 1)).toEqual(['P-1', 'P-2'])
      expect(await there('D-0101', at)).toEqual([])
      expect(await there('D-1802', at)).toEqual(['P-1'])
      expect(await devicesAt(ledger.db, 'circuit', 'D-1802', at)).toEqual([])
      expect(await entriesAt(ledger.db, 'device_period', { gateway: 'GW-1' }, at, { limit: 5 })).toHaveLength(1)
    })

    test('all rows of a table are walked page by page, each once', async () => {
      const seen: string[] = []
      let after: (string | number)[] | undefined
      for (;;) {
        const rows = await allRows(ledger.db, 'plant_period', { after, limit: 1 })
        const last = rows.at(-1)
        if (!last) break
        seen.push(last.plant)
        after = keyOf('plant_period', last)
      }
      expect(seen).toEqual(['T1-H', 'T1'])
    })
  })
}
