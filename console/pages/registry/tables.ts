import { registryTableNames } from '#domain/registry.ts'
import type { Language } from '#domain/words.ts'
import type { Schemas } from '../../api/client.ts'
import { nameIn } from '../../text/words.ts'

/** Tables that have a page of their own, each with the columns that a list shows. */
export const browsable = {
  territory: { columns: ['name', 'id', 'kind', 'parent'], below: undefined },
  firm: { columns: ['name', 'id', 'role', 'phone'], below: undefined },
  source: { columns: ['name', 'id', 'kind', 'district'], below: undefined },
  substation: { columns: ['name', 'id', 'territory'], below: 'circuit' },
  circuit: { columns: ['name', 'id', 'zone', 'substation', 'pumps'], below: undefined },
  building: { columns: ['name', 'id', 'estate', 'floors', 'built_year'], below: 'entrance' },
  entrance: { columns: ['name', 'id', 'building'], below: 'dwelling' },
  dwelling: { columns: ['door', 'id', 'entrance', 'riser'], below: undefined },
  gateway: { columns: ['id', 'name', 'territory'], below: undefined },
  device: { columns: ['id', 'kind', 'model'], below: undefined },
  payload_mapping: { columns: ['id', 'format'], below: undefined },
} as const satisfies Readonly<Record<string, { columns: readonly string[]; below: string | undefined }>>

export type BrowsableTable = keyof typeof browsable
export const browsableTables = Object.keys(browsable) as BrowsableTable[]

export type RegistryRow = Schemas[`Registry_${BrowsableTable}`]

/** How a row is called, a home by its door; undefined where it has only an id. */
export function nameOfRow(row: object, language: Language): string | undefined {
  const { name, name_en: nameEn, door } = row as { name?: string; name_en?: string; door?: string }
  return name === undefined ? door : nameIn(language, name, nameEn)
}

/** The table below a row: what a territory node holds depends on its kind. */
export function belowOf(table: BrowsableTable, row: RegistryRow): BrowsableTable | undefined {
  if (table === 'territory') return (row as Schemas['Registry_territory']).kind === 'estate' ? 'building' : 'territory'
  return browsable[table].below
}

/** Any table that a file may be imported into. */
export const importTables = registryTableNames
export type ImportTable = (typeof importTables)[number]
