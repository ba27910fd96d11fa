import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'

/** Names under which provisioning makes the data sources, and dashboards ask them. */
export const dataSources = {
  /** Roll-ups: nothing that speaks of fewer than ten measured homes. */
  rollUps: { type: 'influxdb', uid: 'warmcity-roll-ups' },
  /** Readings of single homes: not there unless it is turned on. */
  readings: { type: 'influxdb', uid: 'warmcity-readings' },
  /** Grafana's own: what is pushed to its channels. */
  live: { type: 'datasource', uid: 'grafana' },
} as const satisfies Record<string, DataSourceRef>
export type DataSourceName = keyof typeof dataSources
