import type { Presence } from '#domain/identity.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { perStatement } from './statement-rows.ts'

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

/**
 * Adds changes of presence in the order in which they happened. The newest of each identity are kept. A whole city may
 * come back at once: few statements take many.
 */
export async function recordPresence(transaction: LedgerTransaction, changes: readonly Presence[]): Promise<void> {
  const byId = Map.groupBy(changes, ({ id }) => id)
  const totals = await saveStates(transaction, byId)
  const rows = [...byId].flatMap(([id, some]) => {
    const kept = some.slice(-changesPerIdentityMax)
    const first = (totals.get(id) ?? kept.length) - kept.length + 1
    return kept.map(({ at, state, address, cause }, index) => ({
      id,
      number: first + index,
      at,
      state,
      address,
      cause,
    }))
  })
  for (const some of perStatement(rows)) await transaction.insertInto('presence_change').values(some).execute()
  const restless = [...totals].flatMap(([id, total]) => (total > changesPerIdentityMax ? [id] : []))
  for (const some of perStatement(restless)) {
    await transaction
      .deleteFrom('presence_change')
      .where('id', 'in', some)
      .where(({ eb, selectFrom }) =>
        eb(
          'number',
          '<=',
          selectFrom('presence')
            .select(({ eb }) => eb('changes', '-', changesPerIdentityMax).as('last'))
            .whereRef('presence.id', '=', 'presence_change.id'),
        ),
      )
      .execute()
  }
}

/** Returns how often each identity's state has changed, ever. */
async function saveStates(
  transaction: LedgerTransaction,
  byId: ReadonlyMap<string, readonly Presence[]>,
): Promise<Map<string, number>> {
  const totals = new Map<string, number>()
  for (const part of perStatement([...byId])) {
    const rows = part.map(([id, some]) => {
      const { state, at, address, cause } = some.at(-1) as Presence
      const firstOnlineAt = some.find((change) => change.state === 'online')?.at ?? null
      return { id, state, at, address, cause, first_online_at: firstOnlineAt, changes: some.length }
    })
    const saved = await transaction
      .insertInto('presence')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ eb, fn, ref }) => ({
          state: ref('excluded.state'),
          at: ref('excluded.at'),
          address: ref('excluded.address'),
          cause: ref('excluded.cause'),
          first_online_at: fn.coalesce('presence.first_online_at', 'excluded.first_online_at'),
          changes: eb('presence.changes', '+', ref('excluded.changes')),
        })),
      )
      .returning(['id', 'changes'])
      .execute()
    for (const { id, changes } of saved) totals.set(id, changes)
  }
  return totals
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
