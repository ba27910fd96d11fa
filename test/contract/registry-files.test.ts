import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { registryTableNames } from '#domain/registry.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { exportRegistry } from '#store/ledger/registry-export.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { allRows, currentRow } from '#store/ledger/registry-lookups.ts'
import { newLedger } from '../support/new-ledger.ts'
import { home, seasonStart, smallCity } from './registry-city.ts'
import { importOptions, registryHands } from './registry-hands.ts'

let ledger: Ledger
let folder: string
beforeEach(async () => {
  ledger = await newLedger()
  folder = await mkdtemp(join(tmpdir(), 'registry-files-'))
})
afterEach(async () => {
  await ledger.close()
  await rm(folder, { recursive: true })
})

const { taken, read, problemsOfFile } = registryHands(() => ledger)
const file = async (name: string, text: string | Buffer) => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}
const shown = async (path: string) =>
  (await problemsOfFile(path)).map(({ file, line, column, reason }) => `${file}:${line} ${column}: ${reason}`)

test.each(['csv', 'json'] as const)(
  'an export as %s, read into another ledger and again, is the same registry',
  async (format) => {
    await taken(smallCity())
    await taken({ dwelling_period: [home('D-0101', 'T1-L', { valid_from: seasonStart + 1, contract: 'suspended' })] })
    const target = format === 'csv' ? join(folder, 'out') : join(folder, 'out.json')
    await exportRegistry(ledger.db, target, format)
    expect(await read(target)).toMatchObject({ ok: true, changed: false })

    const other = await newLedger()
    expect(await importRegistry(other, { path: target }, importOptions)).toMatchObject({ ok: true, changed: true })
    for (const table of registryTableNames) {
      expect(await allRows(other.db, table, { limit: 100 })).toEqual(await allRows(ledger.db, table, { limit: 100 }))
    }
    await other.close()
  },
)

test('a file that cannot be read is named', async () => {
  await mkdir(join(folder, 'building.csv'))
  expect(await shown(folder)).toEqual(['building.csv:1 : it cannot be read (EISDIR)'])
})

test('an export as of a time holds only the entries in force then', async () => {
  await taken(smallCity())
  await taken({ dwelling_period: [home('D-0101', 'T1-L', { valid_from: seasonStart + 9, contract: 'suspended' })] })
  const target = join(folder, 'then')
  await exportRegistry(ledger.db, target, 'csv', seasonStart + 5)
  const periods = await readFile(join(target, 'dwelling_period.csv'), 'utf8')
  expect(periods).not.toContain('suspended')
  expect(periods.trimEnd().split('\n')).toHaveLength(3)
  expect((await readdir(target)).sort()).toEqual(registryTableNames.map((table) => `${table}.csv`).sort())
})

test('JSON goes to a stream, and is JSON', async () => {
  await taken(smallCity())
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  await exportRegistry(ledger.db, stream, 'json')
  expect(JSON.parse(text).device).toEqual(smallCity().device)
})

test('no cell of an export is taken for a formula, and every text comes back as it was', async () => {
  const names = fc.stringMatching(/^['=+\-@＝＋－＠a";, 1号]{1,6}$/).filter((name) => name.trim() === name)
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(names, { minLength: 1, maxLength: 8 }), async (some) => {
      const one = await newLedger()
      const firm = some.map((name, index) => ({ id: `F-${index}`, name, role: 'both' }))
      expect(await importRegistry(one, { rows: { firm } }, importOptions)).toMatchObject({ ok: true })
      run += 1
      const target = join(folder, `formulas-${run}`)
      await exportRegistry(one.db, target, 'csv')
      const csv = await readFile(join(target, 'firm.csv'), 'utf8')
      for (const cell of (parse(csv) as string[][]).flat()) expect(cell).not.toMatch(/^[=+\-@＝＋－＠]/)
      expect(await importRegistry(one, { path: target }, importOptions)).toMatchObject({ ok: true, changed: false })
      await one.close()
    }),
    { numRuns: 30 },
  )
})

test('CSV as spreadsheets write it: byte order mark, CRLF, quotes, empty cells, rows of commas', async () => {
  const text =
    '\uFEFFid,name,name_en,role,phone\r\nF1,"热力 ""一""",,supplier,\r\n,,,,\r\n\r\nF2," 热电 ",Power,both,123\r\n'
  expect(await read(await file('firm.csv', text))).toMatchObject({ ok: true, counts: { firm: { read: 2 } } })
  expect(await currentRow(ledger.db, 'firm', 'F1')).toEqual({ id: 'F1', name: '热力 "一"', role: 'supplier' })
  expect(await currentRow(ledger.db, 'firm', 'F2')).toMatchObject({ name: '热电', name_en: 'Power', phone: '123' })
})

test('columns may stand in any order, optional ones may be missing, and times may be epoch milliseconds', async () => {
  await taken(smallCity())
  const text = `valid_from,source,substation\n${seasonStart + 5},S1,T1\n2026-01-01T00:00:00+08:00,S1,T1\n`
  expect(await read(await file('substation_source.csv', text))).toMatchObject({
    ok: true,
    counts: { substation_source: { added: 2 } },
  })
})

test('a header that is not the table’s is told before anything is read', async () => {
  expect(await shown(await file('firm.csv', 'id,name,name,colour\nF1,a,b,c\n'))).toEqual([
    'firm.csv:1 name: the column is there twice',
    'firm.csv:1 colour: there is no such column; the columns are id, name, name_en, role, phone',
    'firm.csv:1 role: the column is missing',
  ])
  expect(await shown(await file('firm.csv', ''))).toEqual([
    'firm.csv:1 : the file is empty: its first line names the columns',
  ])
})

