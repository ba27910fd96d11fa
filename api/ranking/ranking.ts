import type { PlaceRollUp } from '#store/ledger/place-roll-ups.ts'
import { type ListContent, listContent, publishList, type RankingList } from '#store/ledger/ranking-lists.ts'
import { makeRankingDays, type RankingDays, type RankingDaysDeps } from './days.ts'
import { type FirmsAsked, firmsOfFewHomes, type PlacesAsked, shownPlaces } from './few-homes.ts'

/** What of the ranking takes long, because it goes through all days of a city. Where that is done is nobody's concern. */
export interface Ranking extends RankingDays {
  /** What a list says: of a published one what was published, of another one today's figures. */
  listContent(list: RankingList): Promise<ListContent>
  /** Freezes a list for good, or says why not. */
  publishList(asked: {
    readonly list: RankingList
    readonly by: { readonly actor: string; readonly at: number }
  }): ReturnType<typeof publishList>
  /** Firms whose figures on a list speak of few homes. */
  firmsOfFewHomes(asked: FirmsAsked): Promise<ReadonlySet<string>>
  /** Days of homes rolled up to the places of a level. */
  placeRollUps(asked: PlacesAsked): Promise<readonly PlaceRollUp[]>
}

/** Works in this thread. */
export function makeRanking(deps: RankingDaysDeps): Ranking {
  const { ledger, policy } = deps
  return {
    ...makeRankingDays(deps),
    listContent: (list) => listContent(ledger.db, policy, list),
    publishList: ({ list, by }) => publishList(ledger, policy, list, by),
    firmsOfFewHomes: (asked) => firmsOfFewHomes(ledger.db, asked),
    placeRollUps: (asked) => shownPlaces(ledger.db, asked),
  }
}
