import type { Selectable } from 'kysely'
import { dayMs } from '#domain/time.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { appendSignals } from './signals.ts'

export interface ServiceNoticeTables {
  /** What a monitor outside says of Warmcity itself. */
  service_notice: {
    key: string
    source: string
    rule: string
    summary: string
    /** JSON of what the monitor's rule grouped by. */
    labels: string
    /** Wall clock of the monitor. */
    began_at: number
    ended_at: number | null
    /** The service's clock. */
    told_at: number
    last_told_at: number
    times_told: number
  }
}

/** Something that is wrong with Warmcity itself, told by a monitor that watches it from outside. */
export interface ServiceNotice {
  /** Same trouble, same key, however often it is told. */
  readonly key: string
  readonly source: string
  readonly rule: string
  readonly summary: string
  readonly labels: Readonly<Record<string, string>>
  readonly beganAt: number
  /** Absent while it lasts. */
  readonly endedAt?: number
}

export interface KeptServiceNotice extends ServiceNotice {
  readonly toldAt: number
  readonly lastToldAt: number
  readonly timesTold: number
}

/** As long as signals: what is over is kept for a season and the one before. */
const keptMs = 400 * dayMs

/**
 * Keeps what a monitor tells, and appends a signal where it is news: once when it begins, once when it is over. A
 * repeat is counted. What is over stays over: a beginning that comes late, because it was sent again, opens nothing.
 * What was over long ago is forgotten. Returns how many of them were news.
 */
export async function takeServiceNotices(
  transaction: LedgerTransaction,
  notices: readonly ServiceNotice[],
  now: number,
): Promise<number> {
  await transaction
    .deleteFrom('service_notice')
    .where('ended_at', 'is not', null)
    .where('last_told_at', '<', now - keptMs)
    .execute()
  let news = 0
  for (const notice of notices) {
    if (!(await takeOne(transaction, notice, now))) continue
    news += 1
    const { key, source, rule, summary, labels, beganAt, endedAt } = notice
    const isOver = endedAt !== undefined
    await appendSignals(transaction, [
      {
        at: now,
        kind: isOver ? 'service.cleared' : 'service.raised',
        key: `${key}/${isOver ? 'cleared' : 'raised'}`,
        subjectKind: 'service',
        subject: 'warmcity',
        history: false,
        // Of no place and no firm: for accounts of the whole city.
        territory: [],
        ofDwelling: false,
        payload: { source, rule, summary, labels, beganAt, ...(isOver && { endedAt }) },
      },
    ])
  }
  return news
}

/** True where the notice says what was not known. */
async function takeOne(transaction: LedgerTransaction, notice: ServiceNotice, now: number): Promise<boolean> {
  const known = await transaction
    .selectFrom('service_notice')
    .select(['ended_at', 'times_told'])
    .where('key', '=', notice.key)
    .executeTakeFirst()
  if (known === undefined) {
    await transaction.insertInto('service_notice').values(toRow(notice, now)).execute()
    return true
  }
  const ends = known.ended_at === null && notice.endedAt !== undefined
  await transaction
    .updateTable('service_notice')
    .set({
      last_told_at: now,
      times_told: known.times_told + 1,
      ...(ends && { ended_at: notice.endedAt }),
    })
    .where('key', '=', notice.key)
    .execute()
  return ends
}

/** Notices by when they were first told, the newest first, at most `limit`; those that last, or all. */
export async function listServiceNotices(
  db: LedgerDb,
  only: 'open' | 'all',
  limit: number,
): Promise<KeptServiceNotice[]> {
  let query = db.selectFrom('service_notice').selectAll().orderBy('told_at', 'desc').orderBy('key').limit(limit)
  if (only === 'open') query = query.where('ended_at', 'is', null)
  return (await query.execute()).map(fromRow)
}

const toRow = (notice: ServiceNotice, now: number): ServiceNoticeTables['service_notice'] => ({
  key: notice.key,
  source: notice.source,
  rule: notice.rule,
  summary: notice.summary,
  labels: JSON.stringify(notice.labels),
  began_at: notice.beganAt,
  ended_at: notice.endedAt ?? null,
  told_at: now,
  last_told_at: now,
  times_told: 1,
})

const fromRow = (row: Selectable<ServiceNoticeTables['service_notice']>): KeptServiceNotice => ({
  key: row.key,
  source: row.source,
  rule: row.rule,
  summary: row.summary,
  labels: JSON.parse(row.labels),
  beganAt: row.began_at,
  ...(row.ended_at !== null && { endedAt: row.ended_at }),
  toldAt: row.told_at,
  lastToldAt: row.last_told_at,
  timesTold: row.times_told,
})
