import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Query } from '../influxql/query.ts'
import type { Language } from '../texts/said.ts'

/**
 * What series of several places are called. A name is a field, because it changes, and InfluxQL tells series apart by
 * tags alone: so a second query asks for the names, Grafana joins both by the tag, and makes series of the rows again
 * with the name among their labels. Rows without a value stay: a silence is a gap.
 */
export interface SeriesNames {
  /** Tells the series apart, in both queries. */
  readonly tag: string
  readonly names: (language: Language) => Query<string, typeof nameColumn>
}

/** Not "name": under that label Grafana's join puts the name of the measurement. */
export const nameColumn = 'place'

/** Grafana puts the name of a series there. */
export const nameOfSeries = `\${__field.labels.${nameColumn}}`

/** From two tables to one series for each place and value. */
export const joinNames = ({ tag }: SeriesNames): DataTransformerConfig[] => [
  { id: 'joinByField', options: { byField: tag, mode: 'inner' } },
  { id: 'prepareTimeSeries', options: { format: 'multi' } },
]
