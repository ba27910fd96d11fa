import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert } from 'antd'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Choice } from '../../parts/filters.tsx'
import { Panel } from '../../parts/page.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { FirmsTable } from './firms-table.tsx'
import { useMethods } from './method.ts'
import { comparedWith, rankingRoute } from './route.ts'
import type { Placed } from './standing.tsx'

interface FirmsProps {
  readonly list: Schemas['RankingList']
  readonly firms: readonly Placed[]
}

/** The firms of a list, each a link to its points, beside how they stood before. */
export function Firms({ list, firms }: FirmsProps) {
  const { ranking, app } = useTexts()
  const { percent } = useFormats()
  const { firmOf } = useMethods()
  const { compare } = rankingRoute.useSearch()
  const before = useBefore(list.id, compare)
  return (
    <Panel title={ranking.title} extra={<CompareWith compare={compare} />}>
      {firms.some(({ standing }) => standing === 'interim') && (
        <Alert type="info" showIcon title={ranking.interimHint} />
      )}
      <FirmsTable
        label={ranking.title}
        list={list}
        firms={firms}
        nameOf={(firm) => (
          <Link to="/rankings/$id/firms/$firm" params={{ id: list.id, firm: firm.firm }}>
            {firmOf(firm)}
          </Link>
        )}
        more={[
          {
            title: ranking.excluded,
            cell: ({ excludedShare }) => (excludedShare === undefined ? app.none : percent(excludedShare, 1)),
          },
          ...before,
        ]}
      />
    </Panel>
  )
}

type Compared = (typeof comparedWith)[number]

/** Columns for the rank before and what changed since; none while nothing is compared, or there was no list. */
function useBefore(id: string, compare: Compared | undefined) {
  const { ranking } = useTexts()
  const { number } = useFormats()
  const { data } = useQuery(
    queryOf('GET /api/v1/rankings/{id}/comparison', { params: { id } }, { enabled: compare !== undefined }),
  )
  if (compare === undefined || data?.[compare] === undefined) return []
  const beforeOf = ({ firm }: Placed) => data.firms.find((other) => other.firm === firm)?.[compare]
  return [
    {
      title: ranking.before,
      cell(firm: Placed) {
        const before = beforeOf(firm)
        if (!before) return ranking.newFirm
        return before.rank === undefined ? '' : number(before.rank)
      },
    },
    {
      title: ranking.change,
      cell(firm: Placed) {
        const change = beforeOf(firm)?.scaledChange
        return change === undefined ? '' : `${change > 0 ? '+' : ''}${number(change, 1)}`
      },
    },
  ]
}

function CompareWith({ compare }: { readonly compare: Compared | undefined }) {
  const texts = useTexts()
  const navigate = rankingRoute.useNavigate()
  return (
    <Choice
      label={texts.ranking.compare}
      value={compare}
      unset={texts.app.none}
      options={comparedWith.map((value) => ({ value, label: texts.ranking[value] }))}
      onChange={(next) => void navigate({ search: next ? { compare: next } : {} })}
    />
  )
}
