import type { ListContent, RankingList } from '#store/ledger/ranking-lists.ts'
import { askedOfFew } from './few-homes.ts'
import type { Ranking } from './ranking.ts'

/** What anybody may read of a published list. */
export interface PublishedList extends Pick<ListContent, 'method' | 'scores'> {
  /** Firms whose figures speak of few homes. */
  readonly hidden: ReadonlySet<string>
}

/** A published list changes no more; which of its firms have few homes may, when late readings or plants come. */
const keptMs = 60_000
/** The lists of some seasons. */
const listsKeptMax = 100

/** Reads published lists once for everybody who asks in the same minute: the whole city may, without signing in. */
export function publishedListReader(
  ranking: Pick<Ranking, 'listContent' | 'firmsOfFewHomes'>,
  wallClock: () => number,
): (list: RankingList) => Promise<PublishedList> {
  const kept = new Map<string, { readonly until: number; readonly read: Promise<PublishedList> }>()

  async function read(list: RankingList): Promise<PublishedList> {
    const { method, scores, inputs } = await ranking.listContent(list)
    return { method, scores, hidden: await ranking.firmsOfFewHomes(askedOfFew(list, inputs)) }
  }

  return (list) => {
    const now = wallClock()
    const known = kept.get(list.id)
    if (known && known.until > now) return known.read
    const reading = read(list)
    // Taken out first, so that the map stays in the order in which lists were read.
    kept.delete(list.id)
    kept.set(list.id, { until: now + keptMs, read: reading })
    reading.catch(() => kept.delete(list.id))
    for (const id of kept.keys()) {
      if (kept.size <= listsKeptMax) break
      kept.delete(id)
    }
    return reading
  }
}
