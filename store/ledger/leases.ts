import type { LedgerDb, LedgerTransaction } from './database.ts'

/** Times here are wall-clock time: a lease is about processes, not about the city. */
export interface LeaseTables {
  lease: { name: string; holder: string; token: number; expires_at: number }
}

/** Permission to do alone what must be done once, until `expiresAt`. */
export interface Lease {
  readonly name: string
  readonly holder: string
  /** Grows with every change of holder: a write under an older token is refused. */
  readonly token: number
  readonly expiresAt: number
}

/**
 * Takes or renews a lease: undefined while somebody else holds it. A holder keeps its token as long as it renews in
 * time; after that even the same holder gets a new one, because in between another may have worked.
 */
export async function acquireLease(
  transaction: LedgerTransaction,
  name: string,
  holder: string,
  now: number,
  durationMs: number,
): Promise<Lease | undefined> {
  const expiresAt = now + durationMs
  await transaction
    .insertInto('lease')
    .values({ name, holder: '', token: 0, expires_at: 0 })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const row = await transaction.selectFrom('lease').selectAll().where('name', '=', name).executeTakeFirstOrThrow()
  const inForce = row.expires_at > now
  if (inForce && row.holder !== holder) return undefined
  const token = inForce ? row.token : row.token + 1
  const taken = await transaction
    .updateTable('lease')
    .set({ holder, token, expires_at: expiresAt })
    .where('name', '=', name)
    .where('token', '=', row.token)
    .returning('token')
    .executeTakeFirst()
  return taken && { name, holder, token, expiresAt }
}

/** Gives a lease back, so that the next holder need not wait for its end. */
export async function releaseLease(transaction: LedgerTransaction, lease: Lease): Promise<void> {
  await transaction
    .updateTable('lease')
    .set({ expires_at: 0 })
    .where('name', '=', lease.name)
    .where('token', '=', lease.token)
    .execute()
}

export class LeaseLostError extends Error {
  readonly code = 'lease_lost'
}

/** Throws where the lease went to somebody else: call it first in each transaction of the work that it guards. */
export async function holdLease(transaction: LedgerTransaction, lease: Lease): Promise<void> {
  // A write, so that the row stays locked until the guarded work commits.
  const held = await transaction
    .updateTable('lease')
    .set({ token: lease.token })
    .where('name', '=', lease.name)
    .where('token', '=', lease.token)
    .returning('token')
    .executeTakeFirst()
  if (!held) throw new LeaseLostError(`The lease "${lease.name}" is held by another process now`)
}

/** Who holds a lease at `now`, for health reports. */
export async function leaseHolder(db: LedgerDb, name: string, now: number): Promise<string | undefined> {
  const row = await db.selectFrom('lease').selectAll().where('name', '=', name).executeTakeFirst()
  return row && row.expires_at > now ? row.holder : undefined
}
