import { generate, type IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { brokerHarness, cityNow, until } from '../support/broker-harness.ts'

const reading = (messageId: number, dup = false): IPublishPacket => ({
  cmd: 'publish',
  topic: 'heating/v1/G1/readings',
  payload: 'x',
  qos: 1,
  messageId,
  dup,
  retain: false,
})

test('a publish reaches the sink with its circumstances', async () => {
  const { sink, client } = await brokerHarness()
  const gateway = await client('G1')
  await gateway.publishAsync('heating/v1/G1/readings', '[1]', { qos: 1, retain: true })
  expect(sink.deliveries).toEqual([
    {
      gateway: 'G1',
      topic: 'heating/v1/G1/readings',
      payload: Buffer.from('[1]'),
      qos: 1,
      dup: false,
      retain: true,
      packetId: expect.any(Number),
      receivedAt: cityNow,
    },
  ])
  expect(sink.deliveries[0]?.packetId).toBeGreaterThan(0)
})

test('the PUBACK leaves only after the delivery was accepted, and in the order of publishing', async () => {
  const { sink, raw } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  sink.hold()
  gateway.send(...[7, 8, 9].map((messageId) => reading(messageId)))
  await until(() => sink.waiting.length === 3, 'three deliveries at the sink')
  gateway.send({ cmd: 'pingreq' })
  // The three are not acked yet, so aedes has not read on; nothing at all may have come back.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(gateway.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
  sink.release()
  for (const messageId of [7, 8, 9]) expect(await gateway.next('puback')).toMatchObject({ messageId })
  await gateway.next('pingresp')
})

test('what could not be stored is never acked: after a while the connection ends, and the same comes again', async () => {
  const heldMs = 300
  const { sink, presences, raw } = await brokerHarness({ limits: { notKeptEndMsMin: heldMs, notKeptEndMsMax: heldMs } })
  const gateway = await raw()
  await gateway.login('G1')
  sink.hold()
  gateway.send(reading(7))
  await until(() => sink.waiting.length === 1, 'the delivery at the sink')
  const refusedMs = performance.now()
  sink.release(new Error('disk full'))
  gateway.send(reading(8))
  await gateway.closed
  expect(performance.now() - refusedMs).toBeGreaterThan(heldMs - 1)
  expect(gateway.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
  expect(sink.deliveries).toHaveLength(1)
  await until(() => presences.length === 2, 'the end of the session')
  expect(presences.at(-1)).toMatchObject({ state: 'offline', cause: 'delivery_failed' })

  const again = await raw()
  await again.login('G1')
  again.send(reading(7, true))
  await until(() => sink.waiting.length === 1, 'the delivery at the sink again')
  sink.release()
  expect(await again.next('puback')).toMatchObject({ messageId: 7 })
  expect(sink.deliveries.at(-1)).toMatchObject({ dup: true, packetId: 7 })
})

test('a publish outside its own topics is acked, passed on to nobody, and kept as a refusal', async () => {
  const { sink, client, refusals, broker } = await brokerHarness()
  const reader = await client('S1')
  const seen: string[] = []
  reader.on('message', (topic) => seen.push(topic))
  await reader.subscribeAsync('heating/v1/#', { qos: 1 })
  const gateway = await client('G1')
  const told: unknown[] = []
  gateway.on('message', (_topic, payload) => told.push(JSON.parse(payload.toString())))
  await gateway.subscribeAsync('heating/v1/G1/errors', { qos: 1 })

  await gateway.publishAsync('heating/v1/G2/readings', 'x', { qos: 1 })
  await gateway.publishAsync('heating/v1/alerts/north', 'x', { qos: 2 })
  await gateway.publishAsync('$SYS/x', 'x', { qos: 1 })
  await gateway.publishAsync('heating/v1/G1/status', 'fine', { qos: 1 })

  await until(() => seen.includes('heating/v1/G1/status'), 'the allowed message at the reader')
  await until(() => told.length === 2, 'two error reports')
  expect(seen.filter((topic) => !topic.endsWith('/errors'))).toEqual(['heating/v1/G1/status'])
  expect(sink.deliveries.map(({ topic }) => topic)).toEqual(['heating/v1/G1/status'])
  expect(gateway.connected).toBe(true)
  expect(refusals).toEqual([
    {
      at: cityNow,
      clientId: 'G1',
      address: '127.0.0.1',
      action: 'publish',
      topic: 'heating/v1/G2/readings',
      reason: 'topic_not_own',
    },
    { at: cityNow, clientId: 'G1', address: '127.0.0.1', action: 'publish', topic: '$SYS/x', reason: 'topic_reserved' },
  ])
  expect(broker.counters()).toMatchObject({ publishesRefused: 3, refusals: 3, refusalsUnreported: 1 })
  expect(told[0]).toMatchObject({ code: 'topic_not_own', topic: 'heating/v1/G2/readings' })
})

test('a packet that arrives in many segments while acks are awaited is read to its end', async () => {
  const { sink, raw } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  sink.hold()
  gateway.send(reading(1))
  await until(() => sink.waiting.length === 1, 'the first delivery')
  const bytes = generate({ ...reading(2), payload: Buffer.alloc(500_000, 'x') })
  for (let at = 0; at < bytes.length; at += 10_000) {
    gateway.bytes(bytes.subarray(at, at + 10_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  sink.release()
  await gateway.next('puback')
  await until(() => sink.waiting.length === 1, 'the second delivery')
  sink.release()
  expect(await gateway.next('puback')).toMatchObject({ messageId: 2 })
  expect(sink.deliveries[1]?.payload).toHaveLength(500_000)
})
