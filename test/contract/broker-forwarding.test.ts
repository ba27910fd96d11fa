import type { MqttClient } from 'mqtt'
import type { IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { brokerHarness, until } from '../support/broker-harness.ts'

function collect(client: MqttClient) {
  const seen: { topic: string; payload: string; qos: number; retain: boolean; dup: boolean }[] = []
  client.on('message', (topic, payload, { qos, retain, dup }) => {
    seen.push({ topic, payload: String(payload), qos, retain, dup })
  })
  return seen
}

test('a service account gets what its grant says, once though its filters overlap', async () => {
  const { client, broker } = await brokerHarness()
  const reader = await client('S1')
  const seen = collect(reader)
  await reader.subscribeAsync(['heating/v1/#', 'heating/v1/+/readings', 'heating/v1/G1/readings'], { qos: 1 })
  const gateway = await client('G1')
  await gateway.publishAsync('heating/v1/G1/readings', '1', { qos: 1 })
  await gateway.publishAsync('heating/v1/G1/status', '2', { qos: 0 })
  await gateway.publishAsync('heating/v1/G1/senml', '3', { qos: 2 })
  broker.publish('heating/v1/alerts/north', '4', { qos: 1 })
  await until(() => seen.length === 4, 'four messages')
  expect(seen.map(({ payload, qos, dup }) => [payload, qos, dup])).toEqual([
    ['1', 1, false],
    ['2', 0, false],
    ['3', 1, false],
    ['4', 1, false],
  ])
})

test('messages of one publisher all arrive, those of one QoS in order [MQTT-4.6.0-6]', async () => {
  const { client, raw } = await brokerHarness()
  const reader = await client('S1')
  const seen = collect(reader)
  await reader.subscribeAsync('heating/v1/+/status', { qos: 1 })
  const gateway = await raw()
  await gateway.login('G1')
  const count = 200
  gateway.send(
    ...Array.from(
      { length: count },
      (_, index): IPublishPacket => ({
        cmd: 'publish',
        topic: 'heating/v1/G1/status',
        payload: String(index),
        qos: index % 2 === 0 ? 1 : 0,
        messageId: index + 1,
        dup: false,
        retain: false,
      }),
    ),
  )
  await until(() => seen.length >= count, 'all of them')
  const all = Array.from({ length: count }, (_, index) => index)
  const numbers = (qos: number) => seen.filter((message) => message.qos === qos).map(({ payload }) => Number(payload))
  expect(numbers(1)).toEqual(all.filter((index) => index % 2 === 0))
  expect(numbers(0)).toEqual(all.filter((index) => index % 2 === 1))
})

test('gateways read their commands and errors; everything else, $SYS and broad wildcards are refused with 0x80', async () => {
  const { raw, broker, refusals } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  const filters = [
    'heating/v1/G1/commands',
    '#',
    'heating/v1/G1/errors',
    '$SYS/#',
    '+/v1/G1/errors',
    'heating/v1/G2/commands',
    'heating/v1/G1/+',
  ]
  gateway.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 1 })) })
  expect(await gateway.next('suback')).toMatchObject({ granted: [1, 128, 1, 128, 128, 128, 128] })
  expect(refusals.map(({ topic }) => topic)).toEqual(['#', '$SYS/#', 'heating/v1/G2/commands'])
  expect(broker.counters()).toMatchObject({ subscribesRefused: 5 })
  broker.tellGateway('G1', { code: 'not_json' })
  broker.tellGateway('G2', { code: 'not_json' })
  let told = (await gateway.next('publish')) as IPublishPacket
  while (String(told.payload) !== '{"code":"not_json"}') told = (await gateway.next('publish')) as IPublishPacket
  expect(told).toMatchObject({ topic: 'heating/v1/G1/errors', qos: 1 })
})

