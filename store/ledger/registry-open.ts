import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { RegistryTable } from '#domain/registry.ts'
import { openCsvFile, openCsvFolder } from './registry-csv-reader.ts'
import { openJsonFile } from './registry-json-reader.ts'
import { isRegistryTable } from './registry-shape.ts'
import { noSuchTable, type OpenedSource, rawRow, wholeFile } from './registry-source.ts'

/** What an import reads: a folder with one CSV file a table, one CSV or JSON file, or rows in memory. */
export type RegistryInput = { readonly path: string } | { readonly rows: RegistryRows }
export type RegistryRows = { readonly [T in RegistryTable]?: readonly unknown[] }

/** Opens a source; what is wrong with it as a whole (missing file, unknown table, bad structure) comes back at once. */
export async function openRegistrySource(input: RegistryInput): Promise<OpenedSource> {
  if ('rows' in input) return openRows(input.rows)
  const { path } = input
  const found = await stat(path).catch(() => undefined)
  if (!found) return { problems: [wholeFile(path, 'there is no such file or folder')] }
  if (found.isDirectory()) return openCsvFolder(path)
  const extension = extname(path).toLowerCase()
  if (extension === '.json') return openJsonFile((range) => createReadStream(path, range), path)
  if (extension === '.csv') return openCsvFile(path)
  return { problems: [wholeFile(path, 'is neither a folder of CSV files nor a .csv or .json file')] }
}

function openRows(rows: RegistryRows): OpenedSource {
  const unknown = Object.keys(rows).filter((name) => !isRegistryTable(name))
  if (unknown.length > 0) return { problems: unknown.map((name) => wholeFile(name, noSuchTable)) }
  return {
    tables: new Set(Object.keys(rows).filter(isRegistryTable)),
    fileOf: (table) => table,
    async *rows(table) {
      let line = 0
      for (const row of rows[table] ?? []) {
        line += 1
        yield rawRow(line, row)
      }
    },
  }
}
