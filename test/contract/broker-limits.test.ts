import { once } from 'node:events'
import { connect } from 'node:net'
import type { IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { brokerHarness, gatewayIdentity, serviceIdentity, until } from '../support/broker-harness.ts'

const reading = (messageId: number, more: Partial<IPublishPacket> = {}): IPublishPacket => ({
  cmd: 'publish',
  topic: 'heating/v1/G1/readings',
  payload: 'x',
  qos: 1,
  messageId,
  dup: false,
  retain: false,
  ...more,
})

const lengthField = (length: number) => (length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7])

test('a packet over the limit ends the connection at its header; the gateway is told, and comes back later', async () => {
  const { raw, sink, refusals, broker } = await brokerHarness({
    limits: { packetBytesMax: 1_000, protocolCooldownMsMin: 60_000, protocolCooldownMsMax: 60_000 },
  })
  const gateway = await raw()
  await gateway.login('G1')
  gateway.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heating/v1/G1/errors', qos: 1 }] })
  await gateway.next('suback')
  // 1,001 bytes are announced and none of them sent.
  gateway.bytes(Uint8Array.from([0x32, 0xe9, 0x07]))
  const told = await gateway.next('publish')
  expect(told).toMatchObject({ topic: 'heating/v1/G1/errors' })
  expect(String((told as IPublishPacket).payload)).toContain('packet_too_large')
  await gateway.closed
  const again = await raw()
  expect(await again.login('G1')).toMatchObject({ returnCode: 3 })
  expect(refusals).toMatchObject([
    { clientId: 'G1', action: 'publish', reason: 'packet_too_large' },
    { clientId: 'G1', action: 'connect', reason: 'protocol_error' },
  ])
  expect(sink.deliveries).toEqual([])
  expect(broker.counters()).toMatchObject({ sessionsBrokeProtocol: 1 })
})

test('a stranger can announce no more than a CONNECT needs', async () => {
  const { raw, refusals } = await brokerHarness({ limits: { connectBytesMax: 500 } })
  const stranger = await raw()
  stranger.bytes(Uint8Array.from([0x10, 0xf5, 0x03]))
  await stranger.closed
  expect(refusals).toMatchObject([{ clientId: '', action: 'connect', reason: 'packet_too_large' }])
})

test('bytes that are not MQTT end the connection', async () => {
  const { raw, refusals } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  gateway.bytes(Uint8Array.from([0x36, 0x05, 0, 1, 97, 0, 1]))
  await gateway.closed
  expect(refusals).toMatchObject([{ clientId: 'G1', reason: 'packet_malformed' }])
})

test.each([
  ['a wildcard', 'heating/v1/+/readings'],
  ['no topic', ''],
  ['more levels than can be matched', 'a/'.repeat(200)],
])('a publish to %s breaks the protocol: resending it at once is answered with CONNACK 3', async (_name, topic) => {
  const { raw, sink, refusals, presences } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  // The encoder would not write such a topic.
  const name = Buffer.from(topic)
  gateway.bytes(
    Buffer.from([0x32, ...lengthField(name.length + 4), name.length >> 8, name.length & 0xff, ...name, 0, 1]),
  )
  await gateway.closed
  const again = await raw()
  expect(await again.login('G1')).toMatchObject({ returnCode: 3 })
  expect(refusals.map(({ reason }) => reason)).toEqual(['packet_malformed', 'protocol_error'])
  expect(presences.map(({ cause }) => cause)).toEqual(['connect', 'protocol_error'])
  expect(sink.deliveries).toEqual([])
})

test('a CONNECT that does not come in time is given up', async () => {
  const { raw, refusals } = await brokerHarness({ limits: { connectMs: 50 } })
  const slow = await raw()
  slow.bytes(Uint8Array.from([0x10]))
  await slow.closed
  expect(refusals).toMatchObject([{ action: 'connect', reason: 'connect_timeout' }])
})

test('a topic that is too deep or too long is acked and kept as a refusal; the session goes on', async () => {
  const { client, sink, refusals } = await brokerHarness({}, [gatewayIdentity('G1', { publish: ['x/#'] })])
  const gateway = await client('G1')
  await gateway.publishAsync(`x${'/a'.repeat(50)}`, 'deep', { qos: 1 })
  await gateway.publishAsync(`x/${'a'.repeat(300)}`, 'long', { qos: 1 })
  await gateway.publishAsync('x/a', 'fine', { qos: 1 })
  expect(sink.deliveries.map(({ payload }) => String(payload))).toEqual(['fine'])
  expect(refusals.map(({ reason }) => reason)).toEqual(['topic_too_deep', 'topic_too_long'])
})

test('connects of one address are bounded', async () => {
  const { port, raw, refusals, broker } = await brokerHarness({
    limits: { connectsPerAddressBurst: 2, connectsPerAddressPerSecond: 0.001 },
  })
  const [first] = [await raw(), await raw()]
  const third = connect(port, '127.0.0.1')
  third.on('error', () => {})
  await once(third, 'close')
  expect(refusals).toMatchObject([{ clientId: '', address: '127.0.0.1', action: 'connect', reason: 'connect_rate' }])
  expect(broker.counters()).toMatchObject({ connectionsTurnedAway: 1 })
  expect(await first.login('G1')).toMatchObject({ returnCode: 0 })
})

