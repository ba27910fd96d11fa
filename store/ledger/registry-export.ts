import { createWriteStream } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify/sync'
import { type RegistryRow, type RegistryTable, registryTableNames } from '#domain/registry.ts'
import type { LedgerDb } from './database.ts'
import { registryVersion } from './registry-batches.ts'
import { guarded } from './registry-csv-cells.ts'
import { allRows, keyOf, type RegistryMoment } from './registry-lookups.ts'
import { tableShapes } from './registry-shape.ts'

/** Rows in memory at a time. */
const pageRows = 1_000
/** Spreadsheets take a file for UTF-8, and show Chinese names, only when it begins with this mark. */
const byteOrderMark = '\uFEFF'
/** Spreadsheets of some languages separate cells by these, unless quotes hold a cell together. */
const otherSeparators = /[;\t]/

/**
 * Writes the whole registry: as CSV into a folder (one file a table), as JSON into a file or stream. With `at`, of
 * dated tables only the entries in force then. It is the registry of one moment, whatever is imported meanwhile, and
 * importing it again changes nothing.
 */
export async function exportRegistry(
  db: LedgerDb,
  target: string | Writable,
  format: 'csv' | 'json',
  at?: number,
): Promise<void> {
  const moment = { at, version: await registryVersion(db) }
  if (typeof target !== 'string') {
    if (format === 'csv') throw new TypeError('CSV is one file a table and needs a folder')
    await pipeline(registryJson(db, moment), target)
    return
  }
  if (format === 'json') {
    await mkdir(dirname(target), { recursive: true })
    await writeWhole(target, registryJson(db, moment))
    return
  }
  await mkdir(target, { recursive: true })
  for (const table of registryTableNames) await writeWhole(join(target, `${table}.csv`), registryCsv(db, table, moment))
}

/** The file has its name only when it is whole. */
async function writeWhole(path: string, text: AsyncGenerator<string>): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.partial`)
  await pipeline(text, createWriteStream(partial))
  await rename(partial, path)
}

/** One table as CSV, in pieces: ready for `Readable.from`. */
export async function* registryCsv(
  db: LedgerDb,
  table: RegistryTable,
  moment: RegistryMoment = {},
): AsyncGenerator<string> {
  const { columns } = tableShapes[table]
  yield `${byteOrderMark}${columns.join(',')}\n`
  for await (const rows of pages(db, table, moment)) {
    yield stringify(
      rows.map((row) => cells(columns, row)),
      { quoted_match: otherSeparators },
    )
  }
}

/** The registry as one JSON object with an array of rows for each table, in pieces. */
export async function* registryJson(db: LedgerDb, moment: RegistryMoment = {}): AsyncGenerator<string> {
  const known = { at: moment.at, version: moment.version ?? (await registryVersion(db)) }
  let separator = '{\n'
  for (const table of registryTableNames) {
    yield `${separator}"${table}": [`
    let between = '\n'
    for await (const rows of pages(db, table, known)) {
      yield between + rows.map((row) => JSON.stringify(row)).join(',\n')
      between = ',\n'
    }
    yield '\n]'
    separator = ',\n'
  }
  yield '\n}\n'
}

async function* pages<T extends RegistryTable>(
  db: LedgerDb,
  table: T,
  moment: RegistryMoment,
): AsyncGenerator<RegistryRow<T>[]> {
  const version = moment.version ?? (await registryVersion(db))
  let after: (string | number)[] | undefined
  for (;;) {
    const rows = await allRows(db, table, { after, limit: pageRows }, { at: moment.at, version })
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < pageRows) return
    after = keyOf(table, last)
  }
}

function cells(columns: readonly string[], row: object): string[] {
  const values = row as Readonly<Record<string, string | number | undefined>>
  return columns.map((column) => {
    const value = values[column]
    if (value === undefined) return ''
    if (typeof value === 'string') return guarded(value)
    return column === 'valid_from' || column === 'valid_to' ? new Date(value).toISOString() : String(value)
  })
}
