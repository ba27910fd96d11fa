import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { connectInflux } from '#store/telemetry/influx/connection.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { hasInflux, type Influxd, startInfluxd } from '../support/influxd.ts'
import { type TelemetryHarness, telemetryContract } from './telemetry-contract.ts'

const suite = 'telemetry in InfluxDB'
const { INFLUX_URL, INFLUX_USER, INFLUX_PASSWORD, INFLUX_TOKEN } = process.env

describe.runIf(hasInflux(suite))(suite, () => {
  let influxd: Influxd | undefined
  let url = INFLUX_URL ?? ''

  beforeAll(async () => {
    if (INFLUX_URL !== undefined) return
    influxd = await startInfluxd()
    url = influxd.url
  })

  afterAll(() => influxd?.remove())

  /** A database of its own for every test. */
  async function makeHarness(): Promise<TelemetryHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'influx-telemetry-'))
    const database = `warmcity_test_${randomUUID()}`
    const credentials = { token: INFLUX_TOKEN, user: INFLUX_USER, password: INFLUX_PASSWORD }
    const target = { url, database, ...credentials }
    await setUpInflux(target, 0)
    // A test counts again as soon as it has written.
    const options = { target, directory, usageMsMax: 0 }
    return {
      open: () => openInfluxTelemetry(options),
      openReader: async () => openInfluxTelemetryReader(options),
      async remove() {
        for (const { database: name } of [target, rollUpTarget(target)]) {
          await connectInflux(target).query(`DROP DATABASE "${name}"`, { post: true })
        }
        await rm(directory, { recursive: true })
      },
    }
  }

  telemetryContract(INFLUX_URL ?? 'InfluxDB 1', makeHarness, { exactCounts: false, dropsAtMaintain: false })
})
