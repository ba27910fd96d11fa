import { sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { circuitFirms, nobody } from './ranking-roll-up.ts'
import { counts, inForce } from './registry-view.ts'

/** The firms that operate the circuits of a building's homes at a time. */
export async function buildingSuppliers(db: LedgerDb, building: string, at: number): Promise<string[]> {
  const circuits = await sql<{ circuit: string }>`
    select distinct period.circuit from entrance
    join dwelling on dwelling.entrance = entrance.id and ${counts('dwelling', 'dwelling')}
    join dwelling_period as period on period.dwelling = dwelling.id and ${inForce('dwelling_period', 'period', at)}
    where entrance.building = ${building} and ${counts('entrance', 'entrance')}
      and period.contract != 'notConnected'`.execute(db)
  const firmOf = await circuitFirms(db, at)
  const firms = new Set(circuits.rows.map(({ circuit }) => firmOf(circuit)))
  return [...firms].filter((firm) => firm !== nobody).sort()
}
