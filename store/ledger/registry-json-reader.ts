import { basename } from 'node:path'
import type { ImportProblem, RegistryTable } from '#domain/registry.ts'
import { isRegistryTable } from './registry-shape.ts'
import { noSuchTable, type OpenedSource, type RawRow, rawRow, rowBytesMax, wholeFile } from './registry-source.ts'

/** Byte range, the end included, as streams of files take it. */
interface Range {
  readonly start: number
  readonly end?: number
}
type OpenBytes = (range: Range) => AsyncIterable<Buffer>

const code = { quote: 0x22, comma: 0x2c, backslash: 0x5c, open: 0x5b, close: 0x5d, openBrace: 0x7b, closeBrace: 0x7d }

/**
 * A JSON file of the shape `{"territory": [{…}, …], "firm": […], …}`, which may be far larger than memory. One pass
 * finds where each table's array lies, so that the tables can stand in any order; the rows are then parsed one by one.
 */
export async function openJsonFile(open: OpenBytes, path: string): Promise<OpenedSource> {
  const index = await indexTables(open)
  if ('reason' in index) return { problems: [wholeFile(path, index.reason)] }
  const problems: ImportProblem[] = []
  const ranges = new Map<RegistryTable, Range>()
  for (const { name, range } of index.tables) {
    if (!isRegistryTable(name)) problems.push(wholeFile(path, `"${name}" ${noSuchTable}`))
    else if (ranges.has(name)) problems.push(wholeFile(path, `"${name}" is there twice`))
    else ranges.set(name, range)
  }
  if (problems.length > 0) return { problems }
  return {
    tables: new Set(ranges.keys()),
    fileOf: (table) => `${basename(path)}#${table}`,
    rows: (table) => rowsIn(open, ranges.get(table)),
  }
}

/** Walks the bytes of JSON without parsing them: is this byte inside a text, and how deep in brackets is it? */
class Structure {
  depth = 0
  inText = false
  #escaped = false

  /** Takes the next byte; true where it is a bracket, comma or colon of the structure, false inside texts. */
  next(byte: number): boolean {
    if (this.inText) {
      if (this.#escaped) this.#escaped = false
      else if (byte === code.backslash) this.#escaped = true
      else if (byte === code.quote) this.inText = false
      return false
    }
    if (byte === code.quote) {
      this.inText = true
      return false
    }
    if (byte === code.open || byte === code.openBrace) this.depth += 1
    else if (byte === code.close || byte === code.closeBrace) this.depth -= 1
    return true
  }
}

interface FoundTable {
  readonly name: string
  readonly range: Range
}

const notAnObject = 'the file is one JSON object with an array of rows for each table'

async function indexTables(open: OpenBytes): Promise<{ tables: FoundTable[] } | { reason: string }> {
  const structure = new Structure()
  const tables: FoundTable[] = []
  let offset = 0
  let arrayStart: number | undefined
  // The bytes between two arrays: a comma, the next table's name and a colon.
  let between: number[] = []
  for await (const chunk of open({ start: 0 })) {
    for (const byte of chunk) {
      const depthBefore = structure.depth
      const structural = structure.next(byte)
      if (arrayStart === undefined) {
        if (structural && byte === code.open && depthBefore === 1) arrayStart = offset + 1
        else between.push(byte)
        if (between.length > rowBytesMax) return { reason: notAnObject }
      } else if (structural && structure.depth === 1) {
        const name = tableName(Buffer.from(between).toString(), tables.length === 0)
        if (name === undefined) return { reason: notAnObject }
        tables.push({ name, range: { start: arrayStart, end: offset - 1 } })
        arrayStart = undefined
        between = []
      }
      offset += 1
    }
  }
  const rest = Buffer.from(between)
    .toString()
    .replace(/^\uFEFF/, '')
    .trim()
  const complete = arrayStart === undefined && rest === (tables.length === 0 ? '{}' : '}')
  return complete ? { tables } : { reason: notAnObject }
}

/** The name in what precedes an array: `{"firm":` or `,"firm":`. */
function tableName(between: string, first: boolean): string | undefined {
  const text = between.replace(/^\uFEFF/, '').trim()
  if (!text.startsWith(first ? '{' : ',') || !text.endsWith(':')) return undefined
  try {
    const name: unknown = JSON.parse(text.slice(1, -1))
    return typeof name === 'string' ? name : undefined
  } catch {
    return undefined
  }
}

async function* rowsIn(open: OpenBytes, range: Range | undefined): AsyncGenerator<RawRow> {
  if (!range || (range.end ?? 0) < range.start) return
  let line = 0
  for await (const text of elementsIn(open, range)) {
    line += 1
    if (text === undefined) {
      yield { line, column: '', reason: `the row is longer than ${rowBytesMax} bytes` }
      return
    }
    yield parsedRow(line, text)
  }
}

/** The texts between the commas of an array; undefined, and no more, where one is too long. */
async function* elementsIn(open: OpenBytes, range: Range): AsyncGenerator<string | undefined> {
  const structure = new Structure()
  let pieces: Buffer[] = []
  let size = 0
  for await (const chunk of open(range)) {
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      if (!structure.next(chunk[index] as number) || chunk[index] !== code.comma || structure.depth !== 0) continue
      yield Buffer.concat([...pieces, chunk.subarray(start, index)]).toString()
      pieces = []
      size = 0
      start = index + 1
    }
    pieces.push(chunk.subarray(start))
    size += chunk.length - start
    if (size > rowBytesMax * 2) {
      yield undefined
      return
    }
  }
  const last = Buffer.concat(pieces).toString()
  if (last.trim() !== '') yield last
}

function parsedRow(line: number, text: string): RawRow {
  try {
    return rawRow(line, JSON.parse(text))
  } catch {
    return { line, column: '', reason: 'the row is not JSON' }
  }
}
