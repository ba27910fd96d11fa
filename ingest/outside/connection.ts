import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { generate, type IConnackPacket, parser as makeParser, type Packet } from 'mqtt-packet'
import { type FrameSieve, frameSieve, type OversizedPublish } from './frame-sieve.ts'
import { keepAlive } from './keep-alive.ts'
import type { OutsideLimits } from './limits.ts'

/** A broker that is not ours, and who we are to it. */
export interface OutsideTarget {
  /** mqtt://HOST:PORT or mqtts://HOST:PORT, without credentials. */
  readonly url: string
  /** The broker keeps what comes while we are away under this name, so it must stay the same. */
  readonly clientId: string
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly tls?: OutsideTls | undefined
}

/** PEM texts. Without a CA the system's are trusted; certificate and key show who we are. */
export interface OutsideTls {
  readonly ca?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

/** MQTT 3.1.1 is 4. */
export type ProtocolVersion = 4 | 5

export interface ConnectionOptions {
  readonly target: OutsideTarget
  readonly protocolVersion: ProtocolVersion
  readonly limits: OutsideLimits
  onConnected(connack: IConnackPacket): void
  onPacket(packet: Packet): void
  onOversized(publish: OversizedPublish): void
  /** Called once, with why, in words. */
  onClosed(reason: string, versionRefused: boolean): void
}

/** One connection from its first byte to its last. */
export interface Connection {
  send(packet: Packet): void
  /** Sends a PUBACK, together with all others of this turn. */
  acknowledge(packetId: number): void
  /** Reads nothing more until `resume`; pings go on. */
  pause(): void
  resume(): void
  readonly unsentBytes: number
  /** Lets what is written leave, says goodbye and ends. The broker goes on keeping what comes for us. */
  end(): void
  destroy(reason: string): void
}

const standardPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 }
const neverExpires = 0xffff_ffff
const pubackHeader = Buffer.from([0x40, 0x02])
/** CONNACK of MQTT 3.1.1 with "unacceptable protocol version", and that reason code of MQTT 5. */
const versionRefusals: readonly number[] = [0x01, 0x84]

