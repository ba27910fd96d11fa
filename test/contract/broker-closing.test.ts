import { connect } from 'node:net'
import type { IPublishPacket } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { brokerHarness, until } from '../support/broker-harness.ts'

const reading = (messageId: number): IPublishPacket => ({
  cmd: 'publish',
  topic: 'heating/v1/G1/readings',
  payload: 'x',
  qos: 1,
  messageId,
  dup: false,
  retain: false,
})

test('closing lets the acks of what was accepted leave, and takes nothing more', async () => {
  const { broker, raw, sink, port } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  const idle = await raw()
  sink.hold()
  gateway.send(reading(1), reading(2), reading(3))
  await until(() => sink.waiting.length === 3, 'three deliveries')
  const closing = broker.close()
  gateway.send(reading(4))
  const late = connect(port, '127.0.0.1')
  late.on('error', () => {})
  await new Promise<void>((resolve) => late.once('close', () => resolve()))
  expect(sink.deliveries).toHaveLength(3)
  sink.release()
  for (const messageId of [1, 2, 3]) expect(await gateway.next('puback')).toMatchObject({ messageId })
  await gateway.closed
  await idle.closed
  await closing
  expect(sink.deliveries).toHaveLength(3)
  await broker.close()
})

test('closing does not wait for ever for a sink that does not answer, and acks nothing then', async () => {
  const { broker, raw, sink } = await brokerHarness({ limits: { closeMs: 100 } })
  const gateway = await raw()
  await gateway.login('G1')
  sink.hold()
  gateway.send(reading(1))
  await until(() => sink.waiting.length === 1, 'a delivery')
  await broker.close()
  await gateway.closed
  sink.release()
  expect(gateway.packets.map(({ cmd }) => cmd)).toEqual(['connack'])
})

test('closing ends at once a session that was held because its delivery could not be kept', async () => {
  const { broker, sink, presences, raw } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1')
  sink.hold()
  gateway.send(reading(7))
  await until(() => sink.waiting.length === 1, 'the delivery at the sink')
  sink.release(new Error('disk full'))
  const begunMs = performance.now()
  await broker.close()
  await gateway.closed
  expect(performance.now() - begunMs).toBeLessThan(5_000)
  expect(presences.at(-1)).toMatchObject({ state: 'offline', cause: 'delivery_failed' })
})
