import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { queryOf } from '../../api/queries.ts'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer, NotFound } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { registryRowRoute } from './route.ts'
import { type BrowsableTable, browsableTables } from './tables.ts'

type Cells = Readonly<Record<string, string | number | undefined>>

interface Shown {
  readonly row: Cells
  readonly where?: { readonly territoryNames: readonly string[]; readonly firmName?: string }
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
  const query = useQuery(queryOf(`GET /api/v1/registry/${table}/{id}`, { params: { id } }))
  return (
    <Page
      title={nameOf(query.data?.row as Cells | undefined) ?? id}
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

function nameOf(row: Cells | undefined): string | undefined {
  const name = row?.name ?? row?.door
  return name === undefined ? undefined : String(name)
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
  if (where) {
    const path = [...where.territoryNames, ...(where.firmName === undefined ? [] : [where.firmName])]
    facts.push({ label: texts.registry.where, value: path.join(' › ') })
  }
  return (
    <>
      <Panel title={texts.registry.record}>
        <Facts facts={facts} />
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
