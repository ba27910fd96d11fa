import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'
import type { ImportProblem, RegistryTable } from '#domain/registry.ts'
import { unguarded } from './registry-csv-cells.ts'
import { isRegistryTable, tableShapes } from './registry-shape.ts'
import { noSuchTable, type OpenedSource, type RawRow, rowBytesMax, wholeFile } from './registry-source.ts'

/** What a CSV file must and may hold. */
export interface CsvColumns {
  readonly columns: readonly string[]
  readonly required: ReadonlySet<string>
}

/** A folder with files named like the tables; files that are not CSV are left alone. */
export async function openCsvFolder(folder: string): Promise<OpenedSource> {
  const files = (await readdir(folder)).filter((file) => extname(file).toLowerCase() === '.csv').sort()
  if (files.length === 0) return { problems: [wholeFile(folder, 'the folder holds no .csv file')] }
  return openCsvFiles(files.map((file) => join(folder, file)))
}

/** One file named like its table. */
export const openCsvFile = (path: string): Promise<OpenedSource> => openCsvFiles([path])

async function openCsvFiles(paths: readonly string[]): Promise<OpenedSource> {
  const problems: ImportProblem[] = []
  const files = new Map<RegistryTable, string>()
  for (const path of paths) {
    const name = basename(path, extname(path))
    if (isRegistryTable(name)) {
      files.set(name, path)
      problems.push(...(await headerProblems(path, tableShapes[name])))
    } else {
      problems.push(wholeFile(path, `"${name}" ${noSuchTable}`))
    }
  }
  if (problems.length > 0) return { problems }
  return {
    tables: new Set(files.keys()),
    fileOf: (table) => basename(files.get(table) ?? `${table}.csv`),
    rows(table) {
      const path = files.get(table)
      return path ? csvRows(path) : Readable.from([])
    },
  }
}

/** What is wrong with the first line: nothing below it can be understood before that is put right. */
export async function headerProblems(path: string, expected: CsvColumns): Promise<ImportProblem[]> {
  const header = await firstRecord(path)
  const at = (column: string, reason: string, line = 1): ImportProblem => ({
    file: basename(path),
    line,
    column,
    reason,
  })
  if ('reason' in header) return [at('', header.reason, header.line)]
  const problems: ImportProblem[] = []
  const seen = new Set<string>()
  for (const column of header.cells) {
    if (seen.has(column)) problems.push(at(column, 'the column is there twice'))
    else if (!expected.columns.includes(column)) {
      problems.push(at(column, `there is no such column; the columns are ${expected.columns.join(', ')}`))
    }
    seen.add(column)
  }
  for (const column of expected.required) {
    if (!seen.has(column)) problems.push(at(column, 'the column is missing'))
  }
  return problems
}

async function firstRecord(path: string): Promise<{ cells: string[] } | { line: number; reason: string }> {
  try {
    for await (const { record } of records(path)) return { cells: trimmed(record) }
    return { line: 1, reason: 'the file is empty: its first line names the columns' }
  } catch (error) {
    // What is wrong further below in the same piece of the file shows before the first record does.
    return whyUnreadable(error)
  }
}

/** The rows of a CSV file whose header is in order. A file that cannot be read on ends with the reason. */
export async function* csvRows(path: string): AsyncGenerator<RawRow> {
  let columns: string[] | undefined
  try {
    for await (const { record, info } of records(path)) {
      const line = info.lines - lineBreaksIn(record)
      if (!columns) columns = trimmed(record)
      else if (record.length === columns.length) yield { line, cells: cellsOf(columns, record) }
      else {
        const reason = `the row has ${record.length} cells, the first line names ${columns.length} columns`
        yield { line, column: '', reason }
      }
    }
  } catch (error) {
    yield { ...whyUnreadable(error), column: '' }
  }
}

function records(path: string): AsyncIterable<{ record: string[]; info: Info }> {
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    // A spreadsheet leaves rows of commas below a table.
    skip_records_with_empty_values: true,
    max_record_size: rowBytesMax,
  })
  // Whoever reads the records hears of what goes wrong.
  pipeline(createReadStream(path), withPlainLineBreaks, parser, () => undefined)
  return parser
}

const carriageReturn = 0x0d
const lineFeed = 0x0a

/** CRLF and CR become LF, so that files with mixed line ends are read and their lines counted right. */
async function* withPlainLineBreaks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let afterCarriageReturn = false
  for await (const chunk of chunks) {
    if (!afterCarriageReturn && !chunk.includes(carriageReturn)) {
      yield chunk
      continue
    }
    const plain = Buffer.allocUnsafe(chunk.length)
    let length = 0
    for (const byte of chunk) {
      const second = afterCarriageReturn && byte === lineFeed
      afterCarriageReturn = byte === carriageReturn
      if (second) continue
      plain[length] = afterCarriageReturn ? lineFeed : byte
      length += 1
    }
    yield plain.subarray(0, length)
  }
}

function cellsOf(columns: readonly string[], record: readonly string[]): Record<string, string> {
  const cells: Record<string, string> = {}
  for (const [index, column] of columns.entries()) cells[column] = unguarded(record[index] as string)
  return cells
}

const trimmed = (record: readonly string[]) => record.map((cell) => cell.trim())

function lineBreaksIn(record: readonly string[]): number {
  let count = 0
  for (const cell of record) if (cell.includes('\n')) count += cell.split('\n').length - 1
  return count
}

/** Throws what has nothing to do with the file. */
function whyUnreadable(error: unknown): { line: number; reason: string } {
  if (error instanceof CsvError) {
    return { line: typeof error.lines === 'number' ? error.lines : 1, reason: csvReason(error) }
  }
  const { syscall, code } = error as NodeJS.ErrnoException
  if (syscall === undefined) throw error
  return { line: 1, reason: `it cannot be read (${code})` }
}

function csvReason(error: CsvError): string {
  switch (error.code) {
    case 'CSV_MAX_RECORD_SIZE':
      return `the row is longer than ${rowBytesMax} characters: is a quote not closed?`
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed'
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands inside a cell: put the cell in quotes and write the quote twice'
    default:
      return error.message
  }
}
