import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RegistryRow, type RegistryTable, registryTableNames, registryTables } from '#domain/registry.ts'
import { makeCity } from '../../simulators/city.ts'
import { demoGatewayId, demoProbeId } from '../../simulators/estate-rows.ts'
import { registryCsv } from '../../simulators/registry-csv.ts'

const city = makeCity({ seed: 1, dwellings: 1200 })
const rows = <T extends RegistryTable>(table: T) => city.registry[table] as readonly RegistryRow<T>[]

describe('the default city', () => {
  it('has 6 firms, 12 plants, 60 buildings, 1,200 dwellings and probes in about half of them', () => {
    expect(rows('firm')).toHaveLength(6)
    expect(rows('source').length + rows('substation').length).toBe(12)
    expect(rows('building')).toHaveLength(60)
    expect(rows('dwelling')).toHaveLength(1200)
    const probes = rows('device').filter(({ kind }) => kind === 'probe')
    expect(probes.length).toBeGreaterThan(540)
    expect(probes.length).toBeLessThan(660)
    expect(new Set(rows('circuit').map(({ zone }) => zone))).toEqual(new Set(['low', 'middle', 'high']))
  })

  it.each(registryTableNames)('has only valid %s rows, each key once', (table) => {
    const { schema, key } = registryTables[table]
    const keys = new Set<string>()
    for (const row of rows(table)) {
      expect(schema.safeParse(row).error?.issues).toBeUndefined()
      keys.add(key.map((column) => (row as Record<string, unknown>)[column]).join(' '))
    }
    expect(keys.size).toBe(rows(table).length)
  })

  it('refers only to what is there, every territory node to one of the kind above it', () => {
    for (const table of registryTableNames) {
      for (const [column, target] of Object.entries(registryTables[table].references)) {
        for (const row of rows(table) as unknown as Readonly<Record<string, string | undefined>>[]) {
          const value = row[column]
          if (value === undefined) continue
          const wanted = typeof target === 'string' ? target : (row[target.kindColumn] ?? '')
          const ids = idsOf(wanted === 'district' ? 'territory' : (wanted as RegistryTable))
          expect(ids.has(value), `${table}.${column} = ${value}`).toBe(true)
        }
      }
    }
    const kinds = ['city', 'district', 'subdistrict', 'community', 'estate']
    const kindOf = new Map(rows('territory').map((node) => [node.id, node.kind as string]))
    for (const node of rows('territory')) {
      expect(kinds.indexOf(kindOf.get(node.parent ?? '') ?? '')).toBe(kinds.indexOf(node.kind) - 1)
    }
  })

  const idCache = new Map<string, ReadonlySet<string>>()
  function idsOf(table: RegistryTable): ReadonlySet<string> {
    const known = idCache.get(table) ?? new Set(rows(table).map((row) => (row as { id: string }).id))
    idCache.set(table, known)
    return known
  }

  it('keeps one gateway with one probe in a heated home for a person to publish with', () => {
    const [period, ...more] = rows('device_period').filter(({ gateway }) => gateway === demoGatewayId)
    expect(more).toEqual([])
    expect(period?.device).toBe(demoProbeId)
    const home = rows('dwelling_period').filter(({ dwelling }) => dwelling === period?.place)
    expect(home.map(({ contract }) => contract)).toEqual(['heated'])
    expect(rows('device_period').filter(({ place }) => place === period?.place)).toHaveLength(1)
    expect(city.gateways.some(({ id }) => id === demoGatewayId)).toBe(false)
  })

  it('is the same for the same seed and another for another', () => {
    expect(makeCity({ seed: 1, dwellings: 1200 }).registry).toEqual(city.registry)
    expect(makeCity({ seed: 2, dwellings: 1200 }).registry.dwelling_period).not.toEqual(city.registry.dwelling_period)
  })

  it.each([4, 60, 3000, 25_000])('has exactly %i dwellings when asked for', (dwellings) => {
    const other = makeCity({ seed: 3, dwellings })
    expect(other.registry.dwelling).toHaveLength(dwellings)
    expect(other.dwellings.every((home) => other.circuits[home.circuit] !== undefined)).toBe(true)
  })

  it('refuses a size that is no city', () => {
    expect(() => makeCity({ seed: 1, dwellings: 3 })).toThrow(RangeError)
  })
})

describe('registryCsv', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmcity-csv-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('writes the same rows that the city has, one file a table, as the registry reads them', async () => {
    const counts = await registryCsv({ seed: 1, dwellings: 1200, folder })
    for (const table of registryTableNames) {
      const text = await readFile(join(folder, `${table}.csv`), 'utf8')
      const records = parse(text, { columns: true }) as Record<string, string>[]
      const read = records.map((record) =>
        registryTables[table].schema.parse(
          Object.fromEntries(Object.entries(record).filter(([, value]) => value !== '')),
        ),
      )
      expect(read).toEqual(rows(table))
      expect(counts[table]).toBe(read.length)
    }
  })

  it('passes on that a folder cannot be written', async () => {
    await expect(registryCsv({ seed: 1, dwellings: 60, folder: '/dev/null/x' })).rejects.toThrow(/ENOTDIR/)
  })
})
