import type { Migration } from 'kysely/migration'
import { stream } from './0001-stream.ts'
import { audit } from './0006-audit.ts'

/** In the order of their names. A released migration is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-stream': stream,
  '0006-audit': audit,
}
