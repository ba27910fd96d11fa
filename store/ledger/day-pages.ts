import type { LedgerDb } from './database.ts'
import { type DayFigures, readEntries } from './dwelling-day-page.ts'
import type { ProbeSlot } from './home-probes.ts'

/** So many pages are read at a time: some milliseconds. */
const pagesPerRead = 200

/** A page of a day with the probes that have a place on it, in the order of their slots. */
export interface DayPage {
  readonly page: number
  readonly probes: readonly ProbeSlot[]
  readonly figures: ReadonlyMap<number, DayFigures>
}

/** Every page of a day in order, those included that have lost their entries but once had probes. */
export async function* dayPages(db: LedgerDb, day: number): AsyncGenerator<DayPage> {
  const { last } = await db
    .selectFrom('home_probe')
    .select(({ fn }) => fn.max<number | null>('page').as('last'))
    .executeTakeFirstOrThrow()
  for (let from = 0; from <= (last ?? -1); from += pagesPerRead) {
    yield* await pagesBetween(db, day, from, from + pagesPerRead)
  }
}

/** One page of a day, as `dayPages` has it. */
export async function dayPage(db: LedgerDb, day: number, page: number): Promise<DayPage | undefined> {
  const [found] = await pagesBetween(db, day, page, page + 1)
  return found
}

async function pagesBetween(db: LedgerDb, day: number, from: number, to: number): Promise<DayPage[]> {
  const pages = await db
    .selectFrom('dwelling_day_page')
    .select(['page', 'entries'])
    .where('day', '=', day)
    .where('page', '>=', from)
    .where('page', '<', to)
    .execute()
  const probes = await db
    .selectFrom('home_probe')
    .selectAll()
    .where('page', '>=', from)
    .where('page', '<', to)
    .orderBy('page')
    .orderBy('slot')
    .execute()
  const entries = new Map(pages.map((row) => [row.page, row.entries]))
  return [...Map.groupBy(probes, ({ page }) => page)].map(([page, ofPage]) => ({
    page,
    probes: ofPage,
    figures: readEntries(entries.get(page) ?? new Uint8Array()),
  }))
}

/** The first day of which anything was kept; undefined before there is any. */
export async function firstKeptDay(db: LedgerDb): Promise<number | undefined> {
  const { day } = await db
    .selectFrom('dwelling_day_page')
    .select(({ fn }) => fn.min<number | null>('day').as('day'))
    .executeTakeFirstOrThrow()
  return day ?? undefined
}
