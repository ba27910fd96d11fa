import { type RawBuilder, sql } from 'kysely'
import type { RegistryTable } from '#domain/registry.ts'
import { tableShapes } from './registry-shape.ts'

/**
 * Pieces of SQL that say which rows of the registry count. `version` is the highest batch that counts: the present
 * one, or an earlier one to see what was known then.
 */
type Sql = RawBuilder<unknown>

export const presentVersion: Sql = sql`(select version from ledger_version where name = 'registry')`

const same = (columns: readonly string[], alias: string, other: string): Sql =>
  sql.join(
    columns.map((column) => sql`${sql.ref(`${other}.${column}`)} = ${sql.ref(`${alias}.${column}`)}`),
    sql` and `,
  )

/** The row counts, and no later correction of the same key does. */
export function counts(table: RegistryTable, alias: string, version: Sql = presentVersion): Sql {
  const { key } = tableShapes[table]
  const other = `${alias}_corrected`
  return sql`${sql.ref(`${alias}.batch`)} <= ${version} and not exists (
    select 1 from ${sql.table(table)} as ${sql.table(other)} where ${same(key, alias, other)}
      and ${sql.ref(`${other}.batch`)} > ${sql.ref(`${alias}.batch`)} and ${sql.ref(`${other}.batch`)} <= ${version})`
}

/**
 * The entry of a dated table that is in force for its subject at a time: of those that have begun the latest, if it
 * has not ended. Entries that were taken back (they end when they begin) are passed over.
 */
export function inForce(table: RegistryTable, alias: string, at: number, version: Sql = presentVersion): Sql {
  const { subject } = tableShapes[table]
  const later = `${alias}_later`
  const column = (of: string, name: string) => sql.ref(`${of}.${name}`)
  return sql`${column(alias, 'valid_from')} <= ${at}
    and (${column(alias, 'valid_to')} is null or ${column(alias, 'valid_to')} > ${at})
    and ${counts(table, alias, version)} and not exists (
      select 1 from ${sql.table(table)} as ${sql.table(later)} where ${same(subject, alias, later)}
        and ${column(later, 'valid_from')} > ${column(alias, 'valid_from')} and ${column(later, 'valid_from')} <= ${at}
        and (${column(later, 'valid_to')} is null or ${column(later, 'valid_to')} > ${column(later, 'valid_from')})
        and ${counts(table, later, version)})`
}

/** Ids of a territory node and everything below it, as a subquery. */
export function territoryBelow(node: string): Sql {
  return sql`(with recursive below (id) as (
      select id from territory as top where top.id = ${node} and ${counts('territory', 'top')}
      union
      select child.id from territory as child join below on child.parent = below.id
        where ${counts('territory', 'child')})
    select id from below)`
}
