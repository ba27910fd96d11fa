import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import type { Query } from './query.ts'

/** What Grafana's InfluxDB data source takes as a query in text; the SDK does not know it. */
export interface InfluxqlTarget extends Dataquery {
  readonly refId: string
  readonly datasource: DataSourceRef
  readonly query: string
  readonly rawQuery: true
  readonly resultFormat: 'time_series' | 'table'
  /** What a series is called: `$tag_NAME` and `$col` stand for its tags and columns. */
  readonly alias?: string
}

interface TargetOptions {
  readonly refId: string
  readonly datasource: DataSourceRef
  readonly as: InfluxqlTarget['resultFormat']
  readonly alias?: string
}

/** A query as a target of a panel. */
export const influxqlTarget = (
  query: Query<string, string>,
  { refId, datasource, as, alias }: TargetOptions,
): Builder<Dataquery> => ({
  build: (): InfluxqlTarget => ({
    refId,
    datasource,
    query: query.text,
    rawQuery: true,
    resultFormat: as,
    ...(alias !== undefined && { alias }),
    _implementsDataqueryVariant() {},
  }),
})
