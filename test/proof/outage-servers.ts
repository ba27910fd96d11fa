import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { startInfluxd } from '../support/influxd.ts'
import { startPostgres } from '../support/postgres-server.ts'
import type { StoppedServer } from './outage-run.ts'

/** InfluxDB that keeps the readings. */
export async function influxdbToStop(): Promise<StoppedServer> {
  const influxd = await startInfluxd()
  const target = { url: influxd.url, database: 'warmcity' }
  await setUpInflux(target, 0)
  return {
    edge: { influxUrl: influxd.url },
    stop: () => influxd.stop(),
    start: () => influxd.start(),
    remove: () => influxd.remove(),
    openTelemetry: ({ telemetry }) => openInfluxTelemetry({ target, directory: telemetry, usageMsMax: 0 }),
  }
}

/** PostgreSQL that is the ledger, on a disk that it waits for. */
export async function postgresqlToStop(): Promise<StoppedServer & { readonly version: string }> {
  const server = await startPostgres({ fsync: true })
  const url = await server.createDatabase('warmcity')
  return {
    version: server.version,
    edge: { ledgerUrl: url },
    ledger: { url },
    stop: () => server.stop(),
    start: () => server.start(),
    remove: () => server.remove(),
  }
}
