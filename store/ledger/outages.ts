import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface OutageTables {
  outage: { key: string; kind: string; began_at: number; ended_at: number }
}

/** A time when Warmcity itself was down, or was filling in history and not yet watching the clock. */
export interface Outage {
  readonly kind: 'down' | 'catchingUp'
  readonly beganAt: number
  readonly endedAt: number
}

export const outageKey = (outage: Outage) => `outage/${outage.kind}/${outage.beganAt}`

export async function recordOutages(transaction: LedgerTransaction, outages: readonly Outage[]): Promise<void> {
  for (const outage of outages) {
    await transaction
      .insertInto('outage')
      .values({ key: outageKey(outage), kind: outage.kind, began_at: outage.beganAt, ended_at: outage.endedAt })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ ended_at: outage.endedAt }))
      .execute()
  }
}

/** Outages that overlap from <= t < to, the last first, at most `limit`. */
export async function listOutages(db: LedgerDb, from: number, to: number, limit: number): Promise<Outage[]> {
  const rows = await db
    .selectFrom('outage')
    .selectAll()
    .where('began_at', '<', to)
    .where('ended_at', '>', from)
    .orderBy('began_at', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ kind: row.kind as Outage['kind'], beganAt: row.began_at, endedAt: row.ended_at }))
}
