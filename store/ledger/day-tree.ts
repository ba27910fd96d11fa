import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LedgerDb } from './database.ts'
import { type DayPage, dayPages } from './day-pages.ts'
import { merkleRoot, merkleRootOfHashes } from './digest.ts'
import { dayLeaf } from './dwelling-days.ts'
import { probeKey } from './home-probes.ts'

/** The root over some dwelling-days, and of how many that say anything. */
export interface DayTree {
  readonly root: string
  readonly leaves: number
}

/** What is above the pages of a day, by page. */
export type PageTrees = Map<number, DayTree>

/** The main thread of whoever asks has its turn after so many pages. */
const pagesPerTurn = 50

type LeafOf = (key: string, leaf: string) => string
const asItIs: LeafOf = (_, leaf) => leaf

/**
 * The tree of a day: a leaf for each dwelling-day, a root for each page in the order of its slots, and a root over
 * those. `leafOf` may say that a leaf was another one, or none ("").
 */
export const dayTree = async (db: LedgerDb, day: number, leafOf?: LeafOf): Promise<DayTree> =>
  treeOver(await pageTrees(db, day, leafOf))

export async function pageTrees(db: LedgerDb, day: number, leafOf: LeafOf = asItIs): Promise<PageTrees> {
  const trees: PageTrees = new Map()
  for await (const page of dayPages(db, day)) {
    trees.set(page.page, pageTree(day, page, leafOf))
    if (trees.size % pagesPerTurn === 0) await nextTurn()
  }
  return trees
}

export function pageTree(day: number, { probes, figures }: DayPage, leafOf: LeafOf = asItIs): DayTree {
  const leaves: string[] = []
  for (const probe of probes) {
    const kept = figures.get(probe.slot)
    const leaf = leafOf(probeKey(probe), kept ? dayLeaf({ ...probe, day }, kept) : '')
    if (leaf !== '') leaves.push(leaf)
  }
  return { root: merkleRootOfHashes(leaves), leaves: leaves.length }
}

/** The tree over those of the pages, in their order; a page that says nothing is in no tree. */
export function treeOver(trees: PageTrees): DayTree {
  const pages = [...trees].filter(([, { leaves }]) => leaves > 0).sort(([left], [right]) => left - right)
  return {
    root: merkleRootOfHashes(pages.map(([, { root }]) => root)),
    leaves: pages.reduce((sum, [, { leaves }]) => sum + leaves, 0),
  }
}

/** A change by late readings, as its leaf says it. */
interface Change {
  readonly number: number
  readonly leaf: string
}

const changesPerRead = 5_000

/** The root over the changes by late readings that are numbered after `after`, up to `upTo`; gapless numbers. */
export async function changesRoot(db: LedgerDb, after: number, upTo: number): Promise<string> {
  const changes: Change[] = []
  for (const read of [homeChanges, circuitChanges]) {
    for (let last = after; last < upTo; ) {
      const some = await read(db, last, upTo)
      changes.push(...some)
      last = some.at(-1)?.number ?? upTo
      await nextTurn()
    }
  }
  changes.sort((left, right) => left.number - right.number)
  return merkleRoot(changes.map(({ leaf }) => leaf))
}

type Changes = (db: LedgerDb, after: number, upTo: number) => Promise<Change[]>

const homeChanges: Changes = async (db, after, upTo) => {
  const rows = await db
    .selectFrom('dwelling_day_change')
    .selectAll()
    .where('number', '>', after)
    .where('number', '<=', upTo)
    .orderBy('number')
    .limit(changesPerRead)
    .execute()
  return rows.map(({ number, day, dwelling, device, before_leaf, after_leaf, position }) => ({
    number,
    leaf: `${number} ${day} ${dwelling} ${device} ${before_leaf} ${after_leaf} ${position}`,
  }))
}

const circuitChanges: Changes = async (db, after, upTo) => {
  const rows = await db
    .selectFrom('circuit_supply_change')
    .selectAll()
    .where('number', '>', after)
    .where('number', '<=', upTo)
    .orderBy('number')
    .limit(changesPerRead)
    .execute()
  return rows.map(({ number, day, circuit, before, after: changedTo, read_at }) => ({
    number,
    leaf: `${number} ${day} circuit ${circuit} ${before} ${changedTo} ${read_at}`,
  }))
}
