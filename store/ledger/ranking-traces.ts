import type { LedgerDb } from './database.ts'
import { canonicalJson } from './digest.ts'
import { dayText } from './dwelling-days.ts'
import { exclusionsOn, proposalOf } from './ranking-exclusions.ts'
import type { RankingPeriod } from './ranking-inputs.ts'
import type { Difference } from './ranking-verify.ts'
import { broughtVeto, vetoesBrought } from './ranking-vetoes.ts'

/**
 * What people brought to a period that is not what the audit log says of it: entered, changed or confirmed by somebody
 * who did not go by the service.
 */
export async function recordsWithoutTrace(db: LedgerDb, period: RankingPeriod): Promise<Difference[]> {
  const strange = [
    ...(await strangeExclusions(db, period)),
    ...(await strangeVetoes(db, period)),
    ...(await strangeFigures(db, period)),
  ]
  const detail = 'is not what the audit log says'
  return strange.map((subject) => ({ subject, reason: 'unexplained', detail }))
}

async function strangeExclusions(db: LedgerDb, period: RankingPeriod): Promise<string[]> {
  const strange: string[] = []
  for (const exclusion of await exclusionsOn(db, period)) {
    const { id, state, decision } = exclusion
    const trail = await trailOf(db, `ranking-exclusion/${id}`)
    const proposed = trail.get('ranking.proposeExclusion')
    const decided = trail.get('ranking.decideExclusion')
    const agrees =
      proposed === canonicalJson(proposalOf(exclusion)) &&
      (state === 'proposed' ? decided === undefined : decided === canonicalJson({ state, decision }))
    if (!agrees) strange.push(`exclusion/${id}`)
  }
  return strange
}

async function strangeVetoes(db: LedgerDb, period: RankingPeriod): Promise<string[]> {
  const strange: string[] = []
  for (const veto of await vetoesBrought(db, period)) {
    const { id, document } = veto
    const trail = await trailOf(db, `ranking-veto/${id}`)
    const confirmed = document === undefined ? undefined : canonicalJson({ document })
    const agrees =
      trail.get('ranking.bringVeto') === canonicalJson(broughtVeto(veto)) &&
      trail.get('ranking.confirmVeto') === confirmed
    if (!agrees) strange.push(`veto/${id}`)
  }
  return strange
}

async function strangeFigures(db: LedgerDb, { territory, fromDay, toDay }: RankingPeriod): Promise<string[]> {
  const imports = await db
    .selectFrom('audit_entry')
    .select(['at', 'detail'])
    .where('subject', '=', `territory/${territory}`)
    .where('action', '=', 'ranking.import')
    .execute()
  const imported = new Set<string>()
  for (const { at, detail } of imports) {
    const { from, to, evidence, figures } = JSON.parse(detail)
    for (const figure of figures) imported.add(canonicalJson({ ...figure, at, from, to, evidence }))
  }
  const rows = await db
    .selectFrom('ranking_input')
    .selectAll()
    .where('territory', '=', territory)
    .where('from_day', '=', fromDay)
    .where('to_day', '=', toDay)
    .execute()
  const days = { from: dayText(fromDay), to: dayText(toDay) }
  return rows
    .filter(({ firm, measure, value, evidence, entered_at: at }) => {
      return !imported.has(canonicalJson({ firm, measure, value, evidence, at, ...days }))
    })
    .map(({ firm, measure }) => `figure/${firm}/${measure}`)
}

/** What the audit log says of one thing, by action. */
async function trailOf(db: LedgerDb, subject: string): Promise<Map<string, string>> {
  const entries = await db
    .selectFrom('audit_entry')
    .select(['action', 'detail'])
    .where('subject', '=', subject)
    .orderBy('number')
    .execute()
  return new Map(entries.map(({ action, detail }) => [action, canonicalJson(JSON.parse(detail))]))
}
