import { sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { counts } from './registry-view.ts'

/** What lies in no district. */
export const nowhere = '-'

/** The district that a territory node is or lies in, as the registry has it now. */
export async function districtFinder(db: LedgerDb): Promise<(node: string) => string> {
  const nodes = await sql<{ id: string; kind: string; parent: string | null }>`
    select id, kind, parent from territory where ${counts('territory', 'territory')}`.execute(db)
  const byId = new Map(nodes.rows.map((node) => [node.id, node]))
  return (id) => {
    let node = byId.get(id)
    while (node && node.kind !== 'district') node = node.parent === null ? undefined : byId.get(node.parent)
    return node?.id ?? nowhere
  }
}
