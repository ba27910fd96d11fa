import { join } from 'node:path'
import type { ContactPoint, Rule } from '@grafana/grafana-foundation-sdk/alerting'
import type * as barchart from '@grafana/grafana-foundation-sdk/barchart'
import type { Dashboard, FieldConfig } from '@grafana/grafana-foundation-sdk/dashboard'
import type { TypeReduce, TypeThreshold } from '@grafana/grafana-foundation-sdk/expr'
import type * as stat from '@grafana/grafana-foundation-sdk/stat'
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import type * as table from '@grafana/grafana-foundation-sdk/table'
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { createGenerator, type Schema } from 'ts-json-schema-generator'

/**
 * Grafana publishes its schema as the types of its SDK (@grafana/grafana-foundation-sdk, Apache-2.0), made from the
 * schemas of its own source. Here they become one JSON schema that takes nothing beyond what is described.
 */
export interface GrafanaSchemas {
  readonly dashboard: Dashboard
  readonly rule: Rule
  readonly contactPoint: ContactPoint
  /** Steps of an alert rule. */
  readonly reduce: TypeReduce
  readonly threshold: TypeThreshold
  /** What any field may have, by default or by an override. */
  readonly anyField: FieldConfig
  /** What a kind of panel may have as options, and in the settings of its fields. */
  readonly statOptions: stat.Options
  readonly tableOptions: table.Options
  readonly tableFields: table.FieldConfig
  readonly timeseriesOptions: timeseries.Options
  readonly timeseriesFields: timeseries.FieldConfig
  readonly barchartOptions: barchart.Options
  readonly barchartFields: barchart.FieldConfig
  readonly statetimelineOptions: statetimeline.Options
  readonly statetimelineFields: statetimeline.FieldConfig
}

/** One schema whose properties are the schemas; types of one name in several modules are written out where they stand. */
export const grafanaSchemas = (): Schema =>
  createGenerator({
    path: import.meta.filename,
    tsconfig: join(import.meta.dirname, '../../tsconfig.json'),
    type: 'GrafanaSchemas',
    skipTypeCheck: true,
    functions: 'hide',
    additionalProperties: false,
    expose: 'none',
    topRef: false,
  }).createSchema('GrafanaSchemas')
