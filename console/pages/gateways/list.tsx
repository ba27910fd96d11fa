import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { listOf } from '../../api/queries.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Choice, FilterBar } from '../../parts/filters.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { CommissioningBadge, type GatewayState } from './commissioning.tsx'
import { commissioningStates, gatewaysRoute } from './route.ts'

/** An installer stands in a cellar and waits for this: what changes shows without a touch. */
const lookEveryMs = 10_000

/** Gateways and how far their installation has come. */
export function GatewaysPage() {
  const texts = useTexts()
  const filters = useFilters(gatewaysRoute)
  const { search, change } = filters
  const query = useInfiniteQuery({
    ...listOf('GET /api/v1/gateways', { query: search }),
    refetchInterval: lookEveryMs,
  })
  return (
    <Page title={texts.gateway.title}>
      <p className="hint">{texts.gateway.hint}</p>
      <FilterBar filters={filters}>
        <Choice
          label={texts.gateway.state}
          value={search.state}
          options={commissioningStates.map((value) => ({ value, label: texts.gateway[value] }))}
          onChange={(state) => change({ state })}
        />
      </FilterBar>
      <DataTable
        label={texts.gateway.title}
        columns={useColumns()}
        query={query}
        rowKey={({ gateway }) => gateway}
        empty={<Empty text={texts.gateway.empty} />}
      />
    </Page>
  )
}

function useColumns(): readonly Column<GatewayState>[] {
  const texts = useTexts()
  const { number } = useFormats()
  return [
    {
      key: 'gateway',
      title: texts.gateway.gateway,
      cell: ({ gateway, name }) => (
        <Link to="/gateways/$id" params={{ id: gateway }}>
          {name === undefined ? gateway : `${gateway} ${name}`}
        </Link>
      ),
    },
    { key: 'state', title: texts.gateway.state, cell: ({ state }) => <CommissioningBadge state={state} /> },
    {
      key: 'presence',
      title: texts.gateway.presence,
      cell: ({ online, hasIdentity }) =>
        hasIdentity ? (online ? texts.gateway.online : texts.gateway.offline) : texts.gateway.noIdentity,
    },
    {
      key: 'devices',
      title: texts.gateway.devicesSeen,
      width: '7rem',
      align: 'end',
      cell: ({ devicesSeen }) => number(devicesSeen),
    },
    {
      key: 'quarantined',
      title: texts.gateway.quarantineCount,
      width: '7rem',
      align: 'end',
      cell: ({ gateway, quarantined }) =>
        quarantined === 0 ? (
          '0'
        ) : (
          <Link to="/quarantine" search={{ gateway }}>
            {number(quarantined)}
          </Link>
        ),
    },
    {
      key: 'refused',
      title: texts.gateway.refused,
      width: '7rem',
      align: 'end',
      cell: ({ refused }) => number(refused),
    },
  ]
}
