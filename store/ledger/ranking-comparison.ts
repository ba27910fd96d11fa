import type { Policy } from '#domain/policy.ts'
import type { FirmScore } from '#domain/ranking.ts'
import type { LedgerDb } from './database.ts'
import { frozenListsOf, type ListContent, listContent, type RankingList } from './ranking-lists.ts'

/** Published lists that one is compared with. */
export interface Compared {
  /** The newest batch of the same territory that had ended before this one began. */
  readonly lastBatch?: ComparedList
  /** The list of the same territory for the same days of the season before. */
  readonly lastSeason?: ComparedList
}

export interface ComparedList {
  readonly list: RankingList
  readonly inputs: ListContent['inputs']
  readonly scores: ReadonlyMap<string, FirmScore>
}

const daysOfYear = 365
/** Seasons begin when it is cold, and months are not equally long. */
const daysApartMax = 15

export async function comparedLists(db: LedgerDb, policy: Policy, list: RankingList): Promise<Compared> {
  const others = (await frozenListsOf(db, list.territory)).filter(({ id }) => id !== list.id)
  const lastBatch = others
    .filter(({ toDay }) => toDay < list.fromDay)
    .sort(byEnd)
    .at(-1)
  const isNear = (left: number, right: number) => Math.abs(left - right) <= daysApartMax
  const lastSeason = others
    .filter(
      ({ fromDay, toDay }) => isNear(fromDay + daysOfYear, list.fromDay) && isNear(toDay + daysOfYear, list.toDay),
    )
    .sort(byEnd)
    .at(-1)
  const compared = async (other: RankingList): Promise<ComparedList> => {
    const { scores, inputs } = await listContent(db, policy, other)
    return { list: other, inputs, scores: new Map(scores.map((score) => [score.firm, score])) }
  }
  return {
    ...(lastBatch && { lastBatch: await compared(lastBatch) }),
    ...(lastSeason && { lastSeason: await compared(lastSeason) }),
  }
}

/** Of two for the same days the one that was published later counts. */
const byEnd = (left: RankingList, right: RankingList) =>
  left.toDay - right.toDay || (left.publishedAt ?? 0) - (right.publishedAt ?? 0)
