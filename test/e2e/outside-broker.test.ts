import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { MqttClient } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { wallClockAnchor } from '#domain/time.ts'
import { wakeTopic } from '#domain/topics.ts'
import { openLedger } from '#store/ledger/database.ts'
import { listQuarantine } from '#store/ledger/quarantine.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { type Service, startService } from '../../commands/supervisor.ts'
import { scrape } from '../bench/edge-process.ts'
import { hasMosquitto, type MosquittoServer, startMosquitto } from '../support/mosquitto-server.ts'
import { publisher } from '../support/outside-harness.ts'
import { newDataFolder } from '../support/service.ts'
import { idsOf, importSmallRegistry, smallRegistry } from '../support/small-registry.ts'
import { until } from '../support/until.ts'

const suite = 'an edge behind Mosquitto'
const { gateway, probe } = idsOf('nangang')
/** The access list that the guide shows. */
function aclOfGuide(): string[] {
  const guide = readFileSync(new URL('../../docs/outside-brokers.md', import.meta.url), 'utf8')
  const [, acl = ''] = /^```\n(# passwords:.*?)^```$/ms.exec(guide) ?? []
  return acl.trimEnd().split('\n')
}

describe.runIf(hasMosquitto(suite))(suite, { timeout: 60_000 }, () => {
  let data: string
  let mosquitto: MosquittoServer
  let edge: Service
  let addresses: Readonly<Record<string, string>>
  let client: MqttClient

  beforeEach(async () => {
    data = newDataFolder()
    const ledger = await openLedger(join(data, 'ledger.db'))
    await importSmallRegistry(ledger, {
      ...smallRegistry,
      payload_mapping: [{ id: 'zigbee', format: 'zigbee2mqtt' }],
      payload_field: [{ mapping: 'zigbee', field: 'temperature', metric: 'indoor_temperature_c' }],
      foreign_topic: [{ gateway, topic: 'zigbee2mqtt/#', mapping: 'zigbee' }],
      foreign_device: [{ gateway, address: 'living room', device: probe, valid_from: Date.UTC(2025, 9, 1) }],
    })
    await ledger.close()
    const users = { 'warmcity-ingest': 'of ingest', [gateway]: 'of the gateway' }
    // The gateway is a bridge of Zigbee2MQTT as well, and stands in for the api that waits to be woken.
    const acl = [...aclOfGuide(), `user ${gateway}`, 'topic write zigbee2mqtt/#', `topic read ${wakeTopic}`]
    mosquitto = await startMosquitto({ users, acl })
    client = await publisher(mosquitto.url, { username: gateway, password: users[gateway] ?? '' })
  })

  afterEach(async () => {
    await edge?.stop()
    await mosquitto.remove()
    rmSync(data, { recursive: true, force: true })
  })

  async function startEdge(password = 'of ingest'): Promise<void> {
    const args = ['--data', data, '--edge-http-port', '0', '--log-level', 'silent']
    const env = { ...process.env, MQTT_URL: mosquitto.url, MQTT_USER: 'warmcity-ingest', MQTT_PASSWORD: password }
    edge = startService('edge', args, wallClockAnchor, env)
    addresses = await edge.ready
  }

  const figure = async (name: string) => (await scrape(addresses.edgeHttp ?? '')).get(`warmcity_${name}`) ?? 0
  const stored = (count: number) =>
    until(
      () => figure('ingest_telemetry_stored'),
      (now) => now >= count,
    )
  const subscribed = () =>
    until(
      () => figure('outside_broker_subscribed'),
      (count) => count === 7,
    )
  const readiness = async () => (await fetch(`${addresses.edgeHttp}/readyz`)).text()
  const begin = Date.now() - 3_600_000
  const report = (minute: number) =>
    JSON.stringify({ device: probe, at: begin + minute * 60_000, values: { indoor_temperature_c: 20 } })
  const publish = (payload: string, topic = `heating/v1/${gateway}/readings`) =>
    client.publishAsync(topic, payload, { qos: 1 })

  test('stores what gateways publish, tells them what is wrong, and wakes the api; nothing listens', async () => {
    await startEdge()
    expect(Object.keys(addresses)).toEqual(['edgeHttp'])
    await subscribed()
    const told: string[] = []
    client.on('message', (topic, payload) => told.push(`${topic} ${payload}`))
    await client.subscribeAsync([`heating/v1/${gateway}/errors`, wakeTopic], { qos: 1 })
    await publish(report(0))
    await publish('no JSON')
    const state = { temperature: 20.5, last_seen: new Date(begin + 60_000).toISOString() }
    await publish(JSON.stringify(state), 'zigbee2mqtt/living room')
    expect(await stored(2)).toBe(2)
    await until(
      async () => told,
      (all) => all.some((line) => line.includes('/errors') && line.includes('not_json')),
    )
    expect(await readiness()).toBe('ready\n')
    expect(await figure('outside_broker_connected')).toBe(1)
    await edge.stop()
    const reader = openSqliteTelemetryReader({ directory: join(data, 'telemetry') })
    const samples = await reader.readings(probe, 'indoor_temperature_c', 0, Number.MAX_SAFE_INTEGER, 10)
    expect(samples.map(({ value }) => value)).toEqual([20, 20.5])
    await reader.close()
    const ledger = await openLedger(join(data, 'ledger.db'))
    const quarantine = await listQuarantine(ledger.db, {}, { limit: 10 })
    expect(quarantine.map(({ gateway: from }) => from)).toEqual([gateway])
    await ledger.close()
  })

  test('takes what came while it was stopped, and while Mosquitto was restarted', async () => {
    await startEdge()
    await subscribed()
    await publish(report(0))
    await stored(1)
    await edge.stop()
    await publish(report(1))
    await startEdge()
    expect(await stored(2)).toBe(2)
    await mosquitto.stop()
    expect(await until(readiness, (text) => text !== 'ready\n')).toMatch(/outside broker .* is not connected since/)
    expect(await figure('outside_broker_connected')).toBe(0)
    await mosquitto.start()
    await until(readiness, (text) => text === 'ready\n')
    await subscribed()
    client = await publisher(mosquitto.url, { username: gateway, password: 'of the gateway' })
    await publish(report(2))
    expect(await stored(3)).toBe(3)
    expect(await figure('outside_broker_sessions_lost')).toBe(0)
  })

  test('comes up with a wrong password, and says so in its readiness', async () => {
    await startEdge('mistyped')
    const reason = await until(readiness, (text) => text.includes('refuses'))
    expect(reason).toContain('the broker refuses us: not authorized')
  })
})
