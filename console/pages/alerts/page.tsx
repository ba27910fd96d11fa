import { DownloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { addressOf } from '../../api/client.ts'
import { type Item, listOf } from '../../api/queries.ts'
import { DistrictChoice, FirmChoice } from '../../parts/areas.tsx'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Choices, FilterBar, StateChoice } from '../../parts/filters.tsx'
import { Lasting } from '../../parts/lasting.tsx'
import { Name } from '../../parts/names.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { TierBadge, tiersWorstFirst } from '../../parts/tier.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { alertsRoute } from './route.ts'

type Alert = Item<'GET /api/v1/alerts'>

export function AlertsPage() {
  const texts = useTexts()
  const filters = useFilters(alertsRoute)
  const { search, change } = filters
  const query = useInfiniteQuery(
    listOf('GET /api/v1/alerts', { query: search }, { concerns: ({ kind }) => kind.startsWith('alert.') }),
  )
  return (
    <Page
      title={texts.lists.alertsTitle}
      actions={
        <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/alerts/csv', { query: search })} download>
          {texts.app.exportCsv}
        </Button>
      }
    >
      <FilterBar filters={filters}>
        <StateChoice value={search.state} onChange={(state) => change({ state })} />
        <Choices
          label={texts.lists.tier}
          value={search.tier ?? []}
          options={tiersWorstFirst.map((tier) => ({ value: tier, label: texts.tier[tier] }))}
          onChange={(tier) => change({ tier })}
        />
        <DistrictChoice value={search.territory} onChange={(territory) => change({ territory })} />
        <FirmChoice value={search.firm} onChange={(firm) => change({ firm })} />
      </FilterBar>
      <DataTable
        label={texts.lists.alertsTitle}
        columns={useColumns()}
        query={query}
        rowKey={({ id }) => id}
        empty={<Empty text={texts.lists.noAlerts} hint={texts.lists.noAlertsHint} />}
      />
    </Page>
  )
}

function useColumns(): readonly Column<Alert>[] {
  const { lists, rule, app } = useTexts()
  const { number, shortDateTime } = useFormats()
  return [
    { key: 'tier', title: lists.tier, width: '7.5rem', cell: ({ tier }) => <TierBadge tier={tier} /> },
    {
      key: 'place',
      title: lists.place,
      width: 'minmax(13rem, 2fr)',
      cell: ({ id, placeKind, place }) => (
        <Link to="/alerts/$id" params={{ id }}>
          <Name kind={placeKind} id={place} />
        </Link>
      ),
    },
    { key: 'rule', title: lists.rule, width: 'minmax(9rem, 1fr)', cell: (alert) => rule[alert.rule] },
    {
      key: 'flags',
      title: lists.flagCount,
      width: '10rem',
      align: 'end',
      cell: ({ openFlags, flags }) => lists.openFlagCount(number(openFlags), number(flags)),
    },
    {
      key: 'firm',
      secondary: true,
      title: lists.firm,
      cell: ({ where }) => (where.firm === undefined ? app.none : <Name kind="firm" id={where.firm} />),
    },
    {
      key: 'district',
      secondary: true,
      title: lists.district,
      width: '8rem',
      cell: ({ district }) => (district === undefined ? app.none : <Name kind="territory" id={district} />),
    },
    { key: 'openedAt', title: lists.openedAt, width: '8.5rem', cell: ({ openedAt }) => shortDateTime(openedAt) },
    {
      key: 'lasting',
      title: lists.duration,
      width: '6.5rem',
      align: 'end',
      cell: ({ openedAt, closedAt }) => <Lasting from={openedAt} to={closedAt} />,
    },
    {
      key: 'closedAt',
      secondary: true,
      title: lists.closedAt,
      width: '8.5rem',
      cell: ({ closedAt }) => (closedAt === undefined ? lists.open : shortDateTime(closedAt)),
    },
  ]
}
