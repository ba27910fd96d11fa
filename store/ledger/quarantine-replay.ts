import type { LedgerDb, LedgerTransaction } from './database.ts'
import {
  listQuarantine,
  type QuarantinedDelivery,
  type QuarantineFilter,
  readQuarantined,
  toDelivery,
} from './quarantine.ts'

/** The gateways of those deliveries that are there, by id. */
export async function gatewaysOfDeliveries(db: LedgerDb, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('quarantine_delivery').select(['id', 'gateway']).where('id', 'in', ids).execute()
  return new Map(rows.map(({ id, gateway }) => [id, gateway]))
}

/**
 * Asks for deliveries to go through the pipeline again, after whatever was wrong has been put right. Gives the ids
 * that are there; a delivery that was sent through before may be asked for again.
 */
export async function requestReplay(
  transaction: LedgerTransaction,
  ids: readonly number[],
  { actor, now }: { readonly actor: string; readonly now: number },
): Promise<number[]> {
  if (ids.length === 0) return []
  const requested = await transaction
    .updateTable('quarantine_delivery')
    .set({ replay_requested_at: now, replay_requested_by: actor, replayed_at: null })
    .where('id', 'in', ids)
    .returning('id')
    .execute()
  return requested.map(({ id }) => id).sort((a, b) => a - b)
}

/** Gateways of which deliveries are asked for and not yet sent through. */
export async function gatewaysToReplay(db: LedgerDb): Promise<string[]> {
  const rows = await pending(db).select('gateway').distinct().execute()
  return rows.map(({ gateway }) => gateway)
}

/**
 * Deliveries that are asked for and not yet sent through, in the order in which they were received; of some gateways
 * only where those are named.
 */
export async function pendingReplays(
  db: LedgerDb,
  limit: number,
  gateways?: readonly string[],
): Promise<QuarantinedDelivery[]> {
  if (gateways?.length === 0) return []
  const all = pending(db).selectAll().orderBy('id').limit(limit)
  const rows = await (gateways === undefined ? all : all.where('gateway', 'in', gateways)).execute()
  return rows.map(toDelivery)
}

const pending = (db: LedgerDb) =>
  db.selectFrom('quarantine_delivery').where('replay_requested_at', 'is not', null).where('replayed_at', 'is', null)

/**
 * Notes that deliveries are in the journal again. A crash before this sends them twice, which is harmless: the
 * pipeline knows a repeat.
 */
export async function markReplayed(transaction: LedgerTransaction, ids: readonly number[], now: number): Promise<void> {
  if (ids.length === 0) return
  await transaction.updateTable('quarantine_delivery').set({ replayed_at: now }).where('id', 'in', ids).execute()
}

const exportPageRows = 200

/** Quarantined deliveries as lines of JSON, newest first, the bytes in base64 and as text where they are UTF-8. */
export async function* exportQuarantine(db: LedgerDb, filter: QuarantineFilter): AsyncGenerator<string> {
  let before: number | undefined
  for (;;) {
    const entries = await listQuarantine(db, filter, { before, limit: exportPageRows })
    for (const { id } of entries) {
      const delivery = await readQuarantined(db, id)
      // It may have been dropped since the page was read.
      if (delivery) yield `${JSON.stringify(exported(delivery))}\n`
    }
    if (entries.length < exportPageRows) return
    before = entries.at(-1)?.id
  }
}

function exported({ payload, ...entry }: QuarantinedDelivery): object {
  const bytes = Buffer.from(payload)
  const text = bytes.toString()
  return {
    ...entry,
    receivedAt: new Date(entry.receivedAt).toISOString(),
    payloadBase64: bytes.toString('base64'),
    payloadText: bytes.equals(Buffer.from(text)) ? text : undefined,
  }
}
