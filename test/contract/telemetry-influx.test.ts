import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { influxDatabases, influxName } from '../support/influx-databases.ts'
import { hasInflux } from '../support/influxd.ts'
import { type TelemetryHarness, telemetryContract } from './telemetry-contract.ts'

const suite = 'telemetry in InfluxDB'

describe.runIf(hasInflux(suite))(suite, () => {
  const newDatabases = influxDatabases()

  async function makeHarness(): Promise<TelemetryHarness> {
    const directory = await mkdtemp(join(tmpdir(), 'influx-telemetry-'))
    const { target, drop } = await newDatabases()
    // A test counts again as soon as it has written.
    const options = { target, directory, usageMsMax: 0 }
    return {
      open: () => openInfluxTelemetry(options),
      openReader: async () => openInfluxTelemetryReader(options),
      async remove() {
        await drop()
        await rm(directory, { recursive: true })
      },
    }
  }

  telemetryContract(influxName, makeHarness, { exactCounts: false, dropsAtMaintain: false })
})
