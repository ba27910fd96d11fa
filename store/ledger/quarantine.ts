import { type Selectable, sql } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { raiseVersion } from './ledger-version.ts'
import { perStatement } from './statement-rows.ts'

export interface QuarantineTables {
  quarantine_delivery: {
    id: number
    gateway: string
    /** Journal position, by which a delivery that is read twice is recognised. */
    position: number
    received_at: number
    topic: string
    payload: Uint8Array
    /** 1 for a message that its sender or a broker retained. */
    retain: number
    /** What the row takes: payload, topic and problems. */
    size_bytes: number
    stored_readings: number
    /** JSON: the first problems, and how many there were. */
    problems: string
    first_code: string
    replay_requested_at: number | null
    replay_requested_by: string | null
    replayed_at: number | null
  }
  /** What came of each gateway's bad deliveries: total = kept + dropped. */
  quarantine_gateway: {
    gateway: string
    total: number
    last_at: number
    kept: number
    kept_bytes: number
    dropped: number
    dropped_bytes: number
  }
}

interface QuarantineProblem {
  /** Stable code, e.g. `not_json`, `unknown_metric`. */
  readonly code: string
  /** Where in the payload, as a JSON path. */
  readonly path: string
  readonly detail: string
}

/** A delivery that could not be taken whole, as it was received, and why. */
export interface BadDelivery {
  readonly position: number
  readonly receivedAt: number
  readonly gateway: string
  readonly topic: string
  readonly payload: Uint8Array
  /** Its sender or a broker retained it: it may be old. */
  readonly retain?: boolean
  /** Good readings of the same delivery that were stored all the same. */
  readonly storedReadings: number
  readonly problems: readonly QuarantineProblem[]
}

export interface QuarantineBounds {
  readonly gatewayBytesMax: number
  readonly totalBytesMax: number
}

/** One gateway gone mad leaves room for the others, and all together fit beside the rest of the ledger. */
export const quarantineBounds: QuarantineBounds = { gatewayBytesMax: 4 << 20, totalBytesMax: 256 << 20 }

/** The first tell what is wrong; a thousand readings with the same mistake say nothing more. */
const problemsKeptMax = 20
/** Room is made down to this share of a bound, so that a gateway at its bound does not have it made at every delivery. */
const refillShare = 0.95
/** Rows looked at when room is made. */
const rowsDroppedAtOnceMax = 500

/** Keeps deliveries verbatim. Over a bound the oldest of the gateway that takes most room go, and are counted. */
export async function quarantineDeliveries(
  transaction: LedgerTransaction,
  deliveries: readonly BadDelivery[],
  bounds: QuarantineBounds = quarantineBounds,
): Promise<void> {
  if (deliveries.length === 0) return
  const lastId = await raiseVersion(transaction, 'quarantine', deliveries.length)
  const rows = deliveries.map((delivery, index) => toRow(delivery, lastId - deliveries.length + index + 1))
  const kept: KeptRow[] = []
  for (const some of perStatement(rows)) {
    const inserted = await transaction
      .insertInto('quarantine_delivery')
      .values(some)
      .onConflict((conflict) => conflict.columns(['position', 'gateway', 'received_at']).doNothing())
      .returning(['gateway', 'received_at', 'size_bytes'])
      .execute()
    kept.push(...inserted)
  }
  for (const some of perStatement([...Map.groupBy(kept, ({ gateway }) => gateway)])) {
    for (const { gateway, kept_bytes } of await countKept(transaction, some)) {
      if (kept_bytes <= bounds.gatewayBytesMax) continue
      await makeRoom(transaction, gateway, kept_bytes - bounds.gatewayBytesMax * refillShare)
    }
  }
  await boundTotal(transaction, bounds.totalBytesMax)
}

type Row = QuarantineTables['quarantine_delivery']
type KeptRow = Pick<Row, 'gateway' | 'received_at' | 'size_bytes'>

