import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { BrokerLimits } from './limits.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

export interface SecureListenAddress extends ListenAddress {
  /** PEM. */
  readonly key: string | Buffer
  /** PEM, with the chain. */
  readonly cert: string | Buffer
}

export interface Listen {
  readonly tcp?: ListenAddress
  readonly tls?: SecureListenAddress
  readonly websocket?: ListenAddress
  readonly secureWebsocket?: SecureListenAddress
}

export type Addresses = Readonly<Partial<Record<keyof Listen, ListenAddress>>>

export interface ListenerParts {
  readonly limits: BrokerLimits
  /** Is there room for one more connection from this address? Asked for every TCP connection. */
  admit(socket: Socket, address: string): boolean
  /** A byte stream on which MQTT is about to be spoken. */
  onStream(stream: Duplex, address: string): void
  onTlsError(address: string): void
}

export interface Listeners {
  readonly addresses: Addresses
  /** Accepts no more. What is open stays open. */
  stop(): void
  /** Resolves when the last connection is gone. */
  closed(): Promise<void>
}

/** Plaintext beyond loopback shows secrets and homes to the network: only for who says so. */
export function plaintextProblem(listen: Listen, allowPlaintext: boolean): Error | undefined {
  if (allowPlaintext) return undefined
  for (const kind of ['tcp', 'websocket'] as const) {
    const host = listen[kind]?.host
    if (host === undefined || isLoopback(host)) continue
    const message = `${kind} on ${host} would be unencrypted beyond this machine: configure TLS, or allow plaintext`
    return Object.assign(new Error(message), { code: 'plaintext_not_allowed' })
  }
  return undefined
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

export async function openListeners(listen: Listen, parts: ListenerParts): Promise<Listeners> {
  const servers: { kind: keyof Listen; server: Server; at: ListenAddress }[] = []
  const { tcp, tls, websocket, secureWebsocket } = listen
  if (tcp) servers.push({ kind: 'tcp', server: tcpServer(parts), at: tcp })
  if (tls) servers.push({ kind: 'tls', server: tlsServer(tls, parts), at: tls })
  if (websocket) {
    servers.push({ kind: 'websocket', server: withWebSocket(createHttpServer(notMqtt), parts), at: websocket })
  }
  if (secureWebsocket) {
    const { key, cert } = secureWebsocket
    const server = createHttpsServer({ key, cert, minVersion: 'TLSv1.2' }, notMqtt)
    servers.push({ kind: 'secureWebsocket', server: withWebSocket(server, parts), at: secureWebsocket })
  }

  const stop = () => {
    for (const { server } of servers) server.close()
  }
  const addresses: Partial<Record<keyof Listen, ListenAddress>> = {}
  try {
    for (const { kind, server, at } of servers) addresses[kind] = await listenOn(server, kind, at)
  } catch (error) {
    stop()
    throw error
  }
  const closed = servers.map(({ server }) => new Promise<void>((resolve) => server.once('close', () => resolve())))
  return {
    addresses,
    stop,
    async closed() {
      await Promise.all(closed)
    },
  }
}

/** Runs for every TCP connection, before TLS, HTTP or MQTT have cost anything; false when it is turned away. */
function guardDoor(socket: Socket, parts: ListenerParts): boolean {
  // Without a listener of its own a socket that is destroyed here could take the process with it.
  socket.on('error', () => {})
  if (!parts.admit(socket, addressOf(socket))) {
    socket.destroy()
    return false
  }
  socket.setNoDelay(true)
  socket.setKeepAlive(true, parts.limits.tcpKeepAliveMs)
  return true
}

function tcpServer(parts: ListenerParts): Server {
  const server = createTcpServer()
  server.on('connection', (socket: Socket) => {
    if (guardDoor(socket, parts)) parts.onStream(socket, addressOf(socket))
  })
  return server
}

function tlsServer({ key, cert }: SecureListenAddress, parts: ListenerParts): Server {
  const server = createTlsServer({ key, cert, minVersion: 'TLSv1.2', handshakeTimeout: parts.limits.connectMs })
  server.on('connection', (socket: Socket) => guardDoor(socket, parts))
  server.on('secureConnection', (socket) => parts.onStream(socket, addressOf(socket)))
  server.on('tlsClientError', (_error, socket) => parts.onTlsError(addressOf(socket)))
  return server
}

function withWebSocket(server: HttpServer, parts: ListenerParts): Server {
  const { limits } = parts
  server.headersTimeout = limits.connectMs
  server.requestTimeout = limits.connectMs
  const webSockets = new WebSocketServer({
    noServer: true,
    // A frame may carry several packets; like a TCP segment it is bounded, and the packets in it are again.
    maxPayload: limits.packetBytesMax + limits.connectBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
    // [MQTT-6.0.0-4]; clients that name no protocol at all are common and harmless.
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
  })
  server.on('connection', (socket: Socket) => guardDoor(socket, parts))
  server.on('upgrade', (request, socket: Socket, head) => {
    const path = request.url?.split('?', 1)[0]
    if (path !== '/mqtt' && path !== '/') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      parts.onStream(createWebSocketStream(webSocket), addressOf(socket))
    })
  })
  server.on('tlsClientError', (_error, socket: Socket) => parts.onTlsError(addressOf(socket)))
  return server
}

const notMqtt: RequestListener = (_request, response) => {
  response.writeHead(426, { 'Content-Type': 'text/plain', Upgrade: 'websocket', Connection: 'close' })
  response.end('This port speaks MQTT over WebSocket, path /mqtt.\n')
}

function listenOn(server: Server, kind: string, { host, port }: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      const message = `the broker cannot listen for ${kind} on ${host}:${port}: ${cause.message}`
      reject(Object.assign(new Error(message, { cause }), { code: 'broker_listen_failed' }))
    }
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      const bound = server.address()
      resolve({ host, port: bound !== null && typeof bound === 'object' ? bound.port : port })
    })
  })
}

const addressOf = (socket: { readonly remoteAddress?: string | undefined }): string => socket.remoteAddress ?? 'unknown'
