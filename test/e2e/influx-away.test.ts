import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLedger } from '#store/ledger/database.ts'
import { createIdentity } from '#store/ledger/mqtt-identities.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { type Service, startService } from '../../commands/supervisor.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { hasProgram } from '../support/required-programs.ts'
import { newDataFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const suite = 'an edge whose InfluxDB is away'
const readingsEach = 200

describe.runIf(hasProgram('influxd', suite))(suite, { timeout: 60_000 }, () => {
  const gateway = 'GW-1'
  let data: string
  let secret: string
  let influxd: Influxd
  let edge: Service
  let addresses: Readonly<Record<string, string>>
  let client: MqttClient

  beforeEach(async () => {
    data = newDataFolder()
    const ledger = await openLedger(join(data, 'ledger.db'))
    const topics = { publish: [`heating/v1/${gateway}/#`], subscribe: [`heating/v1/${gateway}/errors`] }
    const identity = { id: gateway, kind: 'gateway' as const, ...topics }
    const created = await ledger.write((transaction) => createIdentity(transaction, identity, Date.now()))
    if (created === undefined) throw new Error('the new folder has the gateway already')
    secret = created.secret
    await ledger.close()
    influxd = await startInfluxd()
    await setUpInflux({ url: influxd.url, database: 'warmcity' }, 0)
    await influxd.stop()
  })

  afterEach(async () => {
    await client?.endAsync()
    await edge.stop()
    await influxd.remove()
    rmSync(data, { recursive: true, force: true })
  })

  async function readiness(): Promise<{ status: number; text: string }> {
    const response = await fetch(`${addresses.edgeHttp}/readyz`)
    return { status: response.status, text: await response.text() }
  }

  const begin = Date.now() - 3_600_000
  async function publish(round: number): Promise<void> {
    const all = Array.from({ length: readingsEach }, (_, index) => {
      const at = begin + (round * readingsEach + index) * 1_000
      const payload = JSON.stringify({ device: `P-${index % 10}`, at, values: { indoor_temperature_c: 20 } })
      return client.publishAsync(`heating/v1/${gateway}/readings`, payload, { qos: 1 })
    })
    await Promise.all(all)
  }

  const stored = async () => {
    const reader = openInfluxTelemetryReader({ target: { url: influxd.url, database: 'warmcity' }, usageMsMax: 0 })
    const { readings } = await reader.usage()
    await reader.close()
    return readings
  }

  test('comes up, says so, acks into the journal, and drains when InfluxDB appears, and again when it was killed', async () => {
    const anchor = { cityMs: Date.now(), wallMs: Date.now(), speed: 1, simulated: false, catchingUp: false }
    const ports = ['--mqtt-port', '0', '--websocket-port', '0', '--edge-http-port', '0', '--log-level', 'silent']
    const args = ['--data', data, ...ports, '--influx-url', influxd.url]
    edge = startService('edge', args, anchor, process.env)
    addresses = await edge.ready
    const away = await until(readiness, ({ status }) => status === 503)
    expect(away.text).toContain(
      `the telemetry reader waits after a failure: InfluxDB at ${influxd.url} does not answer`,
    )

    client = await connectAsync(addresses.mqtt ?? '', { clientId: gateway, username: gateway, password: secret })
    await publish(0)
    expect((await readiness()).status).toBe(503)

    await influxd.start()
    expect(await until(stored, (count) => count >= readingsEach)).toBe(readingsEach)
    await until(readiness, ({ status }) => status === 200)

    await influxd.stop('SIGKILL')
    await publish(1)
    await until(readiness, ({ status }) => status === 503)
    await influxd.start()
    await until(readiness, ({ status }) => status === 200)
    expect(await until(stored, (count) => count >= 2 * readingsEach)).toBe(2 * readingsEach)
  })
})
