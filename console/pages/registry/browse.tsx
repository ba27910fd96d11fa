import { DownloadOutlined, UploadOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input, Tag } from 'antd'
import type { ReactNode } from 'react'
import { addressOf } from '../../api/client.ts'
import { listOf, queryOf } from '../../api/queries.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Choice, FilterBar } from '../../parts/filters.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useSettings, useTexts } from '../../settings/settings.tsx'
import { registryRoute } from './route.ts'
import { type BrowsableTable, belowOf, browsable, browsableTables, nameOfRow, type RegistryRow } from './tables.ts'

/** The registry as a tree that one walks down, and as lists that one searches. */
export function RegistryPage() {
  const texts = useTexts()
  const { number } = useFormats()
  const { table = 'territory', search, parent } = registryRoute.useSearch()
  const navigate = registryRoute.useNavigate()
  const version = useQuery(queryOf('GET /api/v1/registry', {}))
  const query = useInfiniteQuery(
    listOf(`GET /api/v1/registry/${table}`, {
      query: { ...(search !== undefined && { search }), ...(parent !== undefined && { parent }) },
    }),
  )
  return (
    <Page
      title={texts.registry.title}
      above={version.data && texts.registry.version(number(version.data.version))}
      actions={<Actions table={table} />}
    >
      <FilterBar
        filters={{
          filtered: search !== undefined || parent !== undefined,
          clear: () => void navigate({ search: { table } }),
        }}
      >
        <Choice
          label={texts.registry.table}
          value={table}
          options={browsableTables.map((value) => ({ value, label: texts.registryTable[value] }))}
          onChange={(next) => void navigate({ search: next ? { table: next } : {} })}
        />
        <Input.Search
          className="search-field"
          key={search ?? ''}
          defaultValue={search ?? ''}
          aria-label={texts.registry.search}
          placeholder={texts.registry.search}
          allowClear
          onSearch={(next) =>
            void navigate({ search: (before) => ({ ...before, search: next.trim() === '' ? undefined : next.trim() }) })
          }
        />
        {parent !== undefined && (
          <Tag closable onClose={() => void navigate({ search: (before) => ({ ...before, parent: undefined }) })}>
            {texts.registry.within(parent)}
          </Tag>
        )}
      </FilterBar>
      <DataTable<RegistryRow>
        label={texts.registryTable[table]}
        columns={useColumns(table)}
        query={query as never}
        rowKey={(row) => row.id}
        empty={<Empty text={texts.registry.noneFound} />}
      />
    </Page>
  )
}

function Actions({ table }: { readonly table: BrowsableTable }) {
  const texts = useTexts()
  const mayImport = useMay('registry.write')
  return (
    <>
      <Button icon={<DownloadOutlined />} href={addressOf('GET /api/v1/registry/export', { query: { table } })}>
        {texts.registry.exportTable}
      </Button>
      {mayImport && (
        <Link to="/registry/import">
          <Button type="primary" icon={<UploadOutlined />}>
            {texts.registry.importLink}
          </Button>
        </Link>
      )}
    </>
  )
}

function useColumns(table: BrowsableTable): readonly Column<RegistryRow>[] {
  const texts = useTexts()
  const { language } = useSettings()
  const cellOf = (column: string, row: RegistryRow): ReactNode => {
    const value = (row as Readonly<Record<string, string | number | undefined>>)[column]
    if (column === 'name') return nameOfRow(row, language) ?? texts.app.none
    if (column === 'id')
      return (
        <Link to="/registry/$table/$id" params={{ table, id: row.id }}>
          {row.id}
        </Link>
      )
    if (column === 'kind' && table === 'territory') return texts.kind[value as keyof typeof texts.kind]
    return value ?? texts.app.none
  }
  const below: Column<RegistryRow> = {
    key: 'below',
    title: texts.registry.contents,
    width: '8rem',
    cell(row) {
      const next = belowOf(table, row)
      return next === undefined ? (
        texts.app.none
      ) : (
        <Link to="/registry" search={{ table: next, parent: row.id }}>
          {texts.registryTable[next]}
        </Link>
      )
    },
  }
  const own = browsable[table].columns.map(
    (column): Column<RegistryRow> => ({
      key: column,
      title: texts.registryColumn[column],
      cell: (row) => cellOf(column, row),
    }),
  )
  return table === 'territory' || browsable[table].below !== undefined ? [...own, below] : own
}
