import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { signIn } from '../support/http-client.ts'
import { type Installation, type RunningCommand, startCommand } from '../support/services-apart.ts'

const root = join(import.meta.dirname, '../..')
const password = 'the first password of all'
// Without the launcher, so that a kill reaches the service itself.
const installation: Installation = {
  command: [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'warmcity.ts')],
  folder: root,
  environment: { PATH: process.env.PATH, LANG: 'en_US.UTF-8' },
}

/** One mapping of a platform that reports a property of a device at a time. */
const mapping = {
  payload_mapping: [{ id: 'carrier', format: 'json', address: 'deviceId', time: 'timestamp', time_format: 'epoch_ms' }],
  payload_field: [{ mapping: 'carrier', field: 'payload.temperature', metric: 'indoor_temperature_c' }],
  foreign_topic: [{ gateway: 'GW-0001', topic: 'push/carrier', mapping: 'carrier' }],
  foreign_device: [
    { gateway: 'GW-0001', address: '865352030000001', device: 'P-0001', valid_from: '2025-10-20T00:00:00+08:00' },
  ],
}

/** Seven processes start one after another, on a machine that may have much else to do. */
const patienceMs = 240_000

test(
  'a push that was answered is not lost when the edge is killed, and nothing is promised while it is away',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'warmcity-push-'))
    const running: RunningCommand[] = []
    onTestFinished(async () => {
      for (const one of running) await one.stop('SIGKILL')
      rmSync(data, { recursive: true })
    })
    const settings = {
      WARMCITY_DATA: data,
      WARMCITY_HTTP_PORT: '0',
      WARMCITY_MQTT_PORT: '0',
      WARMCITY_WEBSOCKET_PORT: '0',
      WARMCITY_EDGE_HTTP_PORT: '0',
      WARMCITY_MQTT_SECRET: 'a secret that was made for the API',
      WARMCITY_ADMIN_PASSWORD: password,
    }
    const once = async (...args: string[]) => {
      const command = startCommand(installation, args, settings)
      expect(await command.ended, command.output()).toBe(0)
    }
    const begin = (name: string, more: Readonly<Record<string, string>> = {}) => {
      const command = startCommand(installation, [name], { ...settings, ...more })
      running.push(command)
      return command
    }
    mkdirSync(join(data, 'mapping'))
    writeFileSync(join(data, 'mapping/registry.json'), JSON.stringify(mapping))
    await once('prepare')
    await once('registry', 'import', join(root, 'docs/examples/small-city'))
    await once('registry', 'import', join(data, 'mapping/registry.json'))
    const edge = begin('edge')
    const { mqtt = '', edgeHttp = '' } = await edge.said('the edge serves')
    await edge.until(async () => (await fetch(`${edgeHttp}/readyz`)).ok)
    const api = begin('api', { WARMCITY_MQTT_URL: mqtt, WARMCITY_EDGE_URL: edgeHttp })
    const { http: base = '' } = await api.said('the api serves')

    const admin = await signIn(base, 'admin', password)
    const source = { id: 'carrier', gateway: 'GW-0001', scheme: 'hmac', networks: ['127.0.0.0/8'] }
    const { secret } = await admin.post<{ secret: string }>('/push-sources', source)
    const push = (temperature: number, at: number) => {
      const body = JSON.stringify({ deviceId: '865352030000001', timestamp: at, payload: { temperature } })
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const signature = `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`
      return fetch(`${base}/api/v1/push/carrier`, {
        method: 'POST',
        headers: { 'warmcity-timestamp': timestamp, 'warmcity-signature': signature },
        body,
      })
    }

    const at = Date.now() - 60_000
    const kept = await push(21.5, at)
    expect(kept.status, await kept.clone().text()).toBe(200)
    await edge.stop('SIGKILL')
    const withheld = await push(21.25, at + 1_000)
    expect(withheld.status).toBe(503)
    expect(withheld.headers.get('retry-after')).toBe('30')
    expect(await withheld.json()).toMatchObject({ code: 'unavailable', detail: 'the edge does not answer' })

    const again = begin('edge', { WARMCITY_EDGE_HTTP_PORT: new URL(edgeHttp).port })
    await again.until(async () => (await push(21.25, at + 1_000)).ok)
    await admin.until<{ readings: readonly { at: number; value: number }[] }>(
      `/dwellings/D-0001/readings?from=${at - 1_000}&to=${at + 60_000}`,
      (answer) => {
        const stored = JSON.stringify(answer)
        return stored.includes('21.5') && stored.includes('21.25')
      },
    )
    // Whoever is not the api has no business at the edge's own door.
    const door = `${edgeHttp}/deliveries`
    const stranger = await fetch(door, { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{}' })
    expect(stranger.status).toBe(401)
  },
  patienceMs,
)
