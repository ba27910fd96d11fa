import { DownloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Input } from 'antd'
import { addressOf } from '../../api/client.ts'
import { type Item, listOf, queryOf } from '../../api/queries.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { FilterBar } from '../../parts/filters.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { quarantineRoute } from './route.ts'
import { SendAgain } from './send-again.tsx'

type Entry = Item<'GET /api/v1/quarantine'>

const lookEveryMs = 10_000
/** One request's worth. */
const shownMax = 1_000

/** Deliveries that could not be taken whole: why, and the way to send them through again. */
export function QuarantinePage() {
  const texts = useTexts()
  const { number } = useFormats()
  const filters = useFilters(quarantineRoute)
  const { search: wanted, change } = filters
  const query = useInfiniteQuery({
    ...listOf('GET /api/v1/quarantine', { query: wanted }),
    refetchInterval: lookEveryMs,
  })
  const shown = (query.data?.pages.flatMap(({ items }) => items) ?? []).slice(0, shownMax)
  const waiting = shown.filter(({ replayRequestedAt }) => replayRequestedAt === undefined).map(({ id }) => id)
  return (
    <Page
      title={texts.quarantine.title}
      above={<Totals />}
      actions={
        <>
          <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/quarantine/export', { query: wanted })}>
            {texts.quarantine.download}
          </Button>
          <SendAgain ids={waiting} text={texts.quarantine.sendShown(number(waiting.length))} primary />
        </>
      }
    >
      <p className="hint">{texts.quarantine.hint}</p>
      <FilterBar filters={filters}>
        {(['gateway', 'code'] as const).map((name) => (
          <Input.Search
            key={`${name} ${wanted[name] ?? ''}`}
            className="search-field"
            defaultValue={wanted[name] ?? ''}
            allowClear
            aria-label={name === 'gateway' ? texts.quarantine.gatewayId : texts.quarantine.code}
            placeholder={name === 'gateway' ? texts.quarantine.gatewayId : texts.quarantine.code}
            onSearch={(text) => change({ [name]: text.trim() })}
          />
        ))}
      </FilterBar>
      <DataTable
        label={texts.quarantine.title}
        columns={useColumns()}
        query={query}
        rowKey={({ id }) => String(id)}
        empty={<Empty text={texts.quarantine.empty} />}
      />
    </Page>
  )
}

function Totals() {
  const texts = useTexts()
  const { number } = useFormats()
  const { data } = useQuery(queryOf('GET /api/v1/quarantine/totals', {}))
  if (!data) return null
  return (
    <>
      {texts.quarantine.totals(number(data.kept), number(data.total))}
      {data.dropped > 0 && <Alert type="warning" showIcon title={texts.quarantine.dropped(number(data.dropped))} />}
    </>
  )
}

function useColumns(): readonly Column<Entry>[] {
  const texts = useTexts()
  const { number, dateTime } = useFormats()
  return [
    {
      key: 'received',
      title: texts.quarantine.received,
      width: '12rem',
      cell: ({ id, receivedAt }) => (
        <Link to="/quarantine/$id" params={{ id: String(id) }}>
          {dateTime(receivedAt)}
        </Link>
      ),
    },
    {
      key: 'gateway',
      title: texts.quarantine.gateway,
      width: 'minmax(7rem, 12rem)',
      cell: ({ gateway }) => (
        <Link to="/quarantine" search={{ gateway }}>
          {gateway}
        </Link>
      ),
    },
    {
      key: 'why',
      title: texts.quarantine.why,
      width: 'minmax(14rem, 3fr)',
      cell: ({ problems, problemCount }) =>
        `${problems[0]?.code ?? ''}: ${problems[0]?.detail ?? ''}${
          problemCount > 1 ? ` (${texts.quarantine.moreProblems(number(problemCount - 1))})` : ''
        }`,
    },
    {
      key: 'size',
      title: texts.quarantine.size,
      width: '6rem',
      align: 'end',
      cell: ({ payloadBytes }) => number(payloadBytes),
    },
    {
      key: 'state',
      title: texts.quarantine.state,
      width: 'minmax(8rem, 11rem)',
      cell: (entry) => stateOf(entry, texts.quarantine),
    },
  ]
}

export const stateOf = (
  { replayedAt, replayRequestedAt }: Pick<Entry, 'replayedAt' | 'replayRequestedAt'>,
  texts: ReturnType<typeof useTexts>['quarantine'],
): string =>
  replayedAt !== undefined ? texts.replayed : replayRequestedAt !== undefined ? texts.requested : texts.waiting
