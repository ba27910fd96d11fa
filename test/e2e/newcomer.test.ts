import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { io } from 'socket.io-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { type HttpClient, signIn } from '../support/http-client.ts'
import { hasProgram } from '../support/required-programs.ts'
import { newDataFolder, type RunningService, startService } from '../support/service.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

const suite = 'a newcomer starts the demo'
const july = fileURLToPath(new URL('../support/july.mjs', import.meta.url))
const offsetMs = Date.UTC(2027, 6, 15, 12) - Date.now()
const inJuly = { NODE_OPTIONS: `--import=${july}`, WARMCITY_TEST_DATE_OFFSET_MS: String(offsetMs) }
const smallCity = ['--dwellings', '120', '--history-days', '1', '--seed', '7']

describe.runIf(hasProgram('mosquitto_pub', suite))(suite, { timeout: 120_000 }, () => {
  const data = newDataFolder()
  let service: RunningService
  let regulator: HttpClient

  beforeAll(async () => {
    service = await startService(data, smallCity, inJuly)
    regulator = await signIn(service.addresses.http, 'regulator', service.password())
    await regulator.until<{ catchingUp: boolean }>('/time', ({ catchingUp }) => !catchingUp)
  }, 120_000)

  afterAll(async () => {
    await service.stop()
    rmSync(data, { recursive: true, force: true })
  })

  test('it is a January evening although the machine says July, and that is said', async () => {
    await service.printed('history 100 %')
    const time = await regulator.get<{ now: number; simulated: boolean }>('/time')
    expect(new Date(time.now).toISOString()).toMatch(/^2026-01-15T11:/)
    expect(time.simulated).toBe(true)
    expect(service.output()).toContain('simulated time 2026-01-1')
    expect(await (await fetch(`${service.addresses.http}/status`)).text()).toMatch(/simulated|模拟/)
  })

  test('history told nobody anything while it filled in', async () => {
    const { signals } = await regulator.get<{ signals: Signal[] }>('/signals?after=0&limit=500')
    const flags = signals.filter(({ kind }) => kind.startsWith('flag.'))
    expect(flags.length).toBeGreaterThan(0)
    const opening = Date.parse('2026-01-15T19:00:00+08:00')
    const told = signals.filter(
      ({ kind, history, at }) => kind === 'alert.opened' && !history && at < opening - 3_600_000,
    )
    expect(told).toEqual([])
  })

  test('the printed line, sent twice, puts readings in, raises a flag and reaches socket and webhook', async () => {
    const receiver = await startWebhookReceiver()
    const webhook = await regulator.post<{ secret: string }>('/webhooks', { name: 'desk', url: receiver.url })
    const socket = io(service.addresses.http, { transports: ['websocket'], extraHeaders: { cookie: regulator.cookie } })
    const aboutDemo = (signal: Signal) => signal.kind.startsWith('alert.') && JSON.stringify(signal).includes('below12')
    const overSocket = new Promise<Signal>((resolve) => {
      socket.on('signals', (batch: { signals: Signal[] }, acknowledge: () => void) => {
        const found = batch.signals.find(aboutDemo)
        if (found) resolve(found)
        acknowledge()
      })
    })
    await new Promise<void>((resolve) => socket.once('hello', () => resolve()))

    const line = service.found(/(mosquitto_pub -h .*)/)
    for (let sent = 0; sent < 2; sent++) await promisify(execFile)('sh', ['-c', line])

    type Flags = { items: { subject: string; rule: string; device: string; value: number }[] }
    const cold = await regulator.until<Flags>('/flags?rule=below12', ({ items }) =>
      items.some(({ device }) => device === 'P-DEMO'),
    )
    const flag = cold.items.find(({ device }) => device === 'P-DEMO')
    expect(flag?.value).toBe(11)
    await regulator.until<{ items: { value: number }[] }>(
      `/dwellings/${flag?.subject}/readings?metric=indoor_temperature_c&device=P-DEMO`,
      ({ items }) => items.filter(({ value }) => value === 11).length === 2,
    )

    expect((await overSocket).history).toBe(false)
    const delivery = await receiver.received(({ body }) => aboutDemo(JSON.parse(body).signal))
    const signed = `${delivery.headers['warmcity-timestamp']}.${delivery.body}`
    const expected = createHmac('sha256', webhook.secret).update(signed).digest('hex')
    expect(delivery.headers['warmcity-signature']).toBe(`v1=${expected}`)
    expect(JSON.parse(delivery.body).simulated).toBe(true)
    socket.close()
    receiver.close()
  })

  test('whatever the operations guide wants watched is among the figures', async () => {
    const guide = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
    const [, table = ''] = /^\| metric \| when \|\n(.*?)\n\n/ms.exec(guide) ?? []
    const wanted = [...table.matchAll(/`(warmcity_\w+)`/g)].map(([, name]) => name)
    expect(wanted.length).toBeGreaterThan(8)
    const { http, edgeHttp } = service.addresses
    const texts = await Promise.all([http, edgeHttp].map(async (address) => (await fetch(`${address}/metrics`)).text()))
    const shown = new Set(texts.join('\n').match(/^warmcity_\w+/gm))
    // Somebody was told of the flag before: there are notifications.
    expect(wanted.filter((name = '') => !shown.has(name))).toEqual([])
  })

  test('Ctrl-C drains, and a second start goes on from there without building the city again', async () => {
    const before = await regulator.get<{ now: number }>('/time')
    const { head } = await regulator.get<{ head: number }>('/signals?after=0&limit=1')
    const password = service.password()
    expect(await service.stop()).toBe(0)
    expect(service.output()).toContain('Nothing is left half written')

    service = await startService(data, smallCity, inJuly)
    regulator = await signIn(service.addresses.http, 'regulator', password)
    const after = await regulator.get<{ now: number; catchingUp: boolean }>('/time')
    expect(after.catchingUp).toBe(false)
    expect(after.now - before.now).toBeGreaterThanOrEqual(0)
    expect(after.now - before.now).toBeLessThan(120_000)
    expect(service.output()).not.toContain('Building a city')
    const signals = await regulator.get<{ head: number }>('/signals?after=0&limit=1')
    expect(signals.head).toBeGreaterThanOrEqual(head)
  })
})
