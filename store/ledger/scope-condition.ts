import { type RawBuilder, sql } from 'kysely'
import type { Scope } from '#domain/account.ts'

/** Territory node ids as one text column: each between slashes, "/harbin/nangang/". */
export const territoryText = (nodes: readonly string[]): string => `/${nodes.join('/')}/`

export const territoryNodes = (text: string): string[] => text.split('/').filter(Boolean)

/** True for rows inside the scope, of a table with a `territory` text column and a `firm` column. */
export function scopeCondition(scope: Scope): RawBuilder<boolean> {
  if (scope.kind === 'city') return sql<boolean>`1 = 1`
  if (scope.kind === 'firm') return sql<boolean>`${sql.ref('firm')} = ${scope.id}`
  // An id may hold "_", which LIKE would take for any character: another district's rows would slip in.
  const pattern = `%/${scope.id.replace(/[\\%_]/g, '\\$&')}/%`
  return sql<boolean>`${sql.ref('territory')} like ${pattern} escape '\\'`
}
