import type { Presence } from '#domain/identity.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface PresenceTables {
  /** The newest state of each identity that ever connected. */
  presence: {
    id: string
    state: Presence['state']
    at: number
    address: string
    cause: string
    first_online_at: number | null
    /** Changes ever; the newest of them are in `presence_change`. */
    changes: number
  }
  presence_change: { id: string; number: number; at: number; state: Presence['state']; address: string; cause: string }
}

/** Enough to see whether a gateway flaps, and since when. */
const changesPerIdentityMax = 100

/** Adds changes of presence in the order in which they happened. The newest of each identity are kept. */
export async function recordPresence(transaction: LedgerTransaction, changes: readonly Presence[]): Promise<void> {
  for (const [id, some] of Map.groupBy(changes, ({ id }) => id)) {
    const total = await saveState(transaction, id, some)
    const kept = some.slice(-changesPerIdentityMax)
    const first = total - kept.length + 1
    await transaction
      .insertInto('presence_change')
      .values(
        kept.map(({ at, state, address, cause }, index) => ({ id, number: first + index, at, state, address, cause })),
      )
      .execute()
    await transaction
      .deleteFrom('presence_change')
      .where('id', '=', id)
      .where('number', '<=', total - changesPerIdentityMax)
      .execute()
  }
}

async function saveState(transaction: LedgerTransaction, id: string, some: readonly Presence[]): Promise<number> {
  const { state, at, address, cause } = some.at(-1) as Presence
  const firstOnlineAt = some.find((change) => change.state === 'online')?.at ?? null
  const { changes } = await transaction
    .insertInto('presence')
    .values({ id, state, at, address, cause, first_online_at: firstOnlineAt, changes: some.length })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((expression) => ({
        state,
        at,
        address,
        cause,
        first_online_at: expression.fn.coalesce('presence.first_online_at', expression.val(firstOnlineAt)),
        changes: expression('presence.changes', '+', some.length),
      })),
    )
    .returning('changes')
    .executeTakeFirstOrThrow()
  return changes
}

export interface PresenceRecord extends Presence {
  readonly firstOnlineAt?: number
  /** How often the state changed, ever. */
  readonly changes: number
}

/** The newest state of one identity; undefined where it never connected. */
export async function readPresence(db: LedgerDb, id: string): Promise<PresenceRecord | undefined> {
  const row = await db.selectFrom('presence').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const { state, at, address, cause, changes, first_online_at } = row
  return { id, state, at, address, cause, changes, firstOnlineAt: first_online_at ?? undefined }
}

/** The newest changes of one identity, newest first, at most a hundred. */
export async function presenceChanges(db: LedgerDb, id: string): Promise<Presence[]> {
  const rows = await db
    .selectFrom('presence_change')
    .selectAll()
    .where('id', '=', id)
    .orderBy('number', 'desc')
    .execute()
  return rows.map(({ at, state, address, cause }) => ({ id, at, state, address, cause }))
}
