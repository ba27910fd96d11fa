import { useInfiniteQuery } from '@tanstack/react-query'
import type { Input } from '../../api/client.ts'
import { type Concerns, listOf } from '../../api/queries.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Panel } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { useFlagColumns } from './columns.tsx'

interface FlagsPanelProps {
  readonly title: string
  readonly wanted: Input<'GET /api/v1/flags'>['query']
  readonly concerns: Concerns
  /** Columns that would say the same in every row. */
  readonly without?: readonly string[]
}

/** The flags of one place or one alert. */
export function FlagsPanel({ title, wanted, concerns, without = [] }: FlagsPanelProps) {
  const { place } = useTexts()
  const query = useInfiniteQuery(listOf('GET /api/v1/flags', { ...(wanted && { query: wanted }) }, { concerns }))
  const columns = useFlagColumns().filter(({ key }) => !without.includes(key))
  return (
    <Panel title={title}>
      <DataTable
        label={title}
        columns={columns}
        query={query}
        rowKey={({ key }) => key}
        empty={<Empty text={place.noOpenFlags} />}
      />
    </Panel>
  )
}
