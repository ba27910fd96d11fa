import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { type DayPage, dayPages } from './day-pages.ts'
import { merkleRoot, merkleRootOfHashes } from './digest.ts'
import { type DwellingDayTables, dayLeaf } from './dwelling-days.ts'
import { probeKey } from './home-probes.ts'
import type { LateSupplyTables } from './late-supply.ts'

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

const changesPerRead = 5_000

/** The root over the changes by late readings that are numbered after `after`, up to `upTo`; gapless numbers. */
export async function changesRoot(db: LedgerDb, after: number, upTo: number): Promise<string> {
  const homes = await leavesOf<HomeChange>(db, 'dwelling_day_change', { after, upTo }, (row) => {
    const { number, day, dwelling, device, before_leaf, after_leaf, position } = row
    return `${number} ${day} ${dwelling} ${device} ${before_leaf} ${after_leaf} ${position}`
  })
  const circuits = await leavesOf<CircuitChange>(db, 'circuit_supply_change', { after, upTo }, (row) => {
    const { number, day, circuit, before, after: changedTo, read_at } = row
    return `${number} ${day} circuit ${circuit} ${before} ${changedTo} ${read_at}`
  })
  const inOrder = [...homes, ...circuits].sort((left, right) => left.number - right.number)
  return merkleRoot(inOrder.map(({ leaf }) => leaf))
}

type HomeChange = DwellingDayTables['dwelling_day_change']
type CircuitChange = LateSupplyTables['circuit_supply_change']

async function leavesOf<Row extends { readonly number: number }>(
  db: LedgerDb,
  table: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
  leafOf: (row: Row) => string,
): Promise<{ readonly number: number; readonly leaf: string }[]> {
  const leaves: { number: number; leaf: string }[] = []
  for (let last: number | undefined = after; last !== undefined && last < upTo; ) {
    const { rows }: { rows: Row[] } = await sql<Row>`select * from ${sql.table(table)}
      where number > ${last} and number <= ${upTo} order by number limit ${sql.lit(changesPerRead)}`.execute(db)
    for (const row of rows) leaves.push({ number: row.number, leaf: leafOf(row) })
    last = rows.at(-1)?.number
    await nextTurn()
  }
  return leaves
}
