import type { Policy } from '#domain/policy.ts'
import { figuresInText } from '#domain/service-figure.ts'
import type { Clock } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import type { RankingList } from '#store/ledger/ranking-lists.ts'
import type { FactStore } from '#store/telemetry/fact-store.ts'
import { plannedWork, publishedLists, seasonMarks } from './facts.ts'
import type { PublishedList } from './ranking/published.ts'
import { type Repeating, repeat } from './repeating.ts'

/** As often as Prometheus looks at most places. */
const figuresEveryMs = 10_000
/** Lists, seasons and work change on some days of a year. */
const ledgerEveryMs = 300_000

interface MirrorDeps {
  /** Which of several apis. */
  readonly instance: string
  readonly db: LedgerDb
  readonly clock: Clock
  readonly policy: Policy
  readonly facts: FactStore
  /** What anybody may read of a published list: dashboards know nothing of scopes. */
  readPublished(list: RankingList): Promise<PublishedList>
  /** The figures of this process, as `/metrics` shows them. */
  figuresText(): Promise<string>
  onError(error: unknown): void
}

/**
 * Writes what dashboards show beside readings and roll-ups to where they ask: the api's own figures, and published
 * lists, seasons and planned work of the ledger. All of it can be written again, so several apis do no harm, and what
 * a database that was away has missed comes at the next turn.
 */
export function startFactsMirror({ db, clock, policy, facts, onError, ...deps }: MirrorDeps): Repeating {
  const { instance, figuresText, readPublished } = deps
  let ledgerDueMs = 0
  const listsWritten = new Set<string>()

  async function mirror(): Promise<void> {
    const at = clock.now()
    const figures = figuresInText(await figuresText())
    await facts.writeFacts(
      figures.map(({ figure, value }) => ({
        kind: 'serviceFigure',
        tags: { service: 'api', instance, figure },
        fields: { value },
        at,
      })),
    )
    if (performance.now() < ledgerDueMs) return
    const lists = await publishedLists(db, readPublished, listsWritten)
    await facts.writeFacts([...seasonMarks(policy, at), ...lists, ...(await plannedWork(db, policy, at))])
    for (const fact of lists) if (fact.kind === 'firmScore') listsWritten.add(fact.tags.list)
    ledgerDueMs = performance.now() + ledgerEveryMs
  }

  return repeat(figuresEveryMs, mirror, onError)
}
