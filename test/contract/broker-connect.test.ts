import type { MqttClient } from 'mqtt'
import { expect, test } from 'vitest'
import {
  brokerHarness,
  cityNow,
  gatewayIdentity,
  secretOf,
  serviceIdentity,
  sha256,
  until,
} from '../support/broker-harness.ts'

const closeOf = (client: MqttClient) => new Promise<void>((resolve) => client.once('close', () => resolve()))
const noWill = { payload: Buffer.from('gone'), qos: 1, retain: false } as const

test.each([
  ['an unknown id', 'G9', {}, 4, 'unknown_id'],
  ['a wrong secret', 'G1', { password: Buffer.from('guess') }, 4, 'wrong_secret'],
  ['no credentials', 'G1', { username: undefined, password: undefined }, 4, 'no_credentials'],
  ['another client id', 'G1', { clientId: 'G2' }, 2, 'client_id_mismatch'],
  ['no client id', 'G1', { clientId: '' }, 2, 'client_id_mismatch'],
  ['a will for readings', 'G1', { will: { ...noWill, topic: 'heating/v1/G1/readings' } }, 5, 'will_topic_not_own'],
  ['a will for another', 'G1', { will: { ...noWill, topic: 'heating/v1/G2/status' } }, 5, 'will_topic_not_own'],
  ['MQTT 5', 'G1', { protocolVersion: 5 as const }, 1, 'protocol_version'],
])('%s is refused and recorded', async (_name, id, more, returnCode, reason) => {
  const { raw, refusals, presences, broker } = await brokerHarness()
  const peer = await raw()
  expect(await peer.login(id, more)).toMatchObject({ returnCode })
  await peer.closed
  expect(refusals).toEqual([{ at: cityNow, clientId: id, address: '127.0.0.1', action: 'connect', reason }])
  expect(presences).toEqual([])
  await until(() => broker.counters().connections === 0, 'no connection left')
  expect(broker.counters()).toMatchObject({ sessions: 0, connectsRefused: 1, connectsAccepted: 0 })
})

test('who connects before it is known who may come waits for the answer', async () => {
  const { raw, broker, refusals } = await brokerHarness({}, undefined, false)
  const [known, unknown] = [await raw(), await raw()]
  const answers = Promise.all([known.login('G1'), unknown.login('G9')])
  await until(() => broker.counters().connections === 2, 'two connections')
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect([known.packets, unknown.packets]).toEqual([[], []])
  broker.setIdentities([gatewayIdentity('G1')])
  expect(await answers).toMatchObject([{ returnCode: 0 }, { returnCode: 4 }])
  expect(refusals).toMatchObject([{ clientId: 'G9', reason: 'unknown_id' }])
})

test('MQTT 3.1 and 3.1.1 are spoken', async () => {
  const { client } = await brokerHarness()
  for (const [protocolId, protocolVersion] of [['MQIsdp', 3] as const, ['MQTT', 4] as const]) {
    const gateway = await client('G1', { protocolId, protocolVersion })
    await gateway.publishAsync('heating/v1/G1/status', 'x', { qos: 1 })
    await gateway.endAsync()
  }
})

test('a secret is good until its time, also for the session that came with it', async () => {
  let now = cityNow
  const validUntil = cityNow + 60_000
  const rotated = gatewayIdentity('G1', {
    secrets: [{ sha256: sha256(secretOf('G1')), validUntil }, { sha256: sha256('new') }],
  })
  const { client, presences } = await brokerHarness({ clock: { now: () => now } }, [rotated])
  const old = await client('G1')
  now = validUntil - 1
  const ended = closeOf(old)
  now = validUntil
  await ended
  await expect(client('G1')).rejects.toThrow(/user name or password|Bad/i)
  await client('G1', { password: 'new' })
  expect(presences.map(({ state, cause }) => `${state} ${cause}`)).toEqual([
    'online connect',
    'offline kicked',
    'online connect',
  ])
})

