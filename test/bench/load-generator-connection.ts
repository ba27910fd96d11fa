import { connect, type Socket } from 'node:net'
import type { latencyHistogram } from './load-generator-latency.ts'
import {
  type Credentials,
  connectPacket,
  disconnectRequest,
  dupFlag,
  pingRequest,
  publishPacket,
  replyReader,
} from './load-generator-packets.ts'

export interface ConnectionOptions {
  readonly host: string
  readonly port: number
  readonly credentials: Credentials
  readonly topic: string
  /** Messages on the way without a PUBACK, at most; packet identifiers are 1 to this. */
  readonly window: number
  /** A payload of the length that all have; `fill` overwrites what changes from message to message. */
  readonly payloadTemplate: string
  fill(bytes: Uint8Array, payloadAt: number): void
  /** Sends as fast as the window allows; otherwise only `send` sends. */
  readonly closedLoop: boolean
  /** Connects again after a lost connection and sends what was not acked once more, with DUP. */
  readonly reconnects: boolean
  readonly latency: ReturnType<typeof latencyHistogram>
  onConnected(): void
  onAcked(count: number): void
  onLost(reason: string): void
}

export interface Connection {
  /** Messages that may be sent now. */
  free(): number
  inFlight(): number
  /** Sends at most `count` messages that were due at the given time of `performance.now()`; returns how many went. */
  send(count: number, dueAt: number): number
  ping(): void
  stop(): void
  close(): void
}

const keepAliveSeconds = 60
const reconnectDelayMs = 100

/** Every socket reads into this one: what arrives is used up before the next read. */
const receiveBuffer = Buffer.allocUnsafeSlow(65_536)

/**
 * One gateway's session. Each packet identifier has its own bytes in one block, encoded once, so that a message costs
 * a few patched digits, and messages that follow each other leave in one write.
 */
export function openConnection(options: ConnectionOptions): Connection {
  const { window, latency } = options
  const template = publishPacket(options.topic, options.payloadTemplate)
  const size = template.bytes.length
  const block = encodeSlots(template, window)
  /** Slots without a message on the way, oldest first, as a ring. */
  const idle = Uint16Array.from({ length: window }, (_, slot) => slot)
  let idleFirst = 0
  let idleCount = window
  /** When the message of each slot was due; negative while there is none. */
  const dueAtBySlot = new Float64Array(window).fill(-1)
  // Few large writes instead of many small ones: wait until a quarter of the window may go.
  const sendAtFree = Math.max(1, window >> 2)
  let socket: Socket
  let established = false
  let stopped = false
  let closed = false
  let reconnectTimer: NodeJS.Timeout | undefined
  let ackedNow = 0
  let readAt = 0

  function onPuback(packetId: number) {
    const slot = packetId - 1
    const dueAt = dueAtBySlot[slot]
    if (dueAt === undefined || dueAt < 0) throw new Error(`PUBACK ${packetId} of ${options.topic} answers nothing`)
    latency.add(readAt - dueAt)
    dueAtBySlot[slot] = -1
    idle[(idleFirst + idleCount++) % window] = slot
    ackedNow++
  }

  function onConnack(returnCode: number) {
    if (returnCode !== 0) {
      options.onLost(`CONNACK ${returnCode}`)
      return
    }
    established = true
    sendAgain()
    options.onConnected()
    if (options.closedLoop) send(idleCount, performance.now())
  }

  function sendAgain() {
    for (let slot = 0; slot < window; slot++) {
      if ((dueAtBySlot[slot] ?? -1) < 0) continue
      block[slot * size] |= dupFlag
      socket.write(block.subarray(slot * size, (slot + 1) * size))
    }
  }

  function send(count: number, dueAt: number): number {
    if (!established || stopped) return 0
    const sending = Math.min(count, idleCount)
    let runStart = -1
    let runEnd = -1
    for (let sent = 0; sent < sending; sent++) {
      const slot = idle[idleFirst] ?? 0
      idleFirst = (idleFirst + 1) % window
      dueAtBySlot[slot] = dueAt
      block[slot * size] &= ~dupFlag
      options.fill(block, slot * size + template.payloadAt)
      if (slot !== runEnd) {
        if (runStart >= 0) socket.write(block.subarray(runStart * size, runEnd * size))
        runStart = slot
      }
      runEnd = slot + 1
    }
    idleCount -= sending
    if (runStart >= 0) socket.write(block.subarray(runStart * size, runEnd * size))
    return sending
  }

  function onBytes(length: number) {
    readAt = performance.now()
    ackedNow = 0
    read(receiveBuffer, length)
    if (ackedNow === 0) return
    options.onAcked(ackedNow)
    if (options.closedLoop && idleCount >= sendAtFree) send(idleCount, readAt)
  }

  let read = replyReader({ onConnack, onPuback })

  function open() {
    read = replyReader({ onConnack, onPuback })
    socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      onread: {
        buffer: receiveBuffer,
        callback(length) {
          onBytes(length)
          return true
        },
      },
    })
    let reason = 'closed'
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.on('close', () => {
      established = false
      if (closed) return
      options.onLost(reason)
      if (options.reconnects) reconnectTimer = setTimeout(open, reconnectDelayMs * (0.5 + Math.random()))
    })
    socket.write(connectPacket(options.credentials, keepAliveSeconds))
  }

  open()
  return {
    free: () => (established ? idleCount : 0),
    inFlight: () => window - idleCount,
    send,
    ping() {
      if (established) socket.write(pingRequest)
    },
    stop() {
      stopped = true
    },
    close() {
      closed = true
      clearTimeout(reconnectTimer)
      if (established) socket.end(disconnectRequest)
      else socket.destroy()
    },
  }
}

function encodeSlots(template: { bytes: Buffer; packetIdAt: number }, window: number): Buffer {
  const size = template.bytes.length
  const block = Buffer.alloc(size * window)
  for (let slot = 0; slot < window; slot++) {
    template.bytes.copy(block, slot * size)
    block.writeUInt16BE(slot + 1, slot * size + template.packetIdAt)
  }
  return block
}
