import { hash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet'
import { onTestFinished } from 'vitest'
import { type Broker, type BrokerOptions, startBroker } from '../../broker/broker.ts'
import type { Accepted, Delivery } from '../../domain/delivery.ts'
import type { MqttIdentity, Presence, Refusal } from '../../domain/identity.ts'

/** A time in January, so that a test notices when the machine's clock gets into a record. */
export const cityNow = Date.UTC(2026, 0, 15, 18)

export const secretOf = (id: string) => `secret-of-${id}`
export const sha256 = (secret: string) => hash('sha256', secret)

export const gatewayIdentity = (id: string, grants: Partial<MqttIdentity> = {}): MqttIdentity => ({
  id,
  kind: 'gateway',
  secrets: [{ sha256: sha256(secretOf(id)) }],
  publish: [],
  subscribe: [],
  ...grants,
})

export const serviceIdentity = (id: string, grants: Partial<MqttIdentity>): MqttIdentity =>
  gatewayIdentity(id, { kind: 'service', ...grants })

/** A sink whose acceptance is in the test's hand. */
function handSink() {
  const deliveries: Delivery[] = []
  const waiting: Accepted[] = []
  let automatic = true
  return {
    deliveries,
    waiting,
    accept(delivery: Delivery, accepted: Accepted) {
      deliveries.push({ ...delivery, payload: Buffer.from(delivery.payload) })
      if (automatic) setImmediate(accepted)
      else waiting.push(accepted)
    },
    /** From now on acceptance waits for `release`. */
    hold() {
      automatic = false
    },
    release(error?: Error) {
      for (const accepted of waiting.splice(0)) accepted(error)
    },
  }
}

interface Harness {
  readonly broker: Broker
  readonly sink: ReturnType<typeof handSink>
  readonly refusals: Refusal[]
  readonly presences: Presence[]
  readonly port: number
  client(id: string, options?: IClientOptions): Promise<MqttClient>
  raw(): Promise<RawClient>
  /** Ends what is still open; the end of the test does, too. */
  close(): Promise<void>
}

/** A broker on a free port of loopback with gateways G1 and G2 and the service account S1, and clients for it. */
export async function brokerHarness(
  options: Partial<BrokerOptions> = {},
  identities: readonly MqttIdentity[] = [
    gatewayIdentity('G1'),
    gatewayIdentity('G2'),
    serviceIdentity('S1', { subscribe: ['heating/v1/#'], publish: ['heating/v1/+/commands', 'heating/v1/alerts/+'] }),
  ],
  identitiesKnown = true,
): Promise<Harness> {
  const sink = handSink()
  const refusals: Refusal[] = []
  const presences: Presence[] = []
  const broker = await startBroker({
    sink,
    clock: { now: () => cityNow },
    listen: { tcp: { host: '127.0.0.1', port: 0 } },
    allowPlaintext: false,
    onRefusal: (refusal) => refusals.push(refusal),
    onPresence: (presence) => presences.push(presence),
    log: { info() {}, warn() {} },
    ...options,
  })
  if (identitiesKnown) broker.setIdentities(identities)
  const port = broker.addresses.tcp?.port ?? 0
  const clients: MqttClient[] = []
  const raws: RawClient[] = []
  const close = async () => {
    for (const client of clients) client.end(true)
    for (const raw of raws) raw.stream.destroy()
    await broker.close()
  }
  onTestFinished(close)
  return {
    broker,
    sink,
    refusals,
    presences,
    port,
    async client(id, clientOptions = {}) {
      const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
        clientId: id,
        username: id,
        password: secretOf(id),
        reconnectPeriod: 0,
        ...clientOptions,
      })
      client.on('error', () => {})
      clients.push(client)
      return client
    },
    async raw() {
      const socket = connectTcp(port, '127.0.0.1')
      await once(socket, 'connect')
      const raw = rawClient(socket)
      raws.push(raw)
      return raw
    },
    close,
  }
}

interface RawClient {
  readonly stream: Duplex
  /** All packets received so far. */
  readonly packets: Packet[]
  /** All in one segment, so that they arrive together. */
  send(...packets: readonly Packet[]): void
  bytes(bytes: Uint8Array): void
  /** The next packet of a kind that was not asked for before; fails when the connection ends first. */
  next(cmd: Packet['cmd']): Promise<Packet>
  login(id: string, more?: Partial<IConnectPacket>): Promise<Packet>
  readonly closed: Promise<void>
}

/** Speaks MQTT byte by byte, for what a well-behaved client never does. */
function rawClient(stream: Duplex | Socket): RawClient {
  const packets: Packet[] = []
  const unread: Packet[] = []
  const waiting = new Set<() => void>()
  const decoder = parser()
  let isClosed = false
  const wake = () => {
    for (const check of [...waiting]) check()
  }
  decoder.on('packet', (packet) => {
    packets.push(packet)
    unread.push(packet)
    wake()
  })
  stream.on('data', (chunk: Buffer) => decoder.parse(chunk))
  stream.on('error', () => {})
  const closed = new Promise<void>((resolve) => {
    stream.once('close', () => {
      isClosed = true
      resolve()
      wake()
    })
  })
  const client: RawClient = {
    stream,
    packets,
    closed,
    send: (...sent) => stream.write(Buffer.concat(sent.map((packet) => generate(packet)))),
    bytes: (bytes) => stream.write(bytes),
    next: (cmd) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const at = unread.findIndex((packet) => packet.cmd === cmd)
          const [found] = at === -1 ? [] : unread.splice(at, 1)
          if (found === undefined && !isClosed) return
          waiting.delete(check)
          if (found === undefined) reject(new Error(`the connection ended before a ${cmd} came`))
          else resolve(found)
        }
        waiting.add(check)
        check()
      }),
    login(id, more = {}) {
      client.send({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 60,
        clientId: id,
        username: id,
        password: Buffer.from(secretOf(id)),
        ...more,
      })
      return client.next('connack')
    },
  }
  return client
}

/** Far more than anything takes: tests share the processor with others. */
const untilMsMax = 30_000

/** Waits until something is true, looking again in every turn of the event loop. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + untilMsMax
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