test('sessions are bounded; who is there may come again', async () => {
  const { raw, refusals } = await brokerHarness({ limits: { sessionsMax: 1 } })
  const [first, second, again] = [await raw(), await raw(), await raw()]
  expect(await first.login('G1')).toMatchObject({ returnCode: 0 })
  expect(await second.login('G2')).toMatchObject({ returnCode: 3 })
  expect(await again.login('G1')).toMatchObject({ returnCode: 0 })
  expect(refusals).toMatchObject([{ clientId: 'G2', reason: 'too_many_sessions' }])
})

test('over its rate a gateway waits for its acks, and they come in order', async () => {
  const { raw, sink, broker } = await brokerHarness({
    limits: { messagesPerSecond: 100, messagesBurst: 10, ackDelayMsMax: 5_000 },
  })
  const gateway = await raw()
  await gateway.login('G1')
  const ids = Array.from({ length: 40 }, (_, index) => index + 1)
  const startedAt = performance.now()
  gateway.send(...ids.map((id) => reading(id)))
  const acked: unknown[] = []
  for (const _ of ids) acked.push(await gateway.next('puback'))
  const tookMs = performance.now() - startedAt
  expect(acked).toMatchObject(ids.map((messageId) => ({ messageId })))
  expect(sink.deliveries.map(({ packetId }) => packetId)).toEqual(ids)
  // Thirty messages beyond the burst at a hundred a second.
  expect(tookMs).toBeGreaterThan(250)
  expect(broker.counters()).toMatchObject({ publishesDelayed: 30, sessionsRateLimited: 0 })
})

test('far over its rate its session ends, and it is turned away for a while; others are not', async () => {
  const { raw, sink, refusals, presences, broker } = await brokerHarness({
    limits: {
      messagesPerSecond: 100,
      messagesBurst: 10,
      ackDelayMsMax: 200,
      rateCooldownMsMin: 1_500,
      rateCooldownMsMax: 2_000,
    },
  })
  const gateway = await raw()
  await gateway.login('G1')
  gateway.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'heating/v1/G1/errors', qos: 0 }] })
  await gateway.next('suback')
  gateway.send(...Array.from({ length: 100 }, (_, index) => reading(index + 1)))
  const told = (await gateway.next('publish')) as IPublishPacket
  expect(JSON.parse(String(told.payload))).toMatchObject({ code: 'rate_limit' })
  await gateway.closed
  const acks = gateway.packets.filter(({ cmd }) => cmd === 'puback')
  // What was not stored was not acked.
  expect(acks.length).toBeLessThanOrEqual(sink.deliveries.length)
  expect(sink.deliveries.length).toBeLessThan(100)

  const turnedAway = await raw()
  expect(await turnedAway.login('G1')).toMatchObject({ returnCode: 3 })
  const other = await raw()
  expect(await other.login('G2')).toMatchObject({ returnCode: 0 })
  expect(refusals).toMatchObject([
    { clientId: 'G1', action: 'publish', reason: 'rate_limit' },
    { clientId: 'G1', action: 'connect', reason: 'rate_limit' },
  ])
  expect(presences).toContainEqual(expect.objectContaining({ id: 'G1', state: 'offline', cause: 'rate_limit' }))
  expect(broker.counters()).toMatchObject({ sessionsRateLimited: 1 })
  let returnCode: number | undefined
  while (returnCode !== 0) {
    const later = await raw()
    const answer = await later.login('G1')
    returnCode = 'returnCode' in answer ? answer.returnCode : undefined
  }
})

test('a large publish counts as several', async () => {
  const { raw, broker } = await brokerHarness({
    limits: { messagesPerSecond: 1_000, messagesBurst: 10, messageBytes: 100 },
  })
  const gateway = await raw()
  await gateway.login('G1')
  gateway.send(reading(1, { payload: Buffer.alloc(2_000) }))
  await gateway.next('puback')
  expect(broker.counters()).toMatchObject({ publishesDelayed: 1 })
})

test('subscriptions of one session are bounded', async () => {
  const { client, refusals } = await brokerHarness({ limits: { subscriptionsPerSessionMax: 2 } }, [
    serviceIdentity('S1', { subscribe: ['x/#'] }),
  ])
  const reader = await client('S1')
  await reader.subscribeAsync(['x/1', 'x/2'])
  await expect(reader.subscribeAsync('x/3')).rejects.toThrow()
  await reader.unsubscribeAsync('x/1')
  await reader.subscribeAsync('x/3')
  expect(refusals.map(({ topic, reason }) => [topic, reason])).toEqual([['x/3', 'too_many_subscriptions']])
})

test('half-finished QoS 2 handshakes are bounded', async () => {
  const { raw, sink } = await brokerHarness({ limits: { qos2InFlightMax: 3 } })
  const gateway = await raw()
  await gateway.login('G1')
  gateway.send(...[1, 2, 3, 4].map((id) => reading(id, { qos: 2 })))
  await gateway.closed
  await until(() => sink.deliveries.length === 4, 'what was handed over')
  expect(gateway.packets.filter(({ cmd }) => cmd === 'pubrec').length).toBeLessThanOrEqual(3)
})
