import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { isLoopback } from '#domain/host.ts'
import type { BrokerLimits } from './limits.ts'

interface ListenAddress {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

interface SecureListenAddress extends ListenAddress {
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
  admit(address: string, openConnections: number): boolean
  /** A byte stream on which MQTT is about to be spoken. */
  onStream(stream: Duplex, address: string): void
  onTlsError(address: string): void
}

export interface Listeners {
  readonly addresses: Addresses
  /** Accepts no more. What is open stays open. */
  stop(): void
  /** Ends what is still open. */
  end(): Promise<void>
}

interface Door extends ListenerParts {
  /** Every TCP connection, also those that are still in a handshake. */
  readonly open: Set<Socket>
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

/**
 * libuv accepts one connection a turn of the event loop for each listening socket. A turn takes tens of milliseconds
 * while a city replays what it kept, and then a single socket lets in fewer than twenty gateways a second. On Linux
 * several sockets share the port.
 */
const acceptorsOnLinux = 16
/** Connections that wait to be accepted; Linux allows no more unless configured. */
const backlogMax = 4_096

export async function openListeners(listen: Listen, parts: ListenerParts): Promise<Listeners> {
  const door: Door = { ...parts, open: new Set() }
  const { tcp, tls, websocket, secureWebsocket } = listen
  const wanted: { kind: keyof Listen; at: ListenAddress; create: () => Server }[] = []
  if (tcp) wanted.push({ kind: 'tcp', at: tcp, create: () => tcpServer(door) })
  if (tls) wanted.push({ kind: 'tls', at: tls, create: () => tlsServer(tls, door) })
  if (websocket) wanted.push({ kind: 'websocket', at: websocket, create: () => webSocketServer(door) })
  if (secureWebsocket) {
    wanted.push({ kind: 'secureWebsocket', at: secureWebsocket, create: () => webSocketServer(door, secureWebsocket) })
  }

  const servers: Server[] = []
  const stop = () => {
    for (const server of servers) server.close()
  }
  const addresses: Partial<Record<keyof Listen, ListenAddress>> = {}
  try {
    for (const { kind, at, create } of wanted) addresses[kind] = await openAcceptors(kind, at, create, servers)
  } catch (error) {
    stop()
    throw error
  }
  const closed = servers.map((server) => new Promise<void>((resolve) => server.once('close', () => resolve())))
  return {
    addresses,
    stop,
    async end() {
      for (const socket of door.open) socket.destroy()
      await Promise.all(closed)
    },
  }
}

/** Opens all sockets of one address and adds their servers to `opened`. */
async function openAcceptors(
  kind: string,
  at: ListenAddress,
  create: () => Server,
  opened: Server[],
): Promise<ListenAddress> {
  const shared = process.platform === 'linux'
  if (shared && at.port !== 0) {
    // A shared port would let a second service in unnoticed, so first see that the port is free.
    const probe = createTcpServer()
    await listenOn(probe, kind, at, false)
    await new Promise((resolve) => probe.close(resolve))
  }
  let bound = at
  for (let acceptor = 0; acceptor < (shared ? acceptorsOnLinux : 1); acceptor++) {
    const server = create()
    bound = await listenOn(server, kind, bound, shared)
    opened.push(server)
  }
  return bound
}

/** Runs for every TCP connection, before TLS, HTTP or MQTT have cost anything; false when it is turned away. */
function guardDoor(socket: Socket, door: Door): boolean {
  // Without a listener of its own a socket that is destroyed here could take the process with it.
  socket.on('error', () => {})
  if (!door.admit(addressOf(socket), door.open.size)) {
    socket.destroy()
    return false
  }
  door.open.add(socket)
  socket.once('close', () => door.open.delete(socket))
  socket.setNoDelay(true)
  socket.setKeepAlive(true, door.limits.tcpKeepAliveMs)
  return true
}

function tcpServer(door: Door): Server {
  const server = createTcpServer()
  server.on('connection', (socket: Socket) => {
    if (guardDoor(socket, door)) door.onStream(socket, addressOf(socket))
  })
  return server
}

function tlsServer({ key, cert }: SecureListenAddress, door: Door): Server {
  const server = createTlsServer({ key, cert, minVersion: 'TLSv1.2', handshakeTimeout: door.limits.connectMs })
  server.on('connection', (socket: Socket) => guardDoor(socket, door))
  server.on('secureConnection', (socket) => door.onStream(socket, addressOf(socket)))
  server.on('tlsClientError', (_error, socket) => door.onTlsError(addressOf(socket)))
  return server
}

function webSocketServer(door: Door, secure?: SecureListenAddress): Server {
  const { limits } = door
  const times = {
    headersTimeout: limits.connectMs,
    requestTimeout: limits.connectMs,
    connectionsCheckingInterval: limits.connectMs,
  }
  const server = secure
    ? createHttpsServer({ ...times, key: secure.key, cert: secure.cert, minVersion: 'TLSv1.2' }, notMqtt)
    : createHttpServer(times, notMqtt)
  const webSockets = new WebSocketServer({
    noServer: true,
    // A frame may carry several packets; like a TCP segment it is bounded, and the packets in it are again.
    maxPayload: limits.packetBytesMax + limits.connectBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
    // [MQTT-6.0.0-4]; clients that name no protocol at all are common and harmless.
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : offered.has('mqttv3.1') ? 'mqttv3.1' : false),
  })
  server.on('connection', (socket: Socket) => guardDoor(socket, door))
  server.on('upgrade', (request, socket: Socket, head) => {
    const path = request.url?.split('?', 1)[0]
    if (path !== '/mqtt' && path !== '/') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      door.onStream(createWebSocketStream(webSocket), addressOf(socket))
    })
  })
  server.on('tlsClientError', (_error, socket: Socket) => door.onTlsError(addressOf(socket)))
  return server
}

const notMqtt: RequestListener = (_request, response) => {
  response.writeHead(426, { 'Content-Type': 'text/plain', Upgrade: 'websocket', Connection: 'close' })
  response.end('This port speaks MQTT over WebSocket, path /mqtt.\n')
}

function listenOn(
  server: Server,
  kind: string,
  { host, port }: ListenAddress,
  reusePort: boolean,
): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error) => {
      const message = `the broker cannot listen for ${kind} on ${host}:${port}: ${cause.message}`
      reject(Object.assign(new Error(message, { cause }), { code: 'broker_listen_failed' }))
    }
    server.once('error', failed)
    server.listen({ host, port, reusePort, backlog: backlogMax }, () => {
      server.off('error', failed)
      // A connection that the system could not accept, for want of memory for instance, is the peer's to try again.
      server.on('error', () => {})
      const bound = server.address()
      resolve({ host, port: bound !== null && typeof bound === 'object' ? bound.port : port })
    })
  })
}

const addressOf = (socket: { readonly remoteAddress?: string | undefined }): string => socket.remoteAddress ?? 'unknown'