test('a bad row is named by its line, also below cells that hold line breaks and below empty lines', async () => {
  const text = 'id,name,role\r\nF1,"two\r\nlines",both\r\n\r\nF2,b,none\nF3,c\nF4,d,both,more\r\n'
  expect(await shown(await file('firm.csv', text))).toEqual([
    'firm.csv:2 name: holds a line break or another control character',
    'firm.csv:5 role: "none" is not one of supplier, source, both',
    'firm.csv:6 : the row has 2 cells, the first line names 3 columns',
    'firm.csv:7 : the row has 4 cells, the first line names 3 columns',
  ])
})

test('a file in another encoding is told by what to do', async () => {
  const gbk = Buffer.concat([
    Buffer.from('id,name,role\nF1,'),
    Buffer.from([0xc8, 0xc8, 0xc1, 0xa6]),
    Buffer.from(',both\n'),
  ])
  expect(await shown(await file('firm.csv', gbk))).toEqual([
    'firm.csv:2 name: is not UTF-8 text: save the file as "CSV UTF-8"',
  ])
})

test('a quote that is never closed ends its file, not the process', async () => {
  const rows = Array.from({ length: 9000 }, (_, index) => `F${index},name,both`).join('\n')
  const problems = await shown(await file('firm.csv', `id,name,role\nF1,"a,both\n${rows}\n`))
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^firm\.csv:\d+ : the row is longer than 65536 characters: is a quote not closed\?$/)
  expect(await shown(await file('firm.csv', 'id,name,role\nF1,"a,both\n'))).toEqual([
    'firm.csv:2 : a quote is opened and never closed',
  ])
  expect(await shown(await file('firm.csv', 'id,name,role\nF1,a"b,both\n'))).toEqual([
    'firm.csv:2 : a quote stands inside a cell: put the cell in quotes and write the quote twice',
  ])
})

test('a file that breaks off is told once, not at every row that refers to what it would have held', async () => {
  const city = smallCity()
  await taken({ ...city, dwelling: [], dwelling_period: [], device_period: [] })
  await file('dwelling.csv', `id,entrance,door\nD-0101,B1-1,101\nD-1802,"B1-1,1802\n`)
  await file(
    'dwelling_period.csv',
    'dwelling,circuit,valid_from,heated_area_m2,floor,position,heating_type,contract\nD-1802,T1-L,2026-01-01T00:00:00Z,60,1,top,radiator,heated\n',
  )
  expect(await shown(folder)).toEqual(['dwelling.csv:3 : a quote is opened and never closed'])
})

test('a file that is no table, and a path that is nothing, are told', async () => {
  await file('dwellings.csv', 'id\n')
  await file('README.md', 'notes')
  expect((await shown(folder)).join()).toMatch(
    /^dwellings\.csv:1 : "dwellings" is not a table of the registry; its tables/,
  )
  expect(await shown(join(folder, 'none'))).toEqual(['none:1 : there is no such file or folder'])
  expect(await shown(join(folder, 'README.md'))).toEqual([
    'README.md:1 : is neither a folder of CSV files nor a .csv or .json file',
  ])
})

test('JSON may hold the tables in any order, and null for what is absent', async () => {
  const city = smallCity()
  const { firm, ...others } = city
  const text = JSON.stringify({ ...others, firm: firm.map((one) => ({ name_en: null, ...one })) }, null, 2)
  expect(await read(await file('city.json', `\uFEFF${text}`))).toMatchObject({ ok: true, changed: true })
  await taken(city)
  expect(await currentRow(ledger.db, 'gateway', 'GW-1')).toMatchObject({ name: '=1+1' })
})

test('JSON with brackets and escapes in texts, cut anywhere by the reading of pieces, is read right', async () => {
  const firm = Array.from({ length: 3000 }, (_, index) => ({
    id: `F${index}`,
    name: `]},{"\\ 热力${index}`,
    role: 'both',
  }))
  expect(await read(await file('firm.json', JSON.stringify({ firm, device: [] })))).toMatchObject({
    ok: true,
    counts: { firm: { added: 3000 }, device: { read: 0 } },
  })
  expect(await currentRow(ledger.db, 'firm', 'F2999')).toMatchObject({ name: ']},{"\\ 热力2999' })
})

test.each([
  ['not JSON at all', 'hello', 'city.json:1 : the file is one JSON object with an array of rows for each table'],
  [
    'cut off',
    '{"firm": [{"id": "F1"',
    'city.json:1 : the file is one JSON object with an array of rows for each table',
  ],
  ['an array', '[{"id": 1}]', 'city.json:1 : the file is one JSON object with an array of rows for each table'],
  ['a table twice', '{"firm": [], "firm": []}', 'city.json:1 : "firm" is there twice'],
  ['a row that is not JSON', '{"firm": [{"id": F1}]}', 'city.json#firm:1 : the row is not JSON'],
  ['a row that is no object', '{"firm": [7]}', 'city.json#firm:1 : a row is an object with the columns of the table'],
  [
    'a cell that is no value',
    '{"firm": [{"id":"F1","name":["a"],"role":"both"}]}',
    'city.json#firm:1 name: is neither text nor a number',
  ],
])('JSON: %s', async (_, text, problem) => {
  expect(await shown(await file('city.json', text))).toEqual([problem])
})