test('revocation, a replaced secret and a grant that shrank end live sessions at once; others stay', async () => {
  const reader = serviceIdentity('S1', { subscribe: ['heating/v1/#'] })
  const { client, broker, sink } = await brokerHarness(
    {},
    ['G1', 'G2', 'G3'].map((id) => gatewayIdentity(id)).concat(reader),
  )
  const [revoked, rotated, kept, narrowed] = await Promise.all(
    ['G1', 'G2', 'G3', 'S1'].map((id) =>
      client(id, {
        ...(id !== 'S1' && {
          will: { topic: `heating/v1/${id}/status`, payload: Buffer.from('gone'), qos: 1 as const },
        }),
      }),
    ),
  )
  await narrowed?.subscribeAsync('heating/v1/+/readings')
  const gone = [revoked, rotated, narrowed].map((each) => each && closeOf(each))
  broker.setIdentities([
    gatewayIdentity('G2', { secrets: [{ sha256: sha256('another') }] }),
    gatewayIdentity('G3'),
    serviceIdentity('S1', { subscribe: ['heating/v1/alerts/#'] }),
  ])
  await Promise.all(gone)
  await kept?.publishAsync('heating/v1/G3/status', 'fine', { qos: 1 })
  expect(broker.counters()).toMatchObject({ sessions: 1, identities: 3 })
  // A revoked identity has nothing more to say, not even by its will.
  expect(sink.deliveries.map(({ payload }) => String(payload))).toEqual(['fine'])
})

test('a new grant holds for the session that is there', async () => {
  const { client, broker, sink } = await brokerHarness({}, [gatewayIdentity('G1')])
  const gateway = await client('G1')
  await gateway.publishAsync('foreign/1', 'before', { qos: 1 })
  broker.setIdentities([gatewayIdentity('G1', { publish: ['foreign/+'] })])
  await gateway.publishAsync('foreign/1', 'after', { qos: 1 })
  broker.setIdentities([gatewayIdentity('G1')])
  await gateway.publishAsync('foreign/1', 'later', { qos: 1 })
  expect(sink.deliveries.map(({ payload }) => String(payload))).toEqual(['after'])
})

test('presence tells how a session ended', async () => {
  const { client, raw, presences, broker } = await brokerHarness()
  const causes = () => presences.map(({ state, cause }) => `${state} ${cause}`)
  const gateway = await client('G1')
  await gateway.endAsync()
  await until(() => presences.length === 2, 'the end by DISCONNECT')
  expect(presences[0]).toEqual({ at: cityNow, id: 'G1', state: 'online', address: '127.0.0.1', cause: 'connect' })

  const lost = await raw()
  await lost.login('G1')
  lost.stream.destroy()
  await until(() => presences.length === 4, 'the end by loss')

  const first = await raw()
  await first.login('G1')
  const second = await raw()
  await second.login('G1')
  await first.closed

  const silent = await raw()
  await silent.login('G2', { keepalive: 1 })
  await until(() => presences.length === 9, 'the end by keep-alive')
  expect(causes()).toEqual([
    'online connect',
    'offline disconnect',
    'online connect',
    'offline connection_lost',
    'online connect',
    'offline taken_over',
    'online connect',
    'online connect',
    'offline keepalive',
  ])
  expect(broker.counters()).toMatchObject({ sessions: 1 })
  await broker.close()
  expect(causes().slice(-1)).toEqual(['offline shutdown'])
})

test('a second connection that breaks off in the middle leaves the first one known', async () => {
  const { client, raw, presences, broker } = await brokerHarness()
  const gateway = await client('G1')
  const half = await raw()
  half.send({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 0,
    clientId: 'G1',
    username: 'G1',
    password: Buffer.from('wrong'),
  })
  half.stream.end()
  await half.closed
  await gateway.publishAsync('heating/v1/G1/status', 'x', { qos: 1 })
  expect(broker.counters().sessions).toBe(1)
  await gateway.endAsync()
  await until(() => presences.length === 2, 'offline')
  expect(presences.map(({ cause }) => cause)).toEqual(['connect', 'disconnect'])
})

test('a thousand reconnects cost little', async () => {
  const identities = Array.from({ length: 1_000 }, (_, index) => gatewayIdentity(`G${index}`))
  const { raw, broker } = await brokerHarness({}, identities)
  const before = process.cpuUsage()
  for (let from = 0; from < 1_000; from += 100) {
    const peers = await Promise.all(
      identities.slice(from, from + 100).map(async ({ id }) => {
        const peer = await raw()
        expect(await peer.login(id)).toMatchObject({ returnCode: 0 })
        return peer
      }),
    )
    for (const peer of peers) peer.stream.destroy()
  }
  const { user, system } = process.cpuUsage(before)
  expect(broker.counters().connectsAccepted).toBe(1_000)
  // Both sides run here. A password hash such as scrypt would alone take fifty times as long.
  expect((user + system) / 1_000).toBeLessThan(5_000)
})
