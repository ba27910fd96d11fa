import { once } from 'node:events'
import { connect, createServer, Server } from 'node:net'
import { connectAsync, type IClientOptions } from 'mqtt'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { brokerHarness, secretOf } from '../support/broker-harness.ts'
import { testCertificate as cert, testKey as key } from '../support/test-certificate.ts'

const originalListen = Server.prototype.listen
const here = { host: '127.0.0.1', port: 0 }

test.each([
  ['tcp', 'mqtt', ''],
  ['tls', 'mqtts', ''],
  ['websocket', 'ws', '/mqtt'],
  ['secureWebsocket', 'wss', '/mqtt'],
] as const)('a reading gets through over %s', async (kind, protocol, path) => {
  const secure = kind === 'tls' || kind === 'secureWebsocket'
  const { broker, sink, presences } = await brokerHarness({
    listen: { [kind]: secure ? { ...here, key, cert } : here },
  })
  const options: IClientOptions & { ca: string } = {
    clientId: 'G1',
    username: 'G1',
    password: secretOf('G1'),
    reconnectPeriod: 0,
    ca: cert,
  }
  const client = await connectAsync(`${protocol}://localhost:${broker.addresses[kind]?.port}${path}`, options)
  await client.publishAsync('heating/v1/G1/readings', Buffer.alloc(200_000, '1'), { qos: 1 })
  await client.publishAsync('heating/v1/G1/readings', '2', { qos: 1 })
  await client.endAsync()
  expect(sink.deliveries.map(({ payload }) => payload.length)).toEqual([200_000, 1])
  expect(presences[0]).toMatchObject({ id: 'G1', address: '127.0.0.1' })
})

test.each(['tls', 'secureWebsocket'] as const)('%s speaks TLS only', async (kind) => {
  const { broker, refusals } = await brokerHarness({ listen: { [kind]: { ...here, key, cert } } })
  const plain = connect(broker.addresses[kind]?.port ?? 0, '127.0.0.1')
  plain.on('error', () => {})
  plain.write('this is no ClientHello\r\n\r\n')
  plain.resume()
  await new Promise<void>((resolve) => plain.once('close', () => resolve()))
  expect(broker.counters()).toMatchObject({ tlsErrors: 1, connections: 0 })
  expect(refusals).toMatchObject([{ reason: 'tls_failed', address: '127.0.0.1' }])
})

test('a WebSocket frame over the limit and another path are refused', async () => {
  const { broker } = await brokerHarness({
    listen: { websocket: here },
    limits: { packetBytesMax: 1_000, connectBytesMax: 1_000 },
  })
  const url = `ws://127.0.0.1:${broker.addresses.websocket?.port}`
  const wrong = new WebSocket(`${url}/elsewhere`, 'mqtt')
  const [error] = await once(wrong, 'error')
  expect(String(error)).toContain('404')
  const large = new WebSocket(`${url}/mqtt`, 'mqtt')
  await once(large, 'open')
  expect(large.protocol).toBe('mqtt')
  large.send(Buffer.alloc(3_000))
  const [code] = await once(large, 'close')
  expect(code).toBe(1009)
  const page = await fetch(`http://127.0.0.1:${broker.addresses.websocket?.port}/`)
  expect(page.status).toBe(426)
})

test.each(['tcp', 'websocket'] as const)('%s beyond loopback needs to be allowed', async (kind) => {
  await expect(brokerHarness({ listen: { [kind]: { host: '0.0.0.0', port: 0 } } })).rejects.toMatchObject({
    code: 'plaintext_not_allowed',
  })
  await expect(brokerHarness({ listen: { [kind]: { host: '192.0.2.1', port: 0 } } })).rejects.toMatchObject({
    code: 'plaintext_not_allowed',
  })
})

test('a connection that the system could not accept ends nothing', async () => {
  const listening: Server[] = []
  const listen = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
    listening.push(this)
    return Reflect.apply(originalListen, this, args)
  })
  onTestFinished(() => listen.mockRestore())
  const { raw } = await brokerHarness()
  for (const server of listening) {
    server.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS', syscall: 'accept' }))
  }
  const gateway = await raw()
  expect(await gateway.login('G1')).toMatchObject({ returnCode: 0 })
})

test('a port that is taken is said so, also by another of our kind', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  await expect(brokerHarness({ listen: { tcp: { host: '127.0.0.1', port } } })).rejects.toMatchObject({
    code: 'broker_listen_failed',
    cause: { code: 'EADDRINUSE' },
  })
  other.close()
  const ours = await brokerHarness()
  await expect(brokerHarness({ listen: { tcp: { host: '127.0.0.1', port: ours.port } } })).rejects.toMatchObject({
    code: 'broker_listen_failed',
  })
})
