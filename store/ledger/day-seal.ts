import { appendAudit } from './audit.ts'
import type { LedgerTransaction } from './database.ts'
import { dayPage } from './day-pages.ts'
import { changesRoot, type PageTrees, pageTree, treeOver } from './day-tree.ts'
import { dayText } from './dwelling-days.ts'
import { readVersion } from './ledger-version.ts'

/** From now on what late readings change on the day is written down; the row counts when it has a root. */
export async function beginSealing(transaction: LedgerTransaction, day: number, now: number): Promise<void> {
  const row = {
    ...{ day, root: '', leaves: 0, changes_after: 0, changes_upto: 0, changes_root: '', supply_root: '' },
    ...{ outdoor_c: null, registry_version: 0, sealed_at: now, rolled_up_at: now },
  }
  await transaction
    .insertInto('ranking_day')
    .values(row)
    .onConflict((conflict) => conflict.column('day').doNothing())
    .execute()
}

/**
 * Seals a day with the trees of its pages, which were made while late readings went on coming in: the pages that were
 * changed after the change numbered `seen` are taken anew, so that the seal is the day of this moment.
 */
export async function sealDay(
  transaction: LedgerTransaction,
  {
    day,
    trees,
    seen,
    supply,
    now,
  }: {
    readonly day: number
    readonly trees: PageTrees
    readonly seen: number
    /** Root over the hours of circuits. */
    readonly supply: string
    readonly now: number
  },
): Promise<void> {
  const touched = await transaction
    .selectFrom('dwelling_day_change as change')
    .innerJoin('home_probe as place', (join) =>
      join.onRef('place.dwelling', '=', 'change.dwelling').onRef('place.device', '=', 'change.device'),
    )
    .select('place.page')
    .distinct()
    .where('change.day', '=', day)
    .where('change.number', '>', seen)
    .execute()
  for (const { page } of touched) {
    const now = await dayPage(transaction, day, page)
    if (now) trees.set(page, pageTree(day, now))
  }
  const { changed } = await transaction
    .selectFrom('ranking_day')
    .select(({ fn }) => fn.max<number | null>('changes_upto').as('changed'))
    .executeTakeFirstOrThrow()
  const after = changed ?? 0
  const upTo = await readVersion(transaction, 'dwelling_day_change')
  const sealed = {
    ...{ ...treeOver(trees), changes_after: after, changes_upto: upTo },
    changes_root: await changesRoot(transaction, after, upTo),
    ...(supply !== '' && { supply_root: supply }),
  }
  await transaction
    .updateTable('ranking_day')
    .set({ ...sealed, sealed_at: now })
    .where('day', '=', day)
    .execute()
  // The audit log is a chain: a history that is rewritten, or whose tail is cut, shows there.
  await appendAudit(transaction, {
    ...{ at: now, actor: 'service/ranking', action: 'ranking.seal' },
    subject: `day/${dayText(day)}`,
    detail: sealed,
  })
}
