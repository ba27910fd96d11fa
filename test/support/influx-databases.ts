import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { connectInflux, type InfluxTarget } from '#store/telemetry/influx/connection.ts'
import { rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { type Influxd, startInfluxd } from './influxd.ts'

const { INFLUX_URL, INFLUX_USER, INFLUX_PASSWORD, INFLUX_TOKEN } = process.env

/** What a suite runs on, for its title. */
export const influxName = INFLUX_URL ?? 'InfluxDB 1'

/** Both databases of one test, set up, that nobody else has. */
interface InfluxDatabases {
  readonly target: InfluxTarget
  drop(): Promise<void>
}

/** The InfluxDB of a suite, the one that INFLUX_URL names or one of its own; gives each test databases of its own. */
export function influxDatabases(): () => Promise<InfluxDatabases> {
  let influxd: Influxd | undefined
  let url = INFLUX_URL ?? ''
  beforeAll(async () => {
    if (INFLUX_URL !== undefined) return
    influxd = await startInfluxd()
    url = influxd.url
  })
  afterAll(() => influxd?.remove())

  return async () => {
    const credentials = { token: INFLUX_TOKEN, user: INFLUX_USER, password: INFLUX_PASSWORD }
    const target: InfluxTarget = { url, database: `warmcity_test_${randomUUID()}`, ...credentials }
    await setUpInflux(target, 0)
    return {
      target,
      async drop() {
        const connection = connectInflux(target)
        for (const { database } of [target, rollUpTarget(target)]) {
          await connection.query(`DROP DATABASE "${database}"`, { post: true })
        }
      },
    }
  }
}
