import { can } from '#domain/account.ts'
import { findList, type ListContent, type RankingList } from '#store/ledger/ranking-lists.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'
import { askedOfFew } from './few-homes.ts'
import type { Ranking } from './ranking.ts'

type Request = Parameters<See>[0]

interface ListReaderDeps extends Pick<ApiDeps, 'ledger'> {
  readonly ranking: Pick<Ranking, 'firmsOfFewHomes'>
  readonly see: See
}

/** Who may read which list, and what of it. */
export function listReader({ ledger, ranking, see }: ListReaderDeps) {
  /** Drafts are for those who make lists; what is open for objections or published, for everybody. */
  async function mayRead(request: Request, list: RankingList): Promise<boolean> {
    if (list.state !== 'draft') return true
    return can(principalOf(request).account.role, 'ranking.publish') && see(request).holdsTerritory(list.territory)
  }

  /** The list, or an answer that there is none for whoever asks. */
  async function readList(request: Request, id: string): Promise<RankingList> {
    const list = await findList(ledger.db, id)
    if (!list || !(await mayRead(request, list))) throw new ProblemError('not_found')
    return list
  }

  /**
   * Firms whose figures speak of few homes and are not for whoever asks: a firm sees itself, and who may see homes sees
   * its area.
   */
  async function hiddenFirms(
    request: Request,
    list: RankingList,
    inputs: ListContent['inputs'],
  ): Promise<ReadonlySet<string>> {
    const { role, scope } = principalOf(request).account
    const seesHomes = can(role, 'dwelling.read')
    if (seesHomes && (await see(request).holdsTerritory(list.territory))) return new Set()
    const few = new Set(await ranking.firmsOfFewHomes(askedOfFew(list, inputs)))
    if (seesHomes && scope.kind === 'firm') few.delete(scope.id)
    return few
  }
  return { mayRead, readList, hiddenFirms }
}
