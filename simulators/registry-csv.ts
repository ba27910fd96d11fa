import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type RegistryTable, registryTableNames, registryTables } from '#domain/registry.ts'
import { type CityOptions, planCity } from './city-plan.ts'
import { registryRows } from './registry-rows.ts'

/** Text of a table that is gathered before it goes to its file: few large writes instead of millions of small ones. */
const chunkLengthMax = 256 * 1024
/** Rows between two calls of `onProgress`. */
const rowsPerProgress = 100_000

interface CsvFile {
  readonly stream: WriteStream
  readonly columns: readonly string[]
  text: string
  rows: number
}

/** Columns that hold a time, written as ISO 8601. */
const timeColumns = new Set(['valid_from', 'valid_to'])

/**
 * Writes the registry of a simulated city as one CSV file a table into `folder`, which is made where it is missing.
 * Memory stays the same for any size. Gives the number of rows of each table.
 */
export async function registryCsv(
  options: CityOptions & { readonly folder: string; readonly onProgress?: (rows: number) => void },
): Promise<Record<RegistryTable, number>> {
  await mkdir(options.folder, { recursive: true })
  const files = Object.fromEntries(
    registryTableNames.map((table) => [table, openCsv(options.folder, table)]),
  ) as Record<RegistryTable, CsvFile>
  try {
    let rows = 0
    for (const { table, row } of registryRows(planCity(options))) {
      const file = files[table]
      file.text += csvLine(file.columns, row)
      file.rows++
      if (file.text.length > chunkLengthMax) await flush(file)
      if (++rows % rowsPerProgress === 0) options.onProgress?.(rows)
    }
    for (const file of Object.values(files)) await close(file)
    options.onProgress?.(rows)
  } finally {
    for (const file of Object.values(files)) file.stream.destroy()
  }
  return Object.fromEntries(registryTableNames.map((table) => [table, files[table].rows])) as Record<
    RegistryTable,
    number
  >
}

function openCsv(folder: string, table: RegistryTable): CsvFile {
  const columns = Object.keys(registryTables[table].schema.shape)
  const stream = createWriteStream(join(folder, `${table}.csv`))
  // A failed write reaches the caller through `flush` and `close`; without a listener it would end the process.
  stream.on('error', () => {})
  return { stream, columns, text: `${columns.join(',')}\n`, rows: 0 }
}

function csvLine(columns: readonly string[], row: object): string {
  const values = row as Readonly<Record<string, string | number | undefined>>
  let line = ''
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index] as string
    const value = values[column]
    if (index > 0) line += ','
    if (value !== undefined) line += timeColumns.has(column) ? isoTime(Number(value)) : csvField(value)
  }
  return `${line}\n`
}

/** Nearly all rows share a few dates, and making their text is the slowest part of a row. */
const isoTimes = new Map<number, string>()
function isoTime(at: number): string {
  const known = isoTimes.get(at)
  if (known !== undefined) return known
  const text = new Date(at).toISOString()
  isoTimes.set(at, text)
  return text
}

const csvField = (value: string | number) =>
  typeof value === 'string' && /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : `${value}`

async function flush(file: CsvFile): Promise<void> {
  const text = file.text
  file.text = ''
  await new Promise<void>((resolve, reject) => {
    file.stream.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

async function close(file: CsvFile): Promise<void> {
  await flush(file)
  file.stream.end()
  await finished(file.stream)
}
