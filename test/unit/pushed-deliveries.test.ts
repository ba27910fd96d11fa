import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Accepted, Delivery } from '#domain/delivery.ts'
import { type DeliveryDoor, deliverToEdges, takeDeliveries } from '../../commands/pushed-deliveries.ts'

const secret = 'a secret, with a blank and 暖'
const delivery = { gateway: 'GW-1', topic: 'push/联通 1', payload: Buffer.from([0, 255, 10]) }

/** An edge that has accepted what is in the list, and acks when the test does. */
async function startEdge(
  changes: Partial<DeliveryDoor> & { readonly isStarting?: boolean } = {},
  keptWithinMs?: number,
) {
  const accepted: { delivery: Delivery; accepted: Accepted }[] = []
  const door: DeliveryDoor = {
    sink: { accept: (taken, ack) => void accepted.push({ delivery: taken, accepted: ack }) },
    now: () => 1_768_474_800_000,
    isApi: (shown) => shown === secret,
    takes: () => true,
    ...changes,
  }
  const pushed = takeDeliveries(() => (changes.isStarting ? undefined : door), keptWithinMs)
  const server = createServer((request, response) => void pushed.answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, accepted, counters: pushed.counters }
}

test('a delivery comes to the journal as it was pushed, and the answer waits until it is durable', async () => {
  const edge = await startEdge()
  let isDone = false
  const done = deliverToEdges([edge.url], secret, delivery).then(() => {
    isDone = true
  })
  await expect.poll(() => edge.accepted.length).toBe(1)
  const [one] = edge.accepted
  expect(one?.delivery).toEqual({
    ...delivery,
    qos: 1,
    dup: false,
    retain: false,
    packetId: 0,
    receivedAt: 1_768_474_800_000,
  })
  expect(edge.counters()).toMatchObject({ pushesWaiting: 1, pushesKept: 0 })
  expect(isDone).toBe(false)
  one?.accepted()
  await done
  expect(edge.counters()).toEqual({ pushesWaiting: 0, pushesKept: 1, pushesWithheld: 0 })
})

test('while the journal withholds, the answer says so in time', async () => {
  const edge = await startEdge({}, 50)
  await expect(deliverToEdges([edge.url], secret, delivery)).rejects.toThrow('the journal withholds')
  expect(edge.counters()).toEqual({ pushesWaiting: 0, pushesKept: 0, pushesWithheld: 1 })
  // The disk has room at last: nobody waits for it any more.
  edge.accepted[0]?.accepted()
})

test('what the journal refuses was not kept', async () => {
  const edge = await startEdge({
    sink: { accept: (_delivery, accepted) => accepted(new Error('the journal is closed')) },
  })
  await expect(deliverToEdges([edge.url], secret, delivery)).rejects.toThrow('the journal is closed')
})

test('nobody but the api delivers here, and nothing comes in before the edge runs or for another worker', async () => {
  const edge = await startEdge()
  await expect(deliverToEdges([edge.url], 'another', delivery)).rejects.toThrow('only the api')
  const starting = await startEdge({ isStarting: true })
  await expect(deliverToEdges([starting.url], secret, delivery)).rejects.toThrow('the edge is starting')
  const other = await startEdge({ takes: () => false })
  await expect(deliverToEdges([other.url], secret, delivery)).rejects.toThrow('belongs to a worker that')
  const large = { ...delivery, payload: Buffer.alloc(300_000) }
  await expect(deliverToEdges([edge.url], secret, large)).rejects.toThrow('at most 262144 bytes')
  expect([edge, starting, other].flatMap(({ accepted }) => accepted)).toEqual([])
})

test('a delivery goes to the worker whose gateway it is of', async () => {
  const first = await startEdge({ takes: () => false })
  const second = await startEdge({ sink: { accept: (_delivery, accepted) => accepted() } })
  await deliverToEdges([first.url, second.url], secret, delivery)
  expect(first.accepted).toEqual([])
  expect(second.counters()).toMatchObject({ pushesKept: 1 })
})

test('no more wait for the disk at once than there is memory for', async () => {
  const edge = await startEdge()
  const answers = Array.from({ length: 300 }, () =>
    deliverToEdges([edge.url], secret, delivery).then(
      () => 'kept',
      (error: Error) => error.message,
    ),
  )
  await expect.poll(() => edge.counters().pushesWithheld).toBe(100)
  await expect.poll(() => edge.accepted.length).toBe(200)
  for (const { accepted } of edge.accepted) accepted()
  const outcomes = Map.groupBy(await Promise.all(answers), (answer) => answer)
  expect([...outcomes].map(([answer, all]) => [answer, all.length]).sort()).toEqual([
    ['kept', 200],
    ['too many pushes wait for the disk', 100],
  ])
  expect(edge.counters()).toEqual({ pushesWaiting: 0, pushesKept: 200, pushesWithheld: 100 })
})
