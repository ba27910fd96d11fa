import { expect, test } from 'vitest'
import { brokerHarness, until } from '../support/broker-harness.ts'

const will = { topic: 'heating/v1/G1/status', payload: Buffer.from('gone'), qos: 1, retain: true } as const

test('a will is journaled and passed on when the connection is lost, and not after a DISCONNECT', async () => {
  const { client, raw, sink } = await brokerHarness()
  const reader = await client('S1')
  const seen: string[] = []
  reader.on('message', (topic, payload) => seen.push(`${topic} ${payload}`))
  await reader.subscribeAsync('heating/v1/+/status')

  const polite = await raw()
  await polite.login('G1', { will })
  polite.send({ cmd: 'disconnect' })
  await polite.closed
  const lost = await raw()
  await lost.login('G1', { will })
  lost.stream.destroy()
  await until(() => seen.length === 1, 'the will at the reader')
  expect(seen).toEqual(['heating/v1/G1/status gone'])
  expect(sink.deliveries).toMatchObject([
    { gateway: 'G1', topic: 'heating/v1/G1/status', packetId: 0, qos: 1, retain: true },
  ])
})

test('a session that is re-established has the will of its newest CONNECT, judged anew', async () => {
  const { raw, sink, refusals } = await brokerHarness()
  const first = await raw()
  await first.login('G1', { clean: false, will })
  const bad = await raw()
  expect(await bad.login('G1', { clean: false, will: { ...will, topic: 'heating/v1/G2/status' } })).toMatchObject({
    returnCode: 5,
  })
  expect(refusals).toMatchObject([{ reason: 'will_topic_not_own' }])
  // The refused one did not end the session that was there.
  first.send({ cmd: 'pingreq' })
  await first.next('pingresp')

  const second = await raw()
  await second.login('G1', { clean: false })
  await first.closed
  await until(() => sink.deliveries.length === 1, 'the will of the session that was taken over')
  second.stream.destroy()
  const third = await raw()
  await third.login('G1', { clean: false, will: { ...will, payload: Buffer.from('third') } })
  third.stream.destroy()
  await until(() => sink.deliveries.length === 2, 'the will of the third')
  expect(sink.deliveries.map(({ payload }) => String(payload))).toEqual(['gone', 'third'])
})

test('our own stop publishes no wills', async () => {
  const { raw, sink, broker } = await brokerHarness()
  const gateway = await raw()
  await gateway.login('G1', { will })
  await broker.close()
  await gateway.closed
  expect(sink.deliveries).toEqual([])
})
