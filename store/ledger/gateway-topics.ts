import { sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { counts } from './registry-view.ts'

/** On which topics the registry expects whom. */
export interface GatewayTopics {
  readonly gateways: readonly string[]
  /** Filters of makers' own formats. */
  readonly foreign: readonly { readonly gateway: string; readonly topic: string }[]
}

/** All gateways and mapped topics that count now, in order of the gateways. */
export async function loadGatewayTopics(db: LedgerDb): Promise<GatewayTopics> {
  const gateways = await db
    .selectFrom('gateway as known')
    .select('id')
    .where(sql<boolean>`${counts('gateway', 'known')}`)
    .orderBy('id')
    .execute()
  const foreign = await db
    .selectFrom('foreign_topic as known')
    .select(['gateway', 'topic'])
    .where(sql<boolean>`${counts('foreign_topic', 'known')}`)
    .orderBy('gateway')
    .orderBy('topic')
    .execute()
  return { gateways: gateways.map(({ id }) => id), foreign }
}
