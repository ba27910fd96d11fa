import { DownloadOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { flagRules, flagSubjectKinds } from '#domain/flag.ts'
import { addressOf } from '../../api/client.ts'
import { listOf } from '../../api/queries.ts'
import { DistrictChoice, FirmChoice } from '../../parts/areas.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Choice, Choices, FilterBar, StateChoice } from '../../parts/filters.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useTexts } from '../../settings/settings.tsx'
import { useFlagColumns } from './columns.tsx'
import { flagsRoute } from './route.ts'

export function FlagsPage() {
  const texts = useTexts()
  const filters = useFilters(flagsRoute)
  const { search, change } = filters
  const query = useInfiniteQuery(
    listOf('GET /api/v1/flags', { query: search }, { concerns: ({ kind }) => kind.startsWith('flag.') }),
  )
  return (
    <Page
      title={texts.lists.flagsTitle}
      actions={
        <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/flags/csv', { query: search })} download>
          {texts.app.exportCsv}
        </Button>
      }
    >
      <FilterBar filters={filters}>
        <StateChoice value={search.state} onChange={(state) => change({ state })} />
        <Choices
          label={texts.lists.rule}
          value={search.rule ?? []}
          options={flagRules.map((rule) => ({ value: rule, label: texts.rule[rule] }))}
          onChange={(rule) => change({ rule })}
        />
        <Choice
          label={texts.lists.kind}
          value={search.subjectKind}
          options={flagSubjectKinds.map((kind) => ({ value: kind, label: texts.kind[kind] }))}
          onChange={(subjectKind) => change({ subjectKind })}
        />
        <DistrictChoice value={search.territory} onChange={(territory) => change({ territory })} />
        <FirmChoice value={search.firm} onChange={(firm) => change({ firm })} />
      </FilterBar>
      <DataTable
        label={texts.lists.flagsTitle}
        columns={useFlagColumns()}
        query={query}
        rowKey={({ key }) => key}
        empty={<Empty text={texts.lists.noFlags} />}
      />
    </Page>
  )
}
