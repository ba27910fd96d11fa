import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { InfluxSeries } from '#store/telemetry/influx/connection.ts'

/**
 * What Grafana makes of two answers of InfluxDB that are asked for as tables, joined by a field, and made series again:
 * written from its InfluxDB data source and from `joinByField` and `prepareTimeSeries`, and compared by hand with the
 * first of them as it stands in @grafana/data 13.2.
 */
export interface GrafanaSeries {
  readonly field: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly { readonly at: number; readonly value: number | null }[]
}

type Cell = string | number | boolean | null | undefined
type Row = Readonly<Record<string, Cell>>

/** A table has tags and columns side by side. */
const rowsOf = (answer: readonly InfluxSeries[]): Row[] =>
  answer.flatMap(({ tags = {}, columns, values = [] }) =>
    values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, at) => [column, row[at]])) }) as Row),
  )

/** Joins the first answer with the second by a field, and makes a series of each number and each set of texts. */
export function joinedSeries(
  answer: readonly InfluxSeries[],
  names: readonly InfluxSeries[],
  by: string,
): GrafanaSeries[] {
  const measurement = answer[0]?.name ?? ''
  // Of two columns of one name the first stays: the time of the values.
  const joined = rowsOf(answer).flatMap((row) =>
    rowsOf(names)
      .filter((other) => other[by] === row[by])
      .map((other) => ({ ...other, ...row })),
  )
  const found = new Map<string, GrafanaSeries>()
  const fields = new Set(answer.flatMap(({ columns }) => columns).filter((column) => column !== 'time'))
  for (const row of joined) {
    const texts = Object.entries(row).filter(([, cell]) => typeof cell === 'string') as [string, string][]
    // The join writes the name of the measurement over a column that is called "name".
    const labels = { ...Object.fromEntries(texts), name: measurement }
    for (const field of fields) {
      const key = JSON.stringify([field, labels])
      const points = found.get(key)?.points ?? []
      const point = { at: Number(row.time), value: (row[field] ?? null) as number | null }
      found.set(key, { field, labels, points: [...points, point] })
    }
  }
  return [...found.values()]
}

/** What a panel calls a series, with the labels of the series in it. */
export function displayNameOf({ fieldConfig }: Panel, { field, labels }: GrafanaSeries): string {
  const override = fieldConfig?.overrides
    .find(({ matcher }) => matcher.id === 'byName' && matcher.options === field)
    ?.properties.find(({ id }) => id === 'displayName')?.value
  const pattern = String(override ?? fieldConfig?.defaults.displayName ?? field)
  return pattern.replaceAll(/\$\{__field\.labels\.(\w+)\}/g, (_whole, label: string) => String(labels[label]))
}
