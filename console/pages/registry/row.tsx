import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { queryOf } from '../../api/queries.ts'
import { Name } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer, NotFound } from '../../parts/states.tsx'
import { useFormats, useSettings, useTexts } from '../../settings/settings.tsx'
import { Ladder } from '../dwelling/ladder.tsx'
import { registryRowRoute } from './route.ts'
import { type BrowsableTable, browsableTables, nameOfRow } from './tables.ts'

type Cells = Readonly<Record<string, string | number | undefined>>

interface Shown {
  readonly row: Cells
  readonly where?: { readonly territory: readonly string[]; readonly firm?: string }
  readonly plant_period?: readonly Cells[]
  readonly dwelling_period?: readonly Cells[]
  readonly device_period?: readonly Cells[]
}

/** One thing of the registry, and all that was ever entered about it with a date. */
export function RegistryRowPage() {
  const { table: asked, id } = registryRowRoute.useParams()
  const table = browsableTables.find((known) => known === asked)
  return table === undefined ? <NotFound /> : <Thing table={table} id={id} />
}

function Thing({ table, id }: { readonly table: BrowsableTable; readonly id: string }) {
  const texts = useTexts()
  const { language } = useSettings()
  const query = useQuery(queryOf(`GET /api/v1/registry/${table}/{id}`, { params: { id } }))
  return (
    <Page
      title={(query.data && nameOfRow(query.data.row, language)) ?? id}
      above={
        <Link to="/registry" search={{ table }}>
          {texts.registryTable[table]}
        </Link>
      }
    >
      <Answer query={query}>{(data) => <Content shown={data as Shown} />}</Answer>
    </Page>
  )
}

function Content({ shown }: { readonly shown: Shown }) {
  const texts = useTexts()
  const cellOf = useCells()
  const { row, where } = shown
  const periods = shown.plant_period ?? shown.dwelling_period ?? shown.device_period
  const facts = Object.entries(row).map(([column, value]) => ({
    label: wordOf(texts, column),
    value: cellOf(column, value),
  }))
  if (where?.firm !== undefined) facts.push({ label: texts.kind.firm, value: <Name kind="firm" id={where.firm} /> })
  return (
    <>
      <Panel title={texts.registry.record}>
        <div className="stack">
          <Facts facts={facts} />
          {where && <Facts wide facts={[{ label: texts.registry.where, value: <Ladder where={where} /> }]} />}
        </div>
      </Panel>
      {periods !== undefined && periods.length > 0 && (
        <Panel title={texts.registry.periods}>
          <p className="hint">{texts.registry.periodsHint}</p>
          <Periods periods={periods} />
        </Panel>
      )}
    </>
  )
}

function Periods({ periods }: { readonly periods: readonly Cells[] }) {
  const texts = useTexts()
  const cellOf = useCells()
  const columns = [...new Set(periods.flatMap((period) => Object.keys(period)))]
  return (
    <PlainTable
      label={texts.registry.periods}
      columns={columns.map((column) => wordOf(texts, column))}
      rows={periods.map((period) => columns.map((column) => cellOf(column, period[column])))}
    />
  )
}

/** A column that has no word yet is shown by its name in the registry. */
const wordOf = (texts: ReturnType<typeof useTexts>, column: string): string =>
  (texts.registryColumn as Readonly<Record<string, string>>)[column] ?? column

function useCells(): (column: string, value: string | number | undefined) => ReactNode {
  const texts = useTexts()
  const { dateTime } = useFormats()
  return (column, value) => {
    if (value === undefined) return texts.app.none
    if (column.endsWith('kind')) return (texts.kind as Readonly<Record<string, string>>)[value] ?? value
    return column.startsWith('valid_') && typeof value === 'number' ? dateTime(value) : value
  }
}
