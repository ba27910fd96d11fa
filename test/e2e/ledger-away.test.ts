import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync, type MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLedger } from '#store/ledger/database.ts'
import { createIdentity } from '#store/ledger/mqtt-identities.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { type Service, startService } from '../../commands/supervisor.ts'
import { freePort } from '../support/free-port.ts'
import { hasPostgres, type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { newDataFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const suite = 'services whose PostgreSQL is away'
const readingsEach = 200

describe.runIf(hasPostgres(suite))(suite, { timeout: 60_000 }, () => {
  const gateway = 'GW-1'
  let data: string
  let secret: string
  let server: PostgresServer
  let url: string
  const services: Service[] = []
  let client: MqttClient

  beforeEach(async () => {
    data = newDataFolder()
    server = await startPostgres()
    url = await server.createDatabase('warmcity')
    const ledger = await openLedger({ url })
    const topics = { publish: [`heating/v1/${gateway}/#`], subscribe: [`heating/v1/${gateway}/errors`] }
    const created = await ledger.write((transaction) =>
      createIdentity(transaction, { id: gateway, kind: 'gateway', ...topics }, Date.now()),
    )
    if (created === undefined) throw new Error('the new ledger has the gateway already')
    secret = created.secret
    await ledger.close()
    await server.stop()
  })

  afterEach(async () => {
    await client?.endAsync()
    for (const service of services.splice(0).reverse()) await service.stop()
    await server.remove()
    rmSync(data, { recursive: true, force: true })
  })

  const anchor = { cityMs: Date.now(), wallMs: Date.now(), speed: 1, simulated: false, catchingUp: false }
  function begin(name: string, ...args: string[]): Service {
    const service = startService(
      name,
      ['--data', data, '--ledger-url', url, '--log-level', 'silent', ...args],
      anchor,
      process.env,
    )
    services.push(service)
    return service
  }

  async function readiness(address = ''): Promise<{ status: number; text: string }> {
    const response = await fetch(`${address}/readyz`)
    return { status: response.status, text: await response.text() }
  }

  const begunAt = Date.now() - 3_600_000
  async function publish(round: number): Promise<void> {
    const all = Array.from({ length: readingsEach }, (_, index) => {
      const at = begunAt + (round * readingsEach + index) * 1_000
      const payload = JSON.stringify({ device: `P-${index % 10}`, at, values: { indoor_temperature_c: 20 } })
      return client.publishAsync(`heating/v1/${gateway}/readings`, payload, { qos: 1 })
    })
    all.push(client.publishAsync(`heating/v1/${gateway}/readings`, `{"no": ${round}}`, { qos: 1 }))
    await Promise.all(all)
  }

  const stored = async () => {
    const reader = openSqliteTelemetryReader({ directory: join(data, 'telemetry') })
    const { readings } = await reader.usage()
    await reader.close()
    return readings
  }
  const figure = async (address: string | undefined, name: string) => {
    const text = await (await fetch(`${address}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }

  test('wait for it, then go on by themselves whenever it comes back, and everything happens once', async () => {
    const edgeHttpPort = String(await freePort())
    const edge = begin('edge', '--mqtt-port', '0', '--websocket-port', '0', '--edge-http-port', edgeHttpPort)
    const edgeHttp = `http://127.0.0.1:${edgeHttpPort}`
    const asked = () => readiness(edgeHttp).catch(() => ({ status: 0, text: '' }))
    const waiting = await until(asked, ({ text }) => text.includes('waits'))
    expect(waiting).toMatchObject({ status: 503, text: expect.stringContaining('the edge waits for its ledger') })
    expect(waiting.text).toContain('PostgreSQL database "warmcity" at 127.0.0.1')

    await server.start()
    const { mqtt = '' } = await edge.ready
    const { http } = await begin('api', '--http-port', '0').ready
    client = await connectAsync(mqtt, { clientId: gateway, username: gateway, password: secret })
    await publish(0)
    await until(stored, (count) => count === readingsEach)
    await until(
      () => figure(edgeHttp, 'warmcity_ingest_quarantine_rejected'),
      (count) => count === 1,
    )

    await server.stop('SIGQUIT')
    await publish(1)
    // The devices are known by now: their readings need no ledger.
    await until(stored, (count) => count === 2 * readingsEach)
    const away = await until(asked, ({ text }) => text.includes('watch reader') && text.includes('quarantine reader'))
    expect(away.text).toContain('cannot be used')
    expect(await until(asked, ({ text }) => text.includes('who may connect'))).toMatchObject({ status: 503 })
    expect((await readiness(http)).text).toContain('ledger: PostgreSQL database')
    const problem = await fetch(`${http}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'nobody', password: 'nothing of use' }),
    })
    expect(problem.status).toBe(503)
    expect(problem.headers.get('content-type')).toContain('application/problem+json')
    expect(await problem.json()).toMatchObject({ code: 'unavailable' })

    await server.start()
    await until(asked, ({ status }) => status === 200)
    expect(
      await until(
        () => readiness(http),
        ({ status }) => status === 200,
      ),
    ).toMatchObject({ status: 200 })
    await until(
      () => figure(edgeHttp, 'warmcity_ingest_quarantine_rejected'),
      (count) => count === 2,
    )
    await publish(2)
    await until(stored, (count) => count === 3 * readingsEach)
    await until(
      () => figure(edgeHttp, 'warmcity_ingest_quarantine_rejected'),
      (count) => count === 3,
    )
    const ledger = await openLedger({ url })
    const kept = await ledger.db.selectFrom('quarantine_delivery').select('id').execute()
    await ledger.close()
    expect(kept).toHaveLength(3)
  })
})
