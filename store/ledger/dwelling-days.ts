import { hash } from 'node:crypto'
import type { DwellingDay } from '#domain/dwelling-day.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { type DayFigures, putEntries, readEntries, wholeFigures } from './dwelling-day-page.ts'
import { buildingsOf, type ProbeSlot, probeKey, slotsFor, slotsOf } from './home-probes.ts'
import { raiseVersion } from './ledger-version.ts'
import { haveRolledUpAgain } from './roll-up-waiting.ts'
import { perStatement } from './statement-rows.ts'

export interface DwellingDayTables {
  /** See `dwelling-day-page.ts` for what the entries are. */
  dwelling_day_page: { day: number; page: number; entries: Uint8Array }
  /** Days that wait to be computed again, with the journal position of the reading that made them wrong. */
  dwelling_day_wrong: { day: number; dwelling: string; device: string; position: number }
  /** What late readings changed after a day was sealed: gapless numbers, sealed with the days that follow. */
  dwelling_day_change: {
    number: number
    day: number
    dwelling: string
    device: string
    /** What the day's leaf was, empty where there was none. */
    before_leaf: string
    after_leaf: string
    /** Journal position of the reading that made the day wrong; 0 where the day came after it was sealed. */
    position: number
  }
}

export interface StoredDwellingDay extends DwellingDay {
  /** True where readings came out of order or late and the row waits to be computed again. */
  readonly stale: boolean
}

/** Keeps a statement under SQLite's limit of bound values, and one statement text for all full chunks. */
const rowsPerStatementMax = 500

/** A summary to write; `staleSince` is the journal position of what made it wrong already. */
export interface ClosedDay extends DwellingDay {
  readonly staleSince?: number
}

/**
 * Writes the summaries of closed days. One that is there is replaced, and stays stale if it was. What changes a day
 * that is sealed is written down with the journal position of what changed it, and has its building rolled up again.
 */
export async function saveDwellingDays(
  transaction: LedgerTransaction,
  days: readonly ClosedDay[],
  position = 0,
): Promise<void> {
  if (days.length === 0) return
  const slots = await slotsFor(transaction, days)
  const byDay = Map.groupBy(days, ({ day }) => day)
  const sealed = await sealedOf(transaction, [...byDay.keys()])
  const changes: Change[] = []
  for (const [day, ofDay] of byDay) {
    const byPage = new Map<number, Map<number, ClosedDay>>()
    for (const closed of ofDay) {
      const { page, slot } = slots.get(probeKey(closed)) as ProbeSlot
      const ofPage = byPage.get(page) ?? new Map<number, ClosedDay>()
      byPage.set(page, ofPage.set(slot, closed))
    }
    const kept = await pagesOf(transaction, day, [...byPage.keys()])
    await savePages(
      transaction,
      [...byPage].map(([page, entries]) => ({ day, page, entries: putEntries(kept.get(page) ?? emptyPage, entries) })),
    )
    if (!sealed.has(day)) continue
    for (const [page, entries] of byPage) changes.push(...changesOf(kept.get(page) ?? emptyPage, entries, position))
  }
  await markDaysStale(
    transaction,
    days.flatMap(({ staleSince, ...key }) => (staleSince === undefined ? [] : [{ key, position: staleSince }])),
  )
  if (changes.length > 0) await keepChanges(transaction, changes)
}

async function sealedOf(db: LedgerDb, days: readonly number[]): Promise<Set<number>> {
  const rows = await db.selectFrom('ranking_day').select('day').where('day', 'in', days).execute()
  return new Set(rows.map(({ day }) => day))
}

type Change = Omit<DwellingDayTables['dwelling_day_change'], 'number'>

/** What the entries of a page change of what counts. */
function changesOf(page: Uint8Array, entries: ReadonlyMap<number, ClosedDay>, position: number): Change[] {
  const changes: Change[] = []
  const kept = readEntries(page)
  for (const [slot, closed] of entries) {
    const { day, dwelling, device } = closed
    const before = kept.get(slot)
    const beforeLeaf = before ? dayLeaf(closed, before) : ''
    const afterLeaf = dayLeaf(closed, closed)
    if (beforeLeaf === afterLeaf) continue
    changes.push({ day, dwelling, device, before_leaf: beforeLeaf, after_leaf: afterLeaf, position })
  }
  return changes
}

/** A list that was published from a day is told later why the day is no longer what it was. */
async function keepChanges(transaction: LedgerTransaction, changes: readonly Change[]): Promise<void> {
  const last = await raiseVersion(transaction, 'dwelling_day_change', changes.length)
  const rows = changes.map((change, index) => ({ ...change, number: last - changes.length + 1 + index }))
  for (let start = 0; start < rows.length; start += rowsPerStatementMax) {
    await transaction
      .insertInto('dwelling_day_change')
      .values(rows.slice(start, start + rowsPerStatementMax))
      .execute()
  }
  const buildings = await buildingsOf(
    transaction,
    changes.map(({ dwelling }) => dwelling),
  )
  const places = new Map<string, { day: number; building: string }>()
  for (const { day, dwelling } of changes) {
    const building = buildings.get(dwelling)
    if (building !== undefined) places.set(`${day}/${building}`, { day, building })
  }
  await haveRolledUpAgain(transaction, [...places.values()])
}

const emptyPage = new Uint8Array()

