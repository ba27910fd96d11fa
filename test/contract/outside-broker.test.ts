import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasMosquitto, type MosquittoSettings, startMosquitto } from '../support/mosquitto-server.ts'
import { openOutside, outsideDirectory, publisher, until } from '../support/outside-harness.ts'
import { testCertificate } from '../support/test-certificate.ts'

const suite = 'deliveries through an outside broker'
const readings = (gateway: string) => `heating/v1/${gateway}/readings`
const texts = (deliveries: readonly { payload: Uint8Array }[]) =>
  deliveries.map(({ payload }) => Buffer.from(payload).toString())

async function mosquitto(settings?: MosquittoSettings) {
  const server = await startMosquitto(settings)
  onTestFinished(() => server.remove())
  return server
}

describe.skipIf(!hasMosquitto(suite))(suite, () => {
  test('come with the gateway that their topic names, and with their circumstances', async () => {
    const server = await mosquitto()
    const outside = await openOutside({ target: server })
    await outside.subscribed()
    const client = await publisher(server.url)
    await client.publishAsync(readings('G1'), 'one', { qos: 1 })
    await client.publishAsync('heating/v1/G2/senml', 'two', { qos: 0 })
    await client.publishAsync(readings('stranger'), 'three', { qos: 1 })
    await client.publishAsync('heating/v1/G2/status', 'four', { qos: 2 })
    await outside.came(3)
    expect(outside.deliveries).toMatchObject([
      { gateway: 'G1', topic: readings('G1'), qos: 1, dup: false, retain: false },
      { gateway: 'G2', topic: 'heating/v1/G2/senml', qos: 0, packetId: 0 },
      { gateway: 'G2', topic: 'heating/v1/G2/status', qos: 1 },
    ])
    expect(texts(outside.deliveries)).toEqual(['one', 'two', 'four'])
    await until(
      () => outside.counter('deliveriesAccepted') === 3,
      () => JSON.stringify(outside.broker.counters()),
    )
    expect(outside.broker.counters()).toMatchObject({ deliveriesReceived: 3, deliveriesWithoutPromise: 1 })
  })

  test('come without waiting for those before them, and are acked in order when they are durable', async () => {
    const server = await mosquitto()
    const directory = await outsideDirectory()
    const outside = await openOutside({ target: server, directory, hold: true })
    await outside.subscribed()
    const client = await publisher(server.url)
    const numbers = Array.from({ length: 500 }, (_, index) => String(index))
    await Promise.all(numbers.map((number) => client.publishAsync(readings('G1'), number, { qos: 1 })))
    // Many more than the twenty that Mosquitto has under way at once unless it is told.
    await outside.came(500)
    expect(texts(outside.deliveries)).toEqual(numbers)
    // All but the first are durable: none of them may be acked before it.
    outside.release(numbers.slice(1).map(Number))
    await outside.broker.close()

    const again = await openOutside({ target: server, directory })
    await again.came(500)
    expect(texts(again.deliveries)).toEqual(numbers)
    expect(again.deliveries.every(({ dup }) => dup)).toBe(true)
    expect(again.deliveries.map(({ packetId }) => packetId)).toEqual(outside.deliveries.map(({ packetId }) => packetId))
  })

  test('that are not stored are not acked, and come again', async () => {
    const server = await mosquitto()
    const outside = await openOutside({ target: server, hold: true })
    await outside.subscribed()
    const client = await publisher(server.url)
    await client.publishAsync(readings('G1'), 'one', { qos: 1 })
    await outside.came(1)
    outside.release(undefined, new Error('the disk is full'))
    await outside.came(2)
    expect(outside.deliveries[1]).toMatchObject({ dup: true })
    outside.release()
    await until(
      () => outside.counter('deliveriesAccepted') === 1,
      () => 'accepted',
    )
    expect(outside.broker.counters()).toMatchObject({ deliveriesFailed: 1, deliveriesResent: 1 })
  })

  test('that came while nobody read them come at the next start, once', async () => {
    const server = await mosquitto()
    const directory = await outsideDirectory()
    const first = await openOutside({ target: server, directory })
    await first.subscribed()
    await first.broker.close()
    const client = await publisher(server.url)
    for (const number of ['1', '2', '3']) await client.publishAsync(readings('G2'), number, { qos: 1 })
    const second = await openOutside({ target: server, directory })
    await second.came(3)
    await second.subscribed()
    await second.broker.close()
    const third = await openOutside({ target: server, directory })
    await third.subscribed()
    expect(texts(second.deliveries)).toEqual(['1', '2', '3'])
    expect(third.deliveries).toEqual([])
  })

  test('survive a restart of the broker', async () => {
    const server = await mosquitto()
    const outside = await openOutside({ target: server, hold: true })
    await outside.subscribed()
    const client = await publisher(server.url)
    await client.publishAsync(readings('G1'), 'before', { qos: 1 })
    await outside.came(1)
    await server.stop()
    await until(
      () => outside.counter('connected') === 0,
      () => 'still connected',
    )
    expect(outside.broker.notReady()[0]).toMatch(/is not connected since .*T.*Z: /)
    outside.release()
    await server.start()
    await outside.came(2)
    // Our ack could not reach it any more: the repeat says so.
    expect(outside.deliveries[1]).toMatchObject({ gateway: 'G1', dup: true })
    await outside.subscribed()
    const later = await publisher(server.url)
    await later.publishAsync(readings('G1'), 'after', { qos: 1 })
    await outside.came(3)
    outside.release()
    expect(texts(outside.deliveries)).toEqual(['before', 'before', 'after'])
    expect(outside.counter('connects')).toBe(2)
    expect(outside.broker.notReady()).toEqual([])
  })

  test('a session that the broker has lost is said loudly', async () => {
    const server = await mosquitto()
    const directory = await outsideDirectory()
    const first = await openOutside({ target: server, directory })
    await first.subscribed()
    await first.broker.close()
    // Whoever connects with a clean session ends the one that was kept, as a broker does that lost its disk.
    const cleared = await publisher(server.url, { clientId: 'warmcity-test', clean: true })
    await cleared.endAsync()
    const second = await openOutside({ target: server, directory })
    await second.subscribed()
    expect(second.counter('sessionsLost')).toBe(1)
    expect(second.logged.join('\n')).toContain('has no session of ours any more')
  })

  test('a wrong password is told, and tried again until it is right', async () => {
    const users = { ingest: 'right', gateway: 'g' }
    const server = await mosquitto({ users })
    const outside = await openOutside({ target: { url: server.url, user: 'ingest', password: 'wrong' } })
    await until(
      () => outside.logged.length > 0,
      () => 'nothing was logged',
    )
    expect(outside.broker.notReady().join()).toContain('the broker refuses us: not authorized')
    expect(outside.logged).toHaveLength(1)
    await server.stop()
    server.configure({ users: { ...users, ingest: 'wrong' } })
    await server.start()
    await outside.subscribed()
    expect(outside.broker.notReady()).toEqual([])
  })

  test('TLS is used, and a certificate that nobody vouches for is refused', async () => {
    const server = await mosquitto({ tls: true })
    const trusting = await openOutside({ target: { url: server.url, tls: { ca: testCertificate } } })
    await trusting.subscribed()
    const client = await publisher(server.url, { ca: testCertificate })
    await client.publishAsync(readings('G1'), 'sealed', { qos: 1 })
    await trusting.came(1)
    const doubting = await openOutside({ target: { url: server.url, clientId: 'doubting' } })
    await until(
      () => doubting.logged.length > 0,
      () => 'nothing was logged',
    )
    expect(doubting.broker.notReady().join()).toContain('self-signed certificate')
  })

  test('a publish that is too large is skipped, told, and costs the others nothing', async () => {
    const server = await mosquitto()
    const outside = await openOutside({ target: server, limits: { packetBytesMax: 2_000 } })
    await outside.subscribed()
    const client = await publisher(server.url)
    const told: string[] = []
    client.on('message', (_topic, payload) => told.push(payload.toString()))
    await client.subscribeAsync('heating/v1/G1/errors', { qos: 1 })
    await client.publishAsync(readings('G1'), 'before', { qos: 1 })
    await client.publishAsync(readings('G1'), 'x'.repeat(500_000), { qos: 1 })
    await client.publishAsync(readings('G1'), 'after', { qos: 1 })
    await outside.came(2)
    expect(texts(outside.deliveries)).toEqual(['before', 'after'])
    expect(outside.refusals).toMatchObject([{ clientId: 'G1', reason: 'packet_too_large', topic: readings('G1') }])
    await until(
      () => told.length > 0,
      () => 'the gateway was told nothing',
    )
    expect(JSON.parse(told[0] ?? '')).toMatchObject({ code: 'packet_too_large', topic: readings('G1') })
    expect(outside.counter('connects')).toBe(1)
  })

  test('a retained reading is no news, a retained status is', async () => {
    const server = await mosquitto()
    const client = await publisher(server.url)
    await client.publishAsync(readings('G1'), 'yesterday', { qos: 1, retain: true })
    await client.publishAsync('heating/v1/G1/status', 'online', { qos: 1, retain: true })
    const outside = await openOutside({ target: server })
    await outside.came(1)
    expect(outside.deliveries).toMatchObject([{ topic: 'heating/v1/G1/status', retain: true }])
    await client.publishAsync(readings('G1'), 'today', { qos: 1, retain: true })
    await outside.came(2)
    expect(texts(outside.deliveries)).toEqual(['online', 'today'])
  })

  test('each worker hears its own gateways only, and follows the registry', async () => {
    const server = await mosquitto()
    const gateways = Array.from({ length: 40 }, (_, index) => `G${index}`)
    const topics = { gateways: gateways.slice(0, 30), foreign: [{ gateway: 'G7', topic: 'tele/seven/#' }] }
    const workers = await Promise.all(
      [1, 2, 3].map((worker) =>
        openOutside({
          ...{ target: { ...server, clientId: `worker-${worker}` }, topics },
          share: { worker, workers: 3 },
          limits: { filtersPerPacketMax: 7 },
        }),
      ),
    )
    await Promise.all(workers.map((worker) => worker.subscribed()))
    for (const { broker } of workers) broker.setTopics({ ...topics, gateways })
    await Promise.all(workers.map((worker) => worker.subscribed()))
    const client = await publisher(server.url)
    await Promise.all(gateways.map((gateway) => client.publishAsync(readings(gateway), gateway, { qos: 1 })))
    await client.publishAsync('tele/seven/SENSOR', 'G7', { qos: 1 })
    const count = () => workers.reduce((sum, { deliveries }) => sum + deliveries.length, 0)
    await until(
      () => count() === 41,
      () => `${count()} deliveries came`,
    )
    const heard = workers.map(({ deliveries }) => new Set(deliveries.map(({ gateway }) => gateway)))
    expect(heard.every((set) => set.size > 5)).toBe(true)
    expect(heard.reduce((sum, set) => sum + set.size, 0)).toBe(40)
  })
})

