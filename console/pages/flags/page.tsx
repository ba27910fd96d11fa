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
import { useTexts } from '../../settings/settings.tsx'
import { useFlagColumns } from './columns.tsx'
import { flagsRoute } from './route.ts'

export function FlagsPage() {
  const texts = useTexts()
  const { state = 'open', ...search } = flagsRoute.useSearch()
  const navigate = flagsRoute.useNavigate()
  const change = (next: Partial<ReturnType<typeof flagsRoute.useSearch>>) =>
    void navigate({ search: (before) => ({ ...before, ...next }), replace: true })
  const filter = { state, ...search }
  const query = useInfiniteQuery(
    listOf('GET /api/v1/flags', { query: filter }, { concerns: ({ kind }) => kind.startsWith('flag.') }),
  )
  return (
    <Page
      title={texts.lists.flagsTitle}
      actions={
        <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/flags/csv', { query: filter })} download>
          {texts.app.exportCsv}
        </Button>
      }
    >
      <FilterBar
        filtered={Object.values(search).some((value) => value !== undefined) || state !== 'open'}
        onClear={() => void navigate({ search: {}, replace: true })}
      >
        <StateChoice value={state} onChange={(next) => change({ state: next === 'open' ? undefined : next })} />
        <Choices
          label={texts.lists.rule}
          value={search.rule ?? []}
          options={flagRules.map((rule) => ({ value: rule, label: texts.rule[rule] }))}
          onChange={(rule) => change({ rule: rule.length > 0 ? rule : undefined })}
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
