import { can } from '#domain/account.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { findList, type RankingList } from '#store/ledger/ranking-lists.ts'
import { ProblemError } from '../problems.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

type Request = Parameters<See>[0]

/** Who may read which list. */
export function listReader({ ledger, see }: { readonly ledger: { readonly db: LedgerDb }; readonly see: See }) {
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
  return { mayRead, readList }
}
