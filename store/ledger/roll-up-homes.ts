import { type RawBuilder, sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { counts } from './registry-view.ts'

/** A page is read in about 10 ms. */
const rowsPerPage = 2_000

/** In which building every home is, in pages. */
export async function* homeBuildings(
  db: LedgerDb,
): AsyncGenerator<readonly { readonly id: string; readonly building: string }[]> {
  for (let last = ''; ; ) {
    const { rows } = await sql<{ id: string; building: string }>`
      select dwelling.id, entrance.building from dwelling
        join entrance on entrance.id = dwelling.entrance and ${counts('entrance', 'entrance')}
        where dwelling.id > ${last} and ${counts('dwelling', 'dwelling')}
        order by dwelling.id limit ${rowsPerPage}`.execute(db)
    const end = rows.at(-1)
    if (!end) return
    last = end.id
    yield rows
  }
}

export interface HomeCircuit {
  readonly dwelling: string
  readonly valid_from: number
  readonly valid_to: number | null
  readonly circuit: string
}

/** From which circuit every home is fed, and when, in pages: entries of one home in order, none of them corrected. */
export async function* homeCircuits(db: LedgerDb): AsyncGenerator<readonly HomeCircuit[]> {
  for (let last: readonly [string, number] = ['', 0]; ; ) {
    const { rows } = await sql<HomeCircuit>`
      select t.dwelling, t.valid_from, t.valid_to, t.circuit from dwelling_period as t
        where (t.dwelling, t.valid_from) > (${last[0]}, ${last[1]}) and ${counts('dwelling_period', 't')}
        order by t.dwelling, t.valid_from limit ${rowsPerPage}`.execute(db)
    const end = rows.at(-1)
    if (!end) return
    last = [end.dwelling, Number(end.valid_from)]
    yield rows
  }
}

/** A flag as far as roll-ups count it. */
export interface CountedFlag {
  readonly rule: string
  readonly subject_kind: string
  readonly subject: string
  readonly building: string | null
  readonly circuit: string | null
}

/** Flags that were open at a time, in pages. */
export async function* flagsOpenAt(db: LedgerDb, at: number): AsyncGenerator<readonly CountedFlag[]> {
  yield* flagPages(db, sql`raised_at`, sql`cleared_at is null and raised_at <= ${at}`)
  // What ended since, by the order of its end: of a long season nothing else is looked at.
  yield* flagPages(db, sql`cleared_at`, sql`cleared_at > ${at} and raised_at <= ${at}`)
}

async function* flagPages(
  db: LedgerDb,
  order: RawBuilder<unknown>,
  condition: RawBuilder<unknown>,
): AsyncGenerator<readonly CountedFlag[]> {
  for (let last: readonly [number, string] = [0, '']; ; ) {
    const { rows } = await sql<CountedFlag & { key: string; ordered: number }>`
      select key, ${order} as ordered, rule, subject_kind, subject, building, circuit from flag
        where ${condition} and (${order}, key) > (${last[0]}, ${last[1]})
        order by ${order}, key limit ${rowsPerPage}`.execute(db)
    const end = rows.at(-1)
    if (!end) return
    last = [Number(end.ordered), end.key]
    yield rows
  }
}
