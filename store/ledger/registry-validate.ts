import type { z } from 'zod'
import { type RegistryTable, registryTables } from '#domain/registry.ts'
import { type AnyRow, type CellValue, type TableShape, tableShapes } from './registry-shape.ts'

export interface CellProblem {
  readonly column: string
  readonly reason: string
}
export type CheckedRow = { readonly row: AnyRow } | { readonly problems: readonly CellProblem[] }

/** Checks one row by itself: its cells against the schema, and what must hold between them. */
export function checkRow(table: RegistryTable, cells: Readonly<Record<string, unknown>>): CheckedRow {
  const shape = tableShapes[table]
  const { values, problems } = presentCells(shape, cells)
  if (problems.length > 0) return { problems }
  const parsed = registryTables[table].schema.safeParse(values)
  if (!parsed.success) return { problems: parsed.error.issues.flatMap((issue) => cellProblems(issue, values)) }
  const row = storedRow(shape, parsed.data)
  const between = rowProblems(table, row)
  return between.length > 0 ? { problems: between } : { row }
}

const controlCharacter = /\p{Cc}/u
/** The mark that decoding leaves where bytes are not UTF-8. */
const replacementCharacter = '\uFFFD'

/** The cells that hold something: an empty cell, an empty text and null all mean that the column is absent. */
function presentCells(
  shape: TableShape,
  cells: Readonly<Record<string, unknown>>,
): { values: Record<string, unknown>; problems: CellProblem[] } {
  const values: Record<string, unknown> = {}
  const problems: CellProblem[] = []
  for (const column in cells) {
    const cell = cells[column]
    if (cell === null || cell === undefined) continue
    if (typeof cell === 'number') values[column] = cell
    else if (typeof cell === 'string') {
      const text = cell.trim()
      if (text === '') continue
      const unreadable = unreadableReason(text)
      if (unreadable) problems.push({ column, reason: unreadable })
      values[column] = shape.dated && isInstant(column) && /^-?\d+$/.test(text) ? Number(text) : text
    } else problems.push({ column, reason: 'is neither text nor a number' })
  }
  return { values, problems }
}

const isInstant = (column: string) => column === 'valid_from' || column === 'valid_to'

function unreadableReason(text: string): string | undefined {
  if (text.includes(replacementCharacter)) return 'is not UTF-8 text: save the file as "CSV UTF-8"'
  if (controlCharacter.test(text)) return 'holds a line break or another control character'
  return undefined
}

function cellProblems(issue: z.core.$ZodIssue, values: Readonly<Record<string, unknown>>): CellProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((column) => ({ column, reason: 'there is no such column' }))
  }
  const column = String(issue.path[0] ?? '')
  const value = values[column]
  if (value === undefined) return [{ column, reason: 'is empty and must not be' }]
  return [{ column, reason: `${shown(value)} ${cellReason(issue, column)}` }]
}

function cellReason(issue: z.core.$ZodIssue, column: string): string {
  if (isInstant(column)) return 'is not a time such as 2026-10-20T00:00:00+08:00'
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'is not a whole number' : `is not a ${issue.expected}`
    case 'invalid_value':
      return `is not one of ${issue.values.join(', ')}`
    case 'too_small':
      return issue.origin === 'string'
        ? `is shorter than ${issue.minimum} characters`
        : `is too small: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `is longer than ${issue.maximum} characters`
        : `is too large: at most ${issue.maximum}`
    default:
      return `is not right: ${issue.message}`
  }
}

const shownCharactersMax = 40

function shown(value: unknown): string {
  const text = String(value)
  return `"${text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text}"`
}

function storedRow(shape: TableShape, parsed: object): AnyRow {
  const values = parsed as Record<string, CellValue | undefined>
  const row: Record<string, CellValue> = {}
  for (const column of shape.columns) row[column] = values[column] ?? null
  return row
}

/** The years 1 to 9999, which ISO 8601 writes with four digits. */
const instants = [-62_135_596_800_000, 253_402_300_799_999] as const
/** Epoch seconds of our time, read as milliseconds, fall into these weeks of 1970. */
const likelySeconds = [1_000_000_000, 4_000_000_000] as const

function rowProblems(table: RegistryTable, row: AnyRow): CellProblem[] {
  const problems: CellProblem[] = []
  for (const column of ['valid_from', 'valid_to']) {
    const at = row[column]
    if (typeof at !== 'number') continue
    if (at < instants[0] || at > instants[1]) problems.push({ column, reason: `"${at}" is not a time in milliseconds` })
    if (at >= likelySeconds[0] && at <= likelySeconds[1]) {
      problems.push({ column, reason: `"${at}" is a time in 1970: epoch seconds? Times are in milliseconds` })
    }
  }
  if (typeof row.valid_to === 'number' && typeof row.valid_from === 'number' && row.valid_to < row.valid_from) {
    problems.push({ column: 'valid_to', reason: 'lies before valid_from' })
  }
  if (table === 'territory') problems.push(...parentProblems(row))
  if (
    typeof row.design_supply_c === 'number' &&
    typeof row.design_return_c === 'number' &&
    row.design_return_c >= row.design_supply_c
  ) {
    problems.push({ column: 'design_return_c', reason: 'is not below design_supply_c' })
  }
  return problems
}

function parentProblems(row: AnyRow): CellProblem[] {
  if (row.kind === 'city') return row.parent === null ? [] : [{ column: 'parent', reason: 'a city has no parent' }]
  return row.parent === null ? [{ column: 'parent', reason: `a node of the kind ${row.kind} has a parent` }] : []
}