test('commands reach a gateway that was away, bounded and counted, and once acked they are gone', async () => {
  const { client, raw, broker } = await brokerHarness({ limits: { queuedMessagesPerSessionMax: 3 } })
  const operator = await client('S1')
  const gateway = await raw()
  await gateway.login('G1', { clean: false })
  gateway.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heating/v1/G1/commands', qos: 1 }] })
  await gateway.next('suback')
  gateway.stream.destroy()
  await until(() => broker.counters().sessions === 1, 'the gateway gone')
  for (const each of ['a', 'b', 'c', 'd', 'e']) await operator.publishAsync('heating/v1/G1/commands', each, { qos: 1 })
  expect(broker.counters()).toMatchObject({ queuedMessages: 3, queuedMessagesDropped: 2 })

  const back = await raw()
  expect(await back.login('G1', { clean: false })).toMatchObject({ sessionPresent: true })
  const first = (await back.next('publish')) as IPublishPacket
  expect([String(first.payload), first.dup]).toEqual(['a', false])
  await back.next('publish')
  await back.next('publish')
  back.send({ cmd: 'puback', messageId: first.messageId ?? 0 })
  await until(() => broker.counters().queuedMessages === 2, 'the acked one gone')
  back.stream.destroy()
  await back.closed

  const again = await raw()
  await again.login('G1', { clean: false })
  const resent = [await again.next('publish'), await again.next('publish')] as IPublishPacket[]
  expect(resent.map(({ payload, dup }) => [String(payload), dup])).toEqual([
    ['b', true],
    ['c', true],
  ])
  await again.login('G1', { clean: true }).catch(() => undefined)
})

test('a clean session of the same id leaves nothing of the persistent one', async () => {
  const { raw, broker } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1', { clean: false })
  gateway.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heating/v1/G1/commands', qos: 1 }] })
  await gateway.next('suback')
  gateway.send({ cmd: 'disconnect' })
  await gateway.closed
  broker.publish('heating/v1/G1/commands', 'x', { qos: 1 })
  expect(broker.counters()).toMatchObject({ persistentSessions: 1, queuedMessages: 1 })
  const clean = await raw()
  expect(await clean.login('G1', { clean: true })).toMatchObject({ sessionPresent: false })
  expect(broker.counters()).toMatchObject({ persistentSessions: 0, queuedMessages: 0 })
})

test('the last status is retained, readings never are', async () => {
  const { client } = await brokerHarness()
  const gateway = await client('G1')
  await gateway.publishAsync('heating/v1/G1/status', 'online', { qos: 1, retain: true })
  await gateway.publishAsync('heating/v1/G1/readings', '[]', { qos: 1, retain: true })
  const reader = await client('S1')
  const seen = collect(reader)
  await reader.subscribeAsync('heating/v1/#', { qos: 1 })
  await gateway.publishAsync('heating/v1/G1/readings', '[]', { qos: 1, retain: true })
  await until(() => seen.length === 2, 'two messages')
  expect(seen.map(({ topic, retain }) => [topic, retain]).sort()).toEqual([
    ['heating/v1/G1/readings', false],
    ['heating/v1/G1/status', true],
  ])
})

test('the effects of a QoS 2 publish: journaled for each PUBLISH, passed on once', async () => {
  const { client, raw, sink } = await brokerHarness()
  const reader = await client('S1')
  const seen = collect(reader)
  await reader.subscribeAsync('heating/v1/+/status', { qos: 1 })
  const gateway = await raw()
  await gateway.login('G1', { clean: false })
  const publish: IPublishPacket = {
    cmd: 'publish',
    topic: 'heating/v1/G1/status',
    payload: 'x',
    qos: 2,
    messageId: 5,
    dup: false,
    retain: false,
  }
  gateway.send(publish)
  expect(await gateway.next('pubrec')).toMatchObject({ messageId: 5 })
  gateway.stream.destroy()
  const again = await raw()
  await again.login('G1', { clean: false })
  again.send({ ...publish, dup: true })
  expect(await again.next('pubrec')).toMatchObject({ messageId: 5 })
  again.send({ cmd: 'pubrel', messageId: 5 })
  expect(await again.next('pubcomp')).toMatchObject({ messageId: 5 })
  expect(sink.deliveries.map(({ packetId, dup }) => [packetId, dup])).toEqual([
    [5, false],
    [5, true],
  ])
  again.send({ ...publish, payload: 'next' })
  await until(() => seen.length === 2, 'two messages')
  expect(seen.map(({ payload }) => payload)).toEqual(['x', 'next'])
})

test('a subscriber that reads nothing holds up nobody, and what it misses is counted', async () => {
  const { client, raw, broker } = await brokerHarness({ limits: { subscriberBacklogBytesMax: 100_000 } })
  const frozen = await raw()
  await frozen.login('S1')
  frozen.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heating/v1/+/status', qos: 0 }] })
  await frozen.next('suback')
  frozen.stream.pause()
  const gateway = await client('G1')
  const payload = Buffer.alloc(100_000, 'x')
  for (let sent = 0; sent < 300; sent++) await gateway.publishAsync('heating/v1/G1/status', payload, { qos: 1 })
  expect(broker.counters().forwardsDropped).toBeGreaterThan(0)
})
