import { type RegistryTable, registryTableNames, registryTables } from '#domain/registry.ts'

/** A value of a registry row as the ledger keeps it. */
export type CellValue = string | number | null
/** A row of any registry table, for code that treats all tables alike. */
export type AnyRow = Readonly<Record<string, CellValue>>

/** What code that treats all registry tables alike has to know of one, read off its schema. */
export interface TableShape {
  readonly name: RegistryTable
  /** In the order of the schema, which is the order of CSV columns; without `batch`. */
  readonly columns: readonly string[]
  readonly required: ReadonlySet<string>
  /** Columns that identify an entry. */
  readonly key: readonly string[]
  /** Columns that identify what the entry is about: the key without the time it begins. */
  readonly subject: readonly string[]
  /** True where entries are valid from a time until a time. */
  readonly dated: boolean
  readonly references: Readonly<Record<string, RegistryTable | { readonly kindColumn: string }>>
}

export const tableShapes = Object.fromEntries(registryTableNames.map((name) => [name, shapeOf(name)])) as Readonly<
  Record<RegistryTable, TableShape>
>

function shapeOf(name: RegistryTable): TableShape {
  const { schema, key, references } = registryTables[name]
  const fields = Object.entries(schema.shape)
  return {
    name,
    columns: fields.map(([column]) => column),
    required: new Set(fields.filter(([, field]) => !field.safeParse(undefined).success).map(([column]) => column)),
    key,
    subject: key.filter((column) => column !== 'valid_from'),
    dated: (key as readonly string[]).includes('valid_from'),
    references,
  }
}

export function isRegistryTable(name: string): name is RegistryTable {
  return Object.hasOwn(registryTables, name)
}

/** Text that is the same for two rows exactly when they agree in these columns. */
export const keyText = (row: AnyRow, columns: readonly string[]) =>
  columns.length === 1 ? String(row[columns[0] as string]) : columns.map((column) => row[column]).join('\n')

/** An entry that ends when it begins was entered by mistake and taken back: it is kept, and never in force. */
export const isWithdrawn = (row: AnyRow) => row.valid_to !== null && row.valid_to === row.valid_from