function toRow(delivery: BadDelivery, id: number): Row {
  const { gateway, position, topic, payload, problems } = delivery
  const text = JSON.stringify({ count: problems.length, first: problems.slice(0, problemsKeptMax) })
  return {
    id,
    gateway,
    position,
    received_at: delivery.receivedAt,
    topic,
    payload,
    retain: delivery.retain ? 1 : 0,
    size_bytes: payload.byteLength + Buffer.byteLength(topic) + Buffer.byteLength(text),
    stored_readings: delivery.storedReadings,
    problems: text,
    first_code: problems[0]?.code ?? '',
    replay_requested_at: null,
    replay_requested_by: null,
    replayed_at: null,
  }
}

/** Counts what was kept of each gateway; returns how many bytes of it there are now. */
async function countKept(
  transaction: LedgerTransaction,
  byGateway: readonly (readonly [string, readonly KeptRow[]])[],
): Promise<{ readonly gateway: string; readonly kept_bytes: number }[]> {
  return transaction
    .insertInto('quarantine_gateway')
    .values(
      byGateway.map(([gateway, rows]) => ({
        ...{ gateway, total: rows.length, last_at: Math.max(...rows.map((row) => row.received_at)) },
        ...{ kept: rows.length, kept_bytes: rows.reduce((sum, { size_bytes }) => sum + size_bytes, 0) },
        ...{ dropped: 0, dropped_bytes: 0 },
      })),
    )
    .onConflict((conflict) =>
      conflict.column('gateway').doUpdateSet(({ eb, ref }) => ({
        total: eb('quarantine_gateway.total', '+', ref('excluded.total')),
        last_at: ref('excluded.last_at'),
        kept: eb('quarantine_gateway.kept', '+', ref('excluded.kept')),
        kept_bytes: eb('quarantine_gateway.kept_bytes', '+', ref('excluded.kept_bytes')),
      })),
    )
    .returning(['gateway', 'kept_bytes'])
    .execute()
}

