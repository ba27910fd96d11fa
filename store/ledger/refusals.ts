import type { Refusal } from '#domain/identity.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { perStatement } from './statement-rows.ts'

export interface RefusalTables {
  /** How often each client was refused, ever. */
  refusal_client: { client_id: string; total: number; last_at: number }
  /** The newest refusals of each client. */
  refusal: {
    client_id: string
    number: number
    at: number
    address: string
    action: Refusal['action']
    topic: string | null
    reason: string
  }
}

/** Enough to see a pattern: a mute gateway repeats itself every few seconds. */
const refusalsPerClientMax = 50
/** Client ids are whatever a stranger sends: without a bound, random ones would fill the disk. */
const clientsMax = 10_000
/** What a stranger sends is cut to what a page can show. */
const textCharactersMax = 256

/** Adds refusals. The newest ones of each client are kept, the others counted. */
export async function recordRefusals(transaction: LedgerTransaction, refusals: readonly Refusal[]): Promise<void> {
  const byClient = Map.groupBy(refusals, ({ clientId }) => clipped(clientId))
  const totals = await countRefusals(transaction, byClient)
  const rows = [...byClient].flatMap(([client, some]) => {
    const kept = some.slice(-refusalsPerClientMax)
    const first = (totals.get(client) ?? kept.length) - kept.length + 1
    return kept.map((refusal, index) => toRow(client, first + index, refusal))
  })
  for (const some of perStatement(rows)) await transaction.insertInto('refusal').values(some).execute()
  const many = [...totals].flatMap(([client, total]) => (total > refusalsPerClientMax ? [client] : []))
  for (const some of perStatement(many)) {
    await transaction
      .deleteFrom('refusal')
      .where('client_id', 'in', some)
      .where(({ eb, selectFrom }) =>
        eb(
          'number',
          '<=',
          selectFrom('refusal_client')
            .select(({ eb }) => eb('total', '-', refusalsPerClientMax).as('last'))
            .whereRef('refusal_client.client_id', '=', 'refusal.client_id'),
        ),
      )
      .execute()
  }
  if (byClient.size > 0) await forgetQuietClients(transaction)
}

/** Returns how often each client was refused, ever. */
async function countRefusals(
  transaction: LedgerTransaction,
  byClient: ReadonlyMap<string, readonly Refusal[]>,
): Promise<Map<string, number>> {
  const totals = new Map<string, number>()
  for (const part of perStatement([...byClient])) {
    const counted = await transaction
      .insertInto('refusal_client')
      .values(
        part.map(([client, some]) => ({
          client_id: client,
          total: some.length,
          last_at: some.reduce((latest, { at }) => Math.max(latest, at), 0),
        })),
      )
      .onConflict((conflict) =>
        conflict.column('client_id').doUpdateSet(({ eb, ref }) => ({
          total: eb('refusal_client.total', '+', ref('excluded.total')),
          last_at: ref('excluded.last_at'),
        })),
      )
      .returning(['client_id', 'total'])
      .execute()
    for (const { client_id, total } of counted) totals.set(client_id, total)
  }
  return totals
}

async function forgetQuietClients(transaction: LedgerTransaction): Promise<void> {
  const { clients } = await transaction
    .selectFrom('refusal_client')
    .select((expression) => expression.fn.countAll<number>().as('clients'))
    .executeTakeFirstOrThrow()
  if (clients <= clientsMax) return
  const quiet = await transaction
    .selectFrom('refusal_client')
    .select('client_id')
    .orderBy('last_at')
    .limit(clients - clientsMax)
    .execute()
  const ids = quiet.map(({ client_id }) => client_id)
  await transaction.deleteFrom('refusal').where('client_id', 'in', ids).execute()
  await transaction.deleteFrom('refusal_client').where('client_id', 'in', ids).execute()
}

const clipped = (text: string) => text.slice(0, textCharactersMax)

const toRow = (client: string, number: number, refusal: Refusal): RefusalTables['refusal'] => ({
  client_id: client,
  number,
  at: refusal.at,
  address: clipped(refusal.address),
  action: refusal.action,
  topic: refusal.topic === undefined ? null : clipped(refusal.topic),
  reason: refusal.reason,
})

/** Refusals of one client or of all, newest first; `before` continues a list behind its last entry. */
export async function listRefusals(
  db: LedgerDb,
  page: { readonly clientId?: string; readonly before?: RefusalCursor; readonly limit: number },
): Promise<RefusalRecord[]> {
  const { clientId, before } = page
  let query = db.selectFrom('refusal').selectAll()
  if (clientId !== undefined) query = query.where('client_id', '=', clientId)
  if (before) {
    query = query.where((expression) =>
      expression(
        expression.refTuple('at', 'client_id', 'number'),
        '<',
        expression.tuple(before.at, before.clientId, before.number),
      ),
    )
  }
  const rows = await query
    .orderBy('at', 'desc')
    .orderBy('client_id', 'desc')
    .orderBy('number', 'desc')
    .limit(page.limit)
    .execute()
  return rows.map((row) => ({
    at: row.at,
    clientId: row.client_id,
    number: row.number,
    address: row.address,
    action: row.action,
    topic: row.topic ?? undefined,
    reason: row.reason,
  }))
}

export interface RefusalCursor {
  readonly at: number
  readonly clientId: string
  /** Counts the refusals of its client. */
  readonly number: number
}
export interface RefusalRecord extends Refusal, RefusalCursor {}

/** How often a client was refused since it was first seen; 0 for one that never was. */
export async function refusalTotal(db: LedgerDb, clientId: string): Promise<number> {
  const row = await db.selectFrom('refusal_client').select('total').where('client_id', '=', clientId).executeTakeFirst()
  return row?.total ?? 0
}
