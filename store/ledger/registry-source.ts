import { basename } from 'node:path'
import type { ImportProblem, RegistryTable } from '#domain/registry.ts'
import { tableShapes } from './registry-shape.ts'

/** One row as it was written, before anything is checked; or what made it unreadable. */
export type RawRow =
  | { readonly line: number; readonly cells: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly column: string; readonly reason: string }

/** A source that can be read table by table, and again: a second look finds what only the whole table shows. */
export interface RegistrySource {
  readonly tables: ReadonlySet<RegistryTable>
  /** How the rows' file is called in problems. */
  fileOf(table: RegistryTable): string
  rows(table: RegistryTable): AsyncIterable<RawRow>
}

export type OpenedSource = RegistrySource | { readonly problems: readonly ImportProblem[] }

/** A row of thousands of characters is a quote that was never closed, and would take the rest of the file with it. */
export const rowBytesMax = 65_536

/** A value out of JSON as a row. */
export function rawRow(line: number, value: unknown): RawRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, column: '', reason: 'a row is an object with the columns of the table' }
  }
  return { line, cells: value as Record<string, unknown> }
}

export const noSuchTable = `is not a table of the registry; its tables are ${Object.keys(tableShapes).join(', ')}`

/** A problem of a file as a whole. */
export const wholeFile = (path: string, reason: string): ImportProblem => ({
  file: basename(path),
  line: 1,
  column: '',
  reason,
})
