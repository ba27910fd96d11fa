import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { exclusionKinds, exclusionStates } from '#domain/ranking-exclusion.ts'
import { dayMs } from '#domain/time.ts'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { useCityClock } from '../../live/city-clock.tsx'
import { type Column, VirtualRows } from '../../parts/data-table.tsx'
import { Choice, FilterBar } from '../../parts/filters.tsx'
import { PlaceLink } from '../../parts/names.tsx'
import { Page } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { ExclusionDetails, useMayDecide } from './details.tsx'
import { ProposeExclusion } from './propose.tsx'
import { exclusionsRoute } from './route.ts'

export type Exclusion = Schemas['RankingExclusion']

/** Unless other days are chosen: a season back, and planned work ahead. */
const daysBack = 200
const daysAhead = 60

/** Which days of which places are left out of rankings, or should be, and who says so. */
export function ExclusionsPage() {
  const texts = useTexts()
  const { localDay, number } = useFormats()
  const { now } = useCityClock()
  const filters = useFilters(exclusionsRoute)
  const { search, change } = filters
  const [proposing, setProposing] = useState(false)
  const [shown, setShown] = useState<Exclusion>()
  const columns = useColumns(setShown)
  const from = search.from ?? localDay(now() - daysBack * dayMs)
  const to = search.to ?? localDay(now() + daysAhead * dayMs)
  const query = useQuery(queryOf('GET /api/v1/ranking-exclusions', { query: { from, to } }))
  const matching = inOrder(
    (query.data?.items ?? []).filter(
      ({ state, kind }) => (search.state ?? state) === state && (search.kind ?? kind) === kind,
    ),
  )
  return (
    <Page
      title={texts.exclusion.title}
      above={<Link to="/rankings">{texts.ranking.title}</Link>}
      actions={
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setProposing(true)}>
          {texts.exclusion.propose}
        </Button>
      }
    >
      <p className="hint">{texts.exclusion.hint}</p>
      <FilterBar filters={filters}>
        <DayField label={texts.exclusion.from} value={from} onChange={(day) => change({ from: day })} />
        <DayField label={texts.exclusion.to} value={to} onChange={(day) => change({ to: day })} />
        <Choice
          label={texts.exclusion.state}
          value={search.state}
          options={exclusionStates.map((state) => ({ value: state, label: texts.exclusionState[state] }))}
          onChange={(state) => change({ state })}
        />
        <Choice
          label={texts.exclusion.kind}
          value={search.kind}
          options={exclusionKinds.map((kind) => ({ value: kind, label: texts.exclusionKind[kind] }))}
          onChange={(kind) => change({ kind })}
        />
      </FilterBar>
      <Answer
        query={query}
        isEmpty={() => matching.length === 0}
        empty={<Empty text={query.data?.items.length === 0 ? texts.exclusion.empty : texts.exclusion.emptyMatching} />}
      >
        {() => (
          <>
            <VirtualRows label={texts.exclusion.title} columns={columns} rows={matching} rowKey={({ id }) => id} />
            <p className="table-foot" role="status">
              {texts.app.rowCount(number(matching.length))}
            </p>
          </>
        )}
      </Answer>
      {proposing && <ProposeExclusion onClose={() => setProposing(false)} />}
      {shown && <ExclusionDetails exclusion={shown} onClose={() => setShown(undefined)} />}
    </Page>
  )
}

/** What somebody still has to decide first, then the newest. */
const inOrder = (exclusions: readonly Exclusion[]): Exclusion[] =>
  exclusions.toSorted(
    (left, right) =>
      Number(right.state === 'proposed') - Number(left.state === 'proposed') || right.proposedAt - left.proposedAt,
  )

interface DayFieldProps {
  readonly label: string
  readonly value: string
  onChange(day: string): void
}

function DayField({ label, value, onChange }: DayFieldProps) {
  return (
    <div className="choice">
      <span aria-hidden>{label}</span>
      <Input type="date" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} />
    </div>
  )
}

function useColumns(onLook: (exclusion: Exclusion) => void): readonly Column<Exclusion>[] {
  const { exclusion: texts, exclusionKind, exclusionState, ranking } = useTexts()
  const { day } = useFormats()
  const mayDecide = useMayDecide()
  return [
    {
      key: 'place',
      title: texts.place,
      width: 'minmax(13rem, 1fr)',
      cell: ({ placeKind, place }) => <PlaceLink kind={placeKind} id={place} />,
    },
    { key: 'kind', title: texts.kind, width: '9.5rem', cell: ({ kind }) => exclusionKind[kind] },
    {
      key: 'days',
      title: texts.days,
      width: '14rem',
      cell: ({ from, to }) => (from === to ? day(from) : ranking.periodText(day(from), day(to))),
    },
    {
      key: 'evidence',
      title: texts.evidence,
      width: '13rem',
      cell: ({ evidence }) => <span title={evidence}>{evidence}</span>,
    },
    { key: 'by', secondary: true, title: texts.by, width: '8rem', cell: ({ proposedBy }) => proposedBy },
    { key: 'state', title: texts.state, width: '13.5rem', cell: ({ state }) => exclusionState[state] },
    {
      key: 'look',
      title: texts.decided,
      width: '6.5rem',
      cell: (exclusion) => {
        const text = mayDecide(exclusion) ? texts.decide : texts.look
        return (
          <Button
            size="small"
            type={mayDecide(exclusion) ? 'primary' : 'default'}
            aria-label={`${text}: ${exclusion.place}`}
            onClick={() => onLook(exclusion)}
          >
            {text}
          </Button>
        )
      },
    },
  ]
}
