import { useQuery } from '@tanstack/react-query'
import type { FlagSubjectKind } from '#domain/flag.ts'
import { queryOf } from '../../api/queries.ts'
import type { ShownRange } from '../../parts/range.tsx'
import { tierOfRule } from '../../parts/tier.tsx'
import type { TimeArea } from '../../parts/time-chart.tsx'
import { useTexts } from '../../settings/settings.tsx'

/** More than so many flags of one place in a month say nothing in a picture. */
const flagsMax = 100

/** When flags were open on a home or a plant, to be drawn behind what it measured. */
export function useFlagAreas(subjectKind: FlagSubjectKind, subject: string, range: ShownRange): readonly TimeArea[] {
  const { rule: words } = useTexts()
  const { data } = useQuery(
    queryOf('GET /api/v1/flags', { query: { subjectKind, subject, state: 'all', limit: flagsMax } }),
  )
  return (data?.items ?? [])
    .filter(({ since, clearedAt }) => since < range.to && (clearedAt ?? range.to) > range.from)
    .map(({ rule, since, clearedAt }) => ({
      name: words[rule],
      from: since,
      to: clearedAt ?? range.to,
      tier: tierOfRule(rule),
    }))
}
