import type { Selectable } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { behind, type NewestFirstCursor } from './newest-first.ts'

const notificationChannels = ['mqtt', 'webhook'] as const
export type NotificationChannel = (typeof notificationChannels)[number]
/** `dead` was tried as often as it may be: a person has to look at it. */
export const notificationStates = ['pending', 'delivered', 'dead', 'cancelled'] as const
export type NotificationState = (typeof notificationStates)[number]
export const attemptOutcomes = ['delivered', 'refused', 'unreachable', 'timeout'] as const
export type AttemptOutcome = (typeof attemptOutcomes)[number]

export interface NotificationTables {
  /** Number of the last signal for which it is decided who is told. */
  notification_position: { reader: string; number: number }
  /** Something that must be sent, decided in the transaction that moved the position past its signal. */
  notification: {
    id: string
    channel: string
    /** District for MQTT, webhook id for webhooks. */
    target: string
    /** Number of the signal; 0 for a test. */
    signal: number
    body: string
    state: string
    attempts: number
    /** Wall-clock times: retries go by real time. */
    created_at: number
    next_attempt_at: number
  }
  notification_attempt: {
    notification: string
    attempt: number
    at: number
    duration_ms: number
    outcome: string
    status: number | null
    detail: string | null
  }
}

export interface Notification {
  readonly id: string
  readonly channel: NotificationChannel
  readonly target: string
  readonly signal: number
  readonly body: string
  readonly state: NotificationState
  readonly attempts: number
  readonly createdAt: number
  readonly nextAttemptAt: number
}

export interface NotificationAttempt {
  readonly attempt: number
  readonly at: number
  readonly durationMs: number
  readonly outcome: AttemptOutcome
  /** HTTP status, where there was an answer. */
  readonly status?: number
  readonly detail?: string
}

/** Number of the last signal that a notifier has considered; 0 for one that never ran. */
export async function notificationPosition(db: LedgerDb, reader: string): Promise<number> {
  const query = db.selectFrom('notification_position').select('number').where('reader', '=', reader)
  return (await query.executeTakeFirst())?.number ?? 0
}

export async function saveNotificationPosition(
  transaction: LedgerTransaction,
  reader: string,
  number: number,
): Promise<void> {
  await transaction
    .insertInto('notification_position')
    .values({ reader, number })
    .onConflict((conflict) => conflict.column('reader').doUpdateSet({ number }))
    .execute()
}

/** Keeps a statement under SQLite's limit of bound values. */
const rowsPerStatementMax = 500

/** Puts notifications in the queue; one whose id is known already stays as it is. */
export async function enqueueNotifications(
  transaction: LedgerTransaction,
  notifications: readonly Pick<Notification, 'id' | 'channel' | 'target' | 'signal' | 'body'>[],
  now: number,
): Promise<void> {
  for (let start = 0; start < notifications.length; start += rowsPerStatementMax) {
    const rows = notifications.slice(start, start + rowsPerStatementMax).map((notification) => ({
      ...notification,
      state: 'pending',
      attempts: 0,
      created_at: now,
      next_attempt_at: now,
    }))
    await transaction
      .insertInto('notification')
      .values(rows)
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute()
  }
}