async function savePages(
  transaction: LedgerTransaction,
  pages: readonly DwellingDayTables['dwelling_day_page'][],
): Promise<void> {
  for (let start = 0; start < pages.length; start += rowsPerStatementMax) {
    await transaction
      .insertInto('dwelling_day_page')
      .values(pages.slice(start, start + rowsPerStatementMax))
      .onConflict((conflict) =>
        conflict
          .columns(['day', 'page'])
          .doUpdateSet((expression) => ({ entries: expression.ref('excluded.entries') })),
      )
      .execute()
  }
}

/** Entries of some pages of a day, by page. */
export async function pagesOf(db: LedgerDb, day: number, pages: readonly number[]): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>()
  for (let start = 0; start < pages.length; start += rowsPerStatementMax) {
    const rows = await db
      .selectFrom('dwelling_day_page')
      .select(['page', 'entries'])
      .where('day', '=', day)
      .where('page', 'in', pages.slice(start, start + rowsPerStatementMax))
      .execute()
    for (const { page, entries } of rows) found.set(page, entries)
  }
  return found
}

/** A day of one home and probe. */
export interface DayKey {
  readonly day: number
  readonly dwelling: string
  readonly device: string
}

/** A closed day that a reading at a journal position has made wrong. */
export interface WrongDay {
  readonly key: DayKey
  readonly position: number
}

/** Marks closed days as wrong, whether there is a summary of them or not. */
export async function markDaysStale(transaction: LedgerTransaction, wrong: readonly WrongDay[]): Promise<void> {
  const newest = new Map(wrong.map(({ key, position }) => [`${key.day}/${probeKey(key)}`, { ...key, position }]))
  const rows = [...newest.values()].map(({ day, dwelling, device, position }) => ({ day, dwelling, device, position }))
  for (const some of perStatement(rows)) {
    await transaction
      .insertInto('dwelling_day_wrong')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['day', 'dwelling', 'device'])
          .doUpdateSet(({ ref }) => ({ position: ref('excluded.position') })),
      )
      .execute()
  }
}

/** Days that wait to be computed again and were made wrong before a journal position, at most `limit`. */
export async function staleDays(
  db: LedgerDb,
  before: number,
  limit: number,
): Promise<(DayKey & { readonly staleSince: number })[]> {
  const rows = await db
    .selectFrom('dwelling_day_wrong')
    .selectAll()
    .where('position', '<', before)
    .orderBy('position')
    .orderBy('day')
    .orderBy('dwelling')
    .orderBy('device')
    .limit(limit)
    .execute()
  return rows.map(({ position, ...key }) => ({ ...key, staleSince: position }))
}

/** What a dwelling-day counts as in the tree of its day; empty where nothing was measured. */
export function dayLeaf({ day, dwelling, device }: DayKey, figures: DayFigures): string {
  if (figures.coveredMs === 0) return ''
  const words = wholeFigures(figures).map((figure) => figure ?? '-')
  return hash('sha256', `leaf ${day} ${dwelling} ${device} ${words.join(' ')}`)
}

/** Writes a summary that was computed again, unless more readings made the day wrong meanwhile. */
export async function replaceStaleDay(
  transaction: LedgerTransaction,
  day: DwellingDay,
  staleSince: number,
): Promise<void> {
  const { numDeletedRows } = await transaction
    .deleteFrom('dwelling_day_wrong')
    .where('day', '=', day.day)
    .where('dwelling', '=', day.dwelling)
    .where('device', '=', day.device)
    .where('position', '=', staleSince)
    .executeTakeFirst()
  if (numDeletedRows === 0n) return
  await saveDwellingDays(transaction, [day], staleSince)
}

/** Local date "2026-01-15" as days since 1970-01-01, and back. */
export const dayNumber = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000
export const dayText = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** Summaries of a home from one local day to another, both included, oldest first; a row for each probe. */
export async function dwellingDays(
  db: LedgerDb,
  dwelling: string,
  fromDay: number,
  toDay: number,
): Promise<StoredDwellingDay[]> {
  const probes = [...(await slotsOf(db, [dwelling])).values()]
  const wrong = await db
    .selectFrom('dwelling_day_wrong')
    .selectAll()
    .where('dwelling', '=', dwelling)
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .execute()
  const found = new Map(
    // A day of which nothing was written yet, though readings of it came late.
    wrong.map(({ day, device }): [string, StoredDwellingDay] => [
      `${day}/${device}`,
      { dwelling, device, day, ...nothingMeasured, stale: true },
    ]),
  )
  const days = Array.from({ length: Math.max(0, toDay - fromDay + 1) }, (_, index) => fromDay + index)
  for (const { device, page, slot } of probes) {
    // The key begins with the day, so naming the days makes each look-up one descent of the index.
    for (let start = 0; start < days.length; start += rowsPerStatementMax) {
      const rows = await db
        .selectFrom('dwelling_day_page')
        .selectAll()
        .where('day', 'in', days.slice(start, start + rowsPerStatementMax))
        .where('page', '=', page)
        .execute()
      for (const { day, entries } of rows) {
        const figures = readEntries(entries, slot).get(slot)
        const stale = found.has(`${day}/${device}`)
        if (figures) found.set(`${day}/${device}`, { dwelling, device, day, ...figures, stale })
      }
    }
  }
  return [...found.values()].sort((left, right) => left.day - right.day || (left.device < right.device ? -1 : 1))
}

const nothingMeasured: DayFigures = {
  coveredMs: 0,
  belowTargetMs: 0,
  below16Ms: 0,
  below12Ms: 0,
  deficitTargetKh: 0,
  deficit16Kh: 0,
  deficit12Kh: 0,
}
