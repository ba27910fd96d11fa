import type { Policy } from '#domain/policy.ts'
import { rankingMethods } from '#domain/ranking-methods/index.ts'
import { localDayAt } from '#domain/season.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { enterRankingFigures } from '#store/ledger/ranking-figures.ts'
import { draftList, rankingLists } from '#store/ledger/ranking-lists.ts'
import type { City } from '../simulators/city.ts'
import { makeRankingFigures } from '../simulators/ranking-figures.ts'

/**
 * Drafts a list over the history of a simulated city, with imported figures that are made up and say so. What is
 * measured follows when the history is there.
 */
export async function draftDemoRanking(
  ledger: Ledger,
  city: City,
  {
    policy,
    seed,
    from,
    to,
  }: { readonly policy: Policy; readonly seed: number; readonly from: number; readonly to: number },
): Promise<void> {
  const dayOf = (at: number) => localDayAt(policy.season.zone, at).day
  const period = { fromDay: dayOf(from), toDay: dayOf(to) - 1 }
  // On real time there is no history to rank.
  if (period.toDay < period.fromDay) return
  // A start that was killed on the way begins again.
  if ((await rankingLists(ledger.db, { onlyFrozen: false }, 1)).length > 0) return
  const [method] = rankingMethods
  const territory = city.registry.territory.find(({ kind }) => kind === 'city')?.id
  if (!method || territory === undefined) throw new Error('The simulated city has no territory to rank')
  const firms = city.registry.firm.filter(({ role }) => role !== 'source').map(({ id }) => id)
  const by = { actor: 'service/demo', at: from }
  const figures = makeRankingFigures(seed, firms)
  const evidence = 'made up for the simulated city'
  await ledger.write(async (transaction) => {
    await enterRankingFigures(transaction, { territory, ...period, evidence, figures }, by)
    // Who looks at it does so when the history is there, and so is it dated.
    const list = await draftList(transaction, { territory, ...period }, method, { ...by, at: to })
    const detail = { territory, figures: figures.length }
    await appendAudit(transaction, { ...by, action: 'ranking.draft', subject: `ranking-list/${list.id}`, detail })
  })
}