/** Targets of a channel for which something is due at `now`. */
export async function dueTargets(db: LedgerDb, channel: NotificationChannel, now: number): Promise<string[]> {
  const rows = await db
    .selectFrom('notification')
    .select('target')
    .distinct()
    .where('state', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .where('channel', '=', channel)
    .orderBy('target')
    .execute()
  return rows.map((row) => row.target)
}

/** What is due for a target at `now`, in the order of the signals. */
export async function dueNotifications(
  db: LedgerDb,
  channel: NotificationChannel,
  target: string,
  now: number,
  limit: number,
): Promise<Notification[]> {
  const rows = await db
    .selectFrom('notification')
    .selectAll()
    .where('channel', '=', channel)
    .where('target', '=', target)
    .where('state', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .orderBy('signal')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Keeps an attempt and what follows from it. */
export async function recordAttempt(
  transaction: LedgerTransaction,
  id: string,
  attempt: NotificationAttempt,
  next: { readonly state: NotificationState; readonly nextAttemptAt: number },
): Promise<void> {
  await transaction
    .insertInto('notification_attempt')
    .values({
      notification: id,
      attempt: attempt.attempt,
      at: attempt.at,
      duration_ms: attempt.durationMs,
      outcome: attempt.outcome,
      status: attempt.status ?? null,
      detail: attempt.detail ?? null,
    })
    .execute()
  await transaction
    .updateTable('notification')
    .set({ state: next.state, next_attempt_at: next.nextAttemptAt, attempts: attempt.attempt })
    .where('id', '=', id)
    .execute()
}

/** Takes back one that is still pending. */
export async function cancelNotification(transaction: LedgerTransaction, id: string): Promise<void> {
  await transaction
    .updateTable('notification')
    .set({ state: 'cancelled' })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .execute()
}

/** Takes back what is still pending for a target that is gone. */
export async function cancelNotifications(
  transaction: LedgerTransaction,
  channel: NotificationChannel,
  target: string,
): Promise<void> {
  await transaction
    .updateTable('notification')
    .set({ state: 'cancelled' })
    .where('channel', '=', channel)
    .where('target', '=', target)
    .where('state', '=', 'pending')
    .execute()
}

/** What was sent to a target, newest first, with each attempt; at most `limit`, behind `after`. */
export async function listNotifications(
  db: LedgerDb,
  channel: NotificationChannel,
  target: string,
  after: NewestFirstCursor | undefined,
  limit: number,
): Promise<(Notification & { readonly outcomes: NotificationAttempt[] })[]> {
  const rows = await db
    .selectFrom('notification')
    .selectAll()
    .where('channel', '=', channel)
    .where('target', '=', target)
    .where(behind(after, 'created_at', 'id'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  const outcomes = await attemptsOf(
    db,
    rows.map((row) => row.id),
  )
  return rows.map((row) => ({ ...fromRow(row), outcomes: outcomes.get(row.id) ?? [] }))
}

export async function findNotification(
  db: LedgerDb,
  id: string,
): Promise<(Notification & { readonly outcomes: NotificationAttempt[] }) | undefined> {
  const row = await db.selectFrom('notification').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  return { ...fromRow(row), outcomes: (await attemptsOf(db, [id])).get(id) ?? [] }
}

async function attemptsOf(db: LedgerDb, ids: readonly string[]): Promise<Map<string, NotificationAttempt[]>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('notification_attempt')
    .selectAll()
    .where('notification', 'in', ids)
    .orderBy('attempt')
    .execute()
  const byNotification = Map.groupBy(rows, (row) => row.notification)
  return new Map(
    [...byNotification].map(([id, attempts]) => [
      id,
      attempts.map((row) => ({
        attempt: row.attempt,
        at: row.at,
        durationMs: row.duration_ms,
        outcome: row.outcome as AttemptOutcome,
        ...(row.status !== null && { status: row.status }),
        ...(row.detail !== null && { detail: row.detail }),
      })),
    ]),
  )
}

/** Notifications by channel and state, for metrics. */
export async function countNotifications(
  db: LedgerDb,
): Promise<{ channel: NotificationChannel; state: NotificationState; count: number }[]> {
  const rows = await db
    .selectFrom('notification')
    .select((expression) => ['channel', 'state', expression.fn.countAll<number>().as('count')])
    .groupBy(['channel', 'state'])
    .execute()
  return rows.map((row) => ({
    channel: row.channel as NotificationChannel,
    state: row.state as NotificationState,
    count: Number(row.count),
  }))
}

/** Forgets what was settled before `before`, at most `limit` at a time; returns how many. */
export async function forgetNotifications(
  transaction: LedgerTransaction,
  before: number,
  limit: number,
): Promise<number> {
  const old = await transaction
    .selectFrom('notification')
    .select('id')
    .where('state', '!=', 'pending')
    .where('next_attempt_at', '<', before)
    .limit(limit)
    .execute()
  const ids = old.map((row) => row.id)
  if (ids.length === 0) return 0
  await transaction.deleteFrom('notification_attempt').where('notification', 'in', ids).execute()
  await transaction.deleteFrom('notification').where('id', 'in', ids).execute()
  return ids.length
}

function fromRow(row: Selectable<NotificationTables['notification']>): Notification {
  return {
    id: row.id,
    channel: row.channel as NotificationChannel,
    target: row.target,
    signal: row.signal,
    body: row.body,
    state: row.state as NotificationState,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
  }
}
