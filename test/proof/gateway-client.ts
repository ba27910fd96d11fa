import { connect, type Socket } from 'node:net'
import { connectPacket, dupFlag, publishPacket, replyReader } from '../bench/load-generator-packets.ts'

/** One publish; it keeps its packet identifier and bytes until it is acked, over any number of connections. */
export interface Message {
  readonly topic: string
  readonly payload: string
}

export interface GatewayClientOptions<M extends Message> {
  readonly port: number
  readonly id: string
  readonly secret: string
  readonly window: number
  /** The next message; undefined when there is none for now (`wake` asks again). */
  next(): M | undefined
  onAcked(message: M): void
}

export interface GatewayClient {
  /** Looks for messages again after `next` gave none. */
  wake(): void
  inFlight(): number
  /** How many messages were sent more than once. */
  resent(): number
  close(): void
}

const keepAliveSeconds = 60
const reconnectDelayMs = 25

/**
 * A gateway as the standard wants it: at QoS 1 it sends what was not acked again, in the order of the first sending,
 * with DUP and the same packet identifier, and goes on only after that.
 */
export function openGatewayClient<M extends Message>(options: GatewayClientOptions<M>): GatewayClient {
  /** In order of sending: a Map keeps the order of insertion. */
  const unacked = new Map<number, { readonly message: M; readonly bytes: Buffer }>()
  let packetId = 0
  let resent = 0
  let established = false
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let socket: Socket

  function sendWhileRoom() {
    if (!established) return
    socket.cork()
    while (unacked.size < options.window) {
      const message = options.next()
      if (message === undefined) break
      do packetId = (packetId % 65_535) + 1
      while (unacked.has(packetId))
      const { bytes, packetIdAt } = publishPacket(message.topic, message.payload)
      bytes.writeUInt16BE(packetId, packetIdAt)
      unacked.set(packetId, { message, bytes })
      socket.write(bytes)
    }
    socket.uncork()
  }

  function sendAgain() {
    for (const { bytes } of unacked.values()) {
      bytes[0] = (bytes[0] ?? 0) | dupFlag
      socket.write(bytes)
      resent++
    }
  }

  function open() {
    const read = replyReader({
      onConnack(returnCode) {
        if (returnCode !== 0) return void socket.destroy()
        established = true
        sendAgain()
      },
      onPuback(acked) {
        const sent = unacked.get(acked)
        if (sent === undefined) return
        unacked.delete(acked)
        options.onAcked(sent.message)
      },
    })
    socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true })
    socket.on('data', (bytes: Buffer) => {
      read(bytes, bytes.length)
      sendWhileRoom()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      established = false
      if (!closed) timer = setTimeout(open, reconnectDelayMs)
    })
    socket.write(connectPacket({ clientId: options.id, password: options.secret }, keepAliveSeconds))
  }

  open()
  return {
    wake: sendWhileRoom,
    inFlight: () => unacked.size,
    resent: () => resent,
    close() {
      closed = true
      clearTimeout(timer)
      socket.destroy()
    },
  }
}
