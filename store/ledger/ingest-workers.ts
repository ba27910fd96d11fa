import type { WorkerHolding } from '#domain/gateway-share.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'

export interface IngestWorkerTables {
  ingest_worker: { worker: number; workers: number; handed_over: number; subscribed: number }
  /** The watch's state of gateways that are on their way from one worker to another. */
  watch_hand_over: { gateway: string; to_worker: number; state: Uint8Array }
}

/** A gateway's part of the watch, packed by the worker who had it. */
export interface HandedOverState {
  readonly gateway: string
  readonly state: Uint8Array
}

/** Keeps a statement under SQLite's limit of bound values, and a transaction small. */
const statesPerStatementMax = 200

/** Every worker that has, or is about to have, gateways; in order of their numbers. */
export async function ingestWorkers(db: LedgerDb): Promise<WorkerHolding[]> {
  const rows = await db.selectFrom('ingest_worker').selectAll().orderBy('worker').execute()
  return rows.map(({ worker, workers, handed_over: handedOver, subscribed }) => ({
    ...{ worker, workers, handedOver, subscribed },
  }))
}

/** Writes what a worker has; one that has nothing and wants nothing is forgotten. */
export async function saveIngestWorker(transaction: LedgerTransaction, holding: WorkerHolding): Promise<void> {
  const { worker, workers, handedOver, subscribed } = holding
  if (workers + subscribed === 0) {
    await transaction.deleteFrom('ingest_worker').where('worker', '=', worker).execute()
    return
  }
  const row = { workers, handed_over: handedOver, subscribed }
  await transaction
    .insertInto('ingest_worker')
    .values({ worker, ...row })
    .onConflict((conflict) => conflict.column('worker').doUpdateSet(row))
    .execute()
}

/** Puts states aside for their next worker. They count when the worker who had them says that it handed over. */
export async function putHandedOver(
  transaction: LedgerTransaction,
  states: readonly (HandedOverState & { readonly toWorker: number })[],
): Promise<void> {
  for (let start = 0; start < states.length; start += statesPerStatementMax) {
    const rows = states.slice(start, start + statesPerStatementMax).map(({ gateway, toWorker, state }) => ({
      ...{ gateway, to_worker: toWorker, state },
    }))
    await transaction
      .insertInto('watch_hand_over')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('gateway').doUpdateSet((expression) => ({
          to_worker: expression.ref('excluded.to_worker'),
          state: expression.ref('excluded.state'),
        })),
      )
      .execute()
  }
}

/** States that wait for a worker, in order of gateways: after the given one, at most `limit`. */
export async function handedOverTo(
  db: LedgerDb,
  worker: number,
  after: string,
  limit: number,
): Promise<HandedOverState[]> {
  return db
    .selectFrom('watch_hand_over')
    .select(['gateway', 'state'])
    .where('to_worker', '=', worker)
    .where('gateway', '>', after)
    .orderBy('gateway')
    .limit(limit)
    .execute()
}

/** Call when the worker has made what it took durable. */
export async function forgetHandedOver(transaction: LedgerTransaction, worker: number): Promise<void> {
  await transaction.deleteFrom('watch_hand_over').where('to_worker', '=', worker).execute()
}
