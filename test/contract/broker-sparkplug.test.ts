import { expect, test } from 'vitest'
import { brokerHarness, gatewayIdentity, until } from '../support/broker-harness.ts'

test('a Sparkplug node registers its death, hears what is asked of it, and its death is journaled when it is lost', async () => {
  const harness = await brokerHarness({}, [gatewayIdentity('G1', { publish: ['spBv1.0/Heat/+/Edge/#'] })])
  const node = await harness.raw()
  const death = Buffer.from([18, 0])
  const answer = await node.login('G1', {
    will: { topic: 'spBv1.0/Heat/NDEATH/Edge', payload: death, qos: 1, retain: false },
  })
  expect(answer).toMatchObject({ returnCode: 0 })
  const filters = ['spBv1.0/Heat/NCMD/Edge/#', 'spBv1.0/Heat/DCMD/Edge/#', 'spBv1.0/Heat/NCMD/Other']
  const subscriptions = filters.map((topic) => ({ topic, qos: 0 as const }))
  node.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  expect(await node.next('suback')).toMatchObject({ granted: [0, 0, 128] })

  const command = Buffer.from([8, 1, 0, 255])
  harness.broker.publish('spBv1.0/Heat/NCMD/Other', command)
  harness.broker.publish('spBv1.0/Heat/NCMD/Edge', command)
  expect(await node.next('publish')).toMatchObject({ topic: 'spBv1.0/Heat/NCMD/Edge', payload: command })

  node.send({ cmd: 'publish', topic: 'spBv1.0/Heat/NBIRTH/Edge', payload: death, qos: 0, dup: false, retain: false })
  await until(() => harness.sink.deliveries.length === 1, 'the birth')
  node.stream.destroy()
  await until(() => harness.sink.deliveries.length === 2, 'the death')
  expect(harness.sink.deliveries).toMatchObject([
    { gateway: 'G1', topic: 'spBv1.0/Heat/NBIRTH/Edge', qos: 0 },
    { gateway: 'G1', topic: 'spBv1.0/Heat/NDEATH/Edge', qos: 1, payload: death },
  ])
})
