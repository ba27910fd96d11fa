import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Packet, parser } from 'mqtt-packet'

/** What a broker has handed to a client, seen by one who stands between them and belongs to neither. */
export interface MqttWitness {
  /** Where the client connects to. */
  readonly url: string
  /** By payload: how often it was handed over as a new message, and whether the client acked it. */
  readonly handed: ReadonlyMap<string, Handed>
  /** Messages that came again with DUP because their ack had not arrived. */
  resent(): number
  close(): Promise<void>
}

export interface Handed {
  readonly times: number
  readonly acked: boolean
}

/** Passes everything on and reads along. Payloads have to be different for it to tell messages apart. */
export async function startMqttWitness(brokerPort: number): Promise<MqttWitness> {
  const handed = new Map<string, { times: number; acked: boolean }>()
  const sockets = new Set<Socket>()
  let resent = 0

  function watch(client: Socket): void {
    const broker = connect(brokerPort, '127.0.0.1')
    const underWay = new Map<number, string>()
    const fromBroker = parser({ protocolVersion: 5 })
    const fromClient = parser({ protocolVersion: 5 })
    fromBroker.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'publish' || packet.qos === 0) return
      const payload = packet.payload.toString()
      const known = handed.get(payload)
      if (packet.dup) resent++
      if (known === undefined) handed.set(payload, { times: 1, acked: false })
      else if (!packet.dup) known.times++
      underWay.set(packet.messageId ?? 0, payload)
    })
    fromClient.on('packet', (packet: Packet) => {
      if (packet.cmd !== 'puback') return
      const known = handed.get(underWay.get(packet.messageId ?? 0) ?? '')
      if (known) known.acked = true
    })
    broker.on('data', (chunk: Buffer) => {
      fromBroker.parse(chunk)
      client.write(chunk)
    })
    client.on('data', (chunk: Buffer) => {
      fromClient.parse(chunk)
      broker.write(chunk)
    })
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  }

  const server = createServer(watch).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handed,
    resent: () => resent,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