/** A broker of 3.1.1 that lets a test say which subscriptions it denies. */
async function olderBroker(denies: (filter: string) => boolean = () => false): Promise<string> {
  const aedes = await Aedes.createBroker({
    authorizeSubscribe: (_client, subscription, callback) =>
      callback(null, denies(subscription.topic) ? null : subscription),
  })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    aedes.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    aedes.close()
    server.close()
  })
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a broker without MQTT 5 is spoken to in 3.1.1', async () => {
  const url = await olderBroker()
  const outside = await openOutside({ target: { url } })
  await outside.subscribed()
  const client = await publisher(url)
  await client.publishAsync(readings('G1'), 'old', { qos: 1 })
  await outside.came(1)
  expect(outside.logged[0]).toContain('"mqtt":"3.1.1"')
  expect(outside.counter('connectFailures')).toBe(0)
})

test('a denied subscription is told, and asked for again until it is granted', async () => {
  let isDenied = true
  const url = await olderBroker((filter) => isDenied && filter.includes('/G2/'))
  const outside = await openOutside({ target: { url }, limits: { deniedAgainMs: 50 } })
  const counters = () => JSON.stringify(outside.broker.counters())
  await until(() => outside.counter('subscriptionsDenied') === 3, counters)
  expect(outside.broker.notReady()).toEqual([
    'the outside broker denies 3 of 6 subscriptions, as heating/v1/G2/readings: denied with code 128',
  ])
  expect(outside.logged.join()).toContain('the outside broker denies subscriptions')
  expect(outside.counter('subscribed')).toBe(3)
  isDenied = false
  await outside.subscribed()
  expect(outside.broker.notReady()).toEqual([])
})