async function boundTotal(transaction: LedgerTransaction, totalBytesMax: number): Promise<void> {
  for (;;) {
    const { keptBytes } = await quarantineTotals(transaction)
    if (keptBytes <= totalBytesMax) return
    const largest = await transaction
      .selectFrom('quarantine_gateway')
      .select('gateway')
      .orderBy('kept_bytes', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    await makeRoom(transaction, largest.gateway, keptBytes - totalBytesMax * refillShare)
  }
}

/** Drops at least `bytes` of a gateway's deliveries, or all: what was sent through again first, then the oldest. */
async function makeRoom(transaction: LedgerTransaction, gateway: string, bytes: number): Promise<void> {
  let missing = bytes
  while (missing > 0) {
    const candidates = await transaction
      .selectFrom('quarantine_delivery')
      .select(['id', 'size_bytes'])
      .where('gateway', '=', gateway)
      .orderBy(sql`case when replayed_at is not null then 0 when replay_requested_at is null then 1 else 2 end`)
      .orderBy('id')
      .limit(rowsDroppedAtOnceMax)
      .execute()
    if (candidates.length === 0) return
    const going: number[] = []
    let freed = 0
    for (const { id, size_bytes } of candidates) {
      if (freed >= missing) break
      going.push(id)
      freed += size_bytes
    }
    await transaction.deleteFrom('quarantine_delivery').where('id', 'in', going).execute()
    await transaction
      .updateTable('quarantine_gateway')
      .set((expression) => ({
        kept: expression('kept', '-', going.length),
        kept_bytes: expression('kept_bytes', '-', freed),
        dropped: expression('dropped', '+', going.length),
        dropped_bytes: expression('dropped_bytes', '+', freed),
      }))
      .where('gateway', '=', gateway)
      .execute()
    missing -= freed
  }
}

export interface QuarantineTotals {
  /** Deliveries ever quarantined, kept and dropped. */
  readonly total: number
  readonly kept: number
  readonly keptBytes: number
  readonly dropped: number
  readonly droppedBytes: number
}

/** Counts over all gateways; they survive restarts, because they are written with what they count. */
export async function quarantineTotals(db: LedgerDb): Promise<QuarantineTotals> {
  const found = await sql<QuarantineTotals>`
    select coalesce(sum(total), 0) as total, coalesce(sum(kept), 0) as kept,
      coalesce(sum(kept_bytes), 0) as ${sql.ref('keptBytes')}, coalesce(sum(dropped), 0) as dropped,
      coalesce(sum(dropped_bytes), 0) as ${sql.ref('droppedBytes')}
    from quarantine_gateway`.execute(db)
  return found.rows[0] as QuarantineTotals
}

/** Deliveries that are kept and were not yet sent through again, by their first problem. */
export async function countQuarantined(db: LedgerDb): Promise<{ readonly reason: string; readonly count: number }[]> {
  const rows = await db
    .selectFrom('quarantine_delivery')
    .select(({ fn }) => ['first_code', fn.countAll<number>().as('count')])
    .where('replayed_at', 'is', null)
    .groupBy('first_code')
    .orderBy('first_code')
    .execute()
  return rows.map(({ first_code, count }) => ({ reason: first_code, count: Number(count) }))
}

/** A quarantined delivery without its bytes. */
export interface QuarantineEntry extends Omit<BadDelivery, 'payload'> {
  readonly id: number
  readonly payloadBytes: number
  /** The first problems are listed; this is how many there were. */
  readonly problemCount: number
  readonly replayRequestedAt?: number
  readonly replayRequestedBy?: string
  readonly replayedAt?: number
}

export type QuarantinedDelivery = QuarantineEntry & { readonly payload: Uint8Array; readonly retain: boolean }

export interface QuarantineFilter {
  readonly gateway?: string
  /** Code of the first problem. */
  readonly code?: string
}

/** Quarantined deliveries, newest first, behind `before`. */
export async function listQuarantine(
  db: LedgerDb,
  filter: QuarantineFilter,
  page: { readonly before?: number; readonly limit: number },
): Promise<QuarantineEntry[]> {
  let query = db
    .selectFrom('quarantine_delivery')
    .select(entryColumns)
    .select(sql<number>`length(payload)`.as('payload_bytes'))
  if (filter.gateway !== undefined) query = query.where('gateway', '=', filter.gateway)
  if (filter.code !== undefined) query = query.where('first_code', '=', filter.code)
  if (page.before !== undefined) query = query.where('id', '<', page.before)
  const rows = await query.orderBy('id', 'desc').limit(page.limit).execute()
  return rows.map((row) => toEntry(row, row.payload_bytes))
}

const entryColumns = [
  'id',
  'gateway',
  'position',
  'received_at',
  'topic',
  'stored_readings',
  'problems',
  'replay_requested_at',
  'replay_requested_by',
  'replayed_at',
] as const

function toEntry(row: Pick<Selectable<Row>, (typeof entryColumns)[number]>, payloadBytes: number): QuarantineEntry {
  const { count, first } = JSON.parse(row.problems) as { count: number; first: QuarantineProblem[] }
  return {
    id: row.id,
    gateway: row.gateway,
    position: row.position,
    receivedAt: row.received_at,
    topic: row.topic,
    payloadBytes,
    storedReadings: row.stored_readings,
    problems: first,
    problemCount: count,
    replayRequestedAt: row.replay_requested_at ?? undefined,
    replayRequestedBy: row.replay_requested_by ?? undefined,
    replayedAt: row.replayed_at ?? undefined,
  }
}

export const toDelivery = (row: Selectable<Row>): QuarantinedDelivery => ({
  ...toEntry(row, row.payload.byteLength),
  payload: row.payload,
  retain: row.retain === 1,
})

/** One delivery with its bytes. */
export async function readQuarantined(db: LedgerDb, id: number): Promise<QuarantinedDelivery | undefined> {
  const row = await db.selectFrom('quarantine_delivery').selectAll().where('id', '=', id).executeTakeFirst()
  return row && toDelivery(row)
}
