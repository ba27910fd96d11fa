import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LedgerDb } from './database.ts'
import { dayPages } from './day-pages.ts'
import { merkleRoot, merkleRootOfHashes } from './digest.ts'
import { dayLeaf } from './dwelling-days.ts'
import { probeKey } from './home-probes.ts'

/** The root over a day's dwelling-days, and of how many that say anything. */
export interface DayTree {
  readonly root: string
  readonly leaves: number
}

/** The main thread of whoever asks has its turn after so many pages. */
const pagesPerTurn = 50

/**
 * The tree of a day: a leaf for each dwelling-day, a root for each page in the order of its slots, and a root over
 * those. `leafOf` may say that a leaf was another one, or none ("").
 */
export async function dayTree(
  db: LedgerDb,
  day: number,
  leafOf: (key: string, leaf: string) => string = (_, leaf) => leaf,
): Promise<DayTree> {
  const roots: string[] = []
  let leaves = 0
  let pages = 0
  for await (const { probes, figures } of dayPages(db, day)) {
    const ofPage: string[] = []
    for (const probe of probes) {
      const kept = figures.get(probe.slot)
      const leaf = leafOf(probeKey(probe), kept ? dayLeaf({ ...probe, day }, kept) : '')
      if (leaf !== '') ofPage.push(leaf)
    }
    leaves += ofPage.length
    if (ofPage.length > 0) roots.push(merkleRootOfHashes(ofPage))
    pages += 1
    if (pages % pagesPerTurn === 0) await nextTurn()
  }
  return { root: merkleRootOfHashes(roots), leaves }
}

interface Change {
  readonly number: number
  readonly day: number
  readonly dwelling: string
  readonly device: string
  readonly before_leaf: string
  readonly after_leaf: string
  readonly position: number
}

const changesPerRead = 5_000

/** The root over the changes by late readings that are numbered after `after`, up to `upTo`; gapless numbers. */
export async function changesRoot(db: LedgerDb, after: number, upTo: number): Promise<string> {
  const leaves: string[] = []
  for (let last = after; last < upTo; ) {
    const rows: Change[] = await db
      .selectFrom('dwelling_day_change')
      .selectAll()
      .where('number', '>', last)
      .where('number', '<=', upTo)
      .orderBy('number')
      .limit(changesPerRead)
      .execute()
    for (const row of rows) {
      const { number, day, dwelling, device, before_leaf: before, after_leaf: changedTo, position } = row
      leaves.push(`${number} ${day} ${dwelling} ${device} ${before} ${changedTo} ${position}`)
    }
    const end = rows.at(-1)
    if (!end) break
    last = end.number
    await nextTurn()
  }
  return merkleRoot(leaves)
}