export function openConnection(options: ConnectionOptions): Connection {
  const { target, protocolVersion, limits } = options
  let closed = false
  let connected = false
  let paused = false
  let acks: number[] = []

  const socket = openSocket(target)
  const packets = makeParser({ protocolVersion })
  const sieve: FrameSieve = frameSieve({
    packetBytesMax: limits.packetBytesMax,
    pass: (bytes) => void packets.parse(bytes),
    onOversized: options.onOversized,
  })
  const pinging = keepAlive({
    ping: () => send({ cmd: 'pingreq' }),
    isPaused: () => paused,
    dead: () => destroy('the broker does not answer any more'),
  })
  const connectTimer = setTimeout(() => destroy('no CONNACK came in time'), limits.connectMs)

  function send(packet: Packet): void {
    if (!closed) socket.write(generate(packet, { protocolVersion }))
  }

  function close(reason: string, versionRefused = false): void {
    if (closed) return
    closed = true
    clearTimeout(connectTimer)
    pinging.stop()
    socket.destroy()
    options.onClosed(reason, versionRefused)
  }
  const destroy = (reason: string) => close(reason)

  function flushAcks(): void {
    const ids = acks
    acks = []
    if (closed) return
    const bytes = Buffer.allocUnsafe(4 * ids.length)
    for (const [index, id] of ids.entries()) {
      bytes.set(pubackHeader, 4 * index)
      bytes.writeUInt16BE(id, 4 * index + 2)
    }
    socket.write(bytes)
  }

  function onConnack(connack: IConnackPacket): void {
    const code = protocolVersion === 5 ? (connack.reasonCode ?? 0) : (connack.returnCode ?? 0)
    if (code !== 0) {
      close(`the broker refuses us: ${refusalText(code)}`, versionRefusals.includes(code))
      return
    }
    connected = true
    clearTimeout(connectTimer)
    pinging.start(connack.properties?.serverKeepAlive ?? limits.keepAliveSeconds)
    options.onConnected(connack)
  }

  packets.on('packet', (packet: Packet) => {
    if (closed) return
    if (packet.cmd === 'connack') onConnack(packet)
    else if (!connected) destroy('the broker speaks before its CONNACK')
    else if (packet.cmd === 'disconnect') destroy(`the broker ends the session: ${refusalText(packet.reasonCode ?? 0)}`)
    else options.onPacket(packet)
  })
  packets.on('error', (error: Error) => destroy(`what the broker sends is no MQTT: ${error.message}`))
  socket.on('data', (chunk: Buffer) => {
    pinging.heard()
    // A broker without MQTT 5 answers in the older form, which the newer parser does not know.
    if (!connected && isOldRefusal(chunk)) close('the broker refuses us: protocol version', true)
    else if (!sieve.feed(chunk)) destroy('what the broker sends is no MQTT, or too large a packet')
  })
  socket.on(target.url.startsWith('mqtts:') ? 'secureConnect' : 'connect', () => {
    send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion,
      clientId: target.clientId,
      clean: false,
      keepalive: limits.keepAliveSeconds,
      ...(target.user !== undefined && { username: target.user }),
      ...(target.password !== undefined && { password: Buffer.from(target.password) }),
      ...(protocolVersion === 5 && {
        properties: { sessionExpiryInterval: neverExpires, receiveMaximum: limits.receiveMaximum },
      }),
    })
  })
  socket.on('error', (error) => destroy(error.message || String((error as NodeJS.ErrnoException).code)))
  socket.on('close', () => destroy('the broker closed the connection'))

  return {
    send,
    acknowledge(packetId) {
      if (acks.push(packetId) === 1) queueMicrotask(flushAcks)
    },
    pause() {
      paused = true
      socket.pause()
    },
    resume() {
      paused = false
      pinging.heard()
      socket.resume()
    },
    get unsentBytes() {
      return socket.writableLength
    },
    end() {
      if (!connected) close('we are done')
      if (closed) return
      send({ cmd: 'disconnect', ...(protocolVersion === 5 && { reasonCode: 0 }) })
      socket.end(() => close('we are done'))
    },
    destroy,
  }
}

function openSocket({ url, tls = {} }: OutsideTarget): Socket {
  const { protocol, hostname, port } = new URL(url)
  // An IPv6 address stands in brackets in a URL and nowhere else.
  const host = hostname.replace(/^\[|\]$/g, '')
  const address = { host, port: port === '' ? (standardPorts[protocol] ?? 0) : Number(port) }
  if (protocol !== 'mqtts:') return connectTcp({ ...address, noDelay: true })
  const socket = connectTls({
    ...address,
    ...(/[a-z]/i.test(host) && !host.includes(':') && { servername: host }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.certificate !== undefined && { cert: tls.certificate }),
    ...(tls.key !== undefined && { key: tls.key }),
  })
  socket.setNoDelay(true)
  return socket
}

const isOldRefusal = (chunk: Buffer) => chunk[0] === 0x20 && chunk[1] === 2 && chunk[3] === 0x01

/** Codes of CONNACK and DISCONNECT: MQTT 3.1.1 table 3.1, MQTT 5 sections 3.2.2.2 and 3.14.2.1. */
const refusalTexts: Readonly<Record<number, string>> = {
  1: 'protocol version',
  2: 'client id not allowed',
  3: 'server unavailable',
  4: 'wrong user name or password',
  5: 'not authorized',
  132: 'protocol version',
  133: 'client id not allowed',
  134: 'wrong user name or password',
  135: 'not authorized',
  136: 'server unavailable',
  137: 'server busy',
  138: 'banned',
  139: 'the server shuts down',
  141: 'keep-alive timeout',
  142: 'another client has taken the session over: is the client id used twice?',
  147: 'receive maximum exceeded',
  149: 'packet too large',
  151: 'quota exceeded',
  152: 'ended by an administrator',
}

const refusalText = (code: number) => refusalTexts[code] ?? `code ${code}`
