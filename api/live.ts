import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { can } from '#domain/account.ts'
import { rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { credentialsVersion } from '#store/ledger/accounts.ts'
import { isServerFailure } from '#store/ledger/ledger-away.ts'
import type { ApiDeps, ApiOptions } from './deps.ts'
import { type EndReason, handshakeSchema, type ServerToClientEvents } from './live-events.ts'
import type { ApiMetrics } from './metrics.ts'
import { type ProblemCode, problemBody } from './problems.ts'
import { watchNewestRollUp } from './roll-ups/newest.ts'
import { tellTime } from './routes/time.ts'
import {
  audienceOf,
  bearerOf,
  identify,
  identifyAgain,
  isOwnOrigin,
  type Principal,
  sessionCookieOf,
} from './security/guard.ts'
import { resynchroniseReason, type StreamFeed } from './stream-feed.ts'
import { toldSeldom } from './told-seldom.ts'

/** A control room has tens of consoles; this is every street office of a city with several. */
const socketsMax = 2_000
/** Consoles that one person left open. */
const socketsPerAccountMax = 100
/** One batch is on its way to a client at a time: this bounds what a slow one can hold of our memory. */
const signalsPerBatchMax = 200
/** A client that needs longer for a batch reconnects with its last number when it can. */
const acknowledgeMsDefault = 20_000
/** How soon a change of rights ends a socket. */
const checkMs = 1_000
/** How often a client hears of numbers that were not for it. */
const throughMs = 5_000
/** Clients send a handshake and acknowledgements. */
const messageBytesMax = 10_000

export interface LiveDeps extends Pick<ApiDeps, 'ledger' | 'clock' | 'log' | 'rollUps'> {
  readonly feed: StreamFeed
  readonly metrics: ApiMetrics
  readonly wallClock: () => number
  readonly options: Pick<ApiOptions, 'trustProxy' | 'timeZone'>
  readonly acknowledgeMs?: number
  /** How often it is looked whether a period of roll-ups was written. */
  readonly rollUpPollMs?: number
}

export interface Live {
  close(): Promise<void>
}

type LiveSocket = Socket<Record<never, never>, ServerToClientEvents>

interface Client {
  readonly socket: LiveSocket
  principal: Principal
  /** Version of all credentials when the principal was last looked up. */
  credentials: number
  /** Everything up to this number is dealt with. */
  position: number
  /** The number the client knows. */
  told: number
  pumping: boolean
  newsMeanwhile: boolean
}

/** Serves the stream of signals over socket.io on the server of the api. */
export function openLive(server: HttpServer, deps: LiveDeps): Live {
  const { ledger, feed, metrics, wallClock, log } = deps
  const tellFailure = toldSeldom(log)
  const clients = new Map<string, Client>()
  const arriving = new WeakMap<object, Pick<Client, 'principal' | 'credentials'>>()

  const io = new Server<Record<never, never>, ServerToClientEvents>(server, {
    serveClient: false,
    maxHttpBufferSize: messageBytesMax,
    // Its own recovery loses packets in known cases; ours replays from the ledger.
    allowRequest: (request, allow) => allow(null, comesFromOurPages(request, deps.options.trustProxy)),
  })

  io.use((socket, next) => {
    authenticate(socket).then(
      (refused) => next(refused && refusal(refused)),
      (error: unknown) => {
        log.error({ err: error }, 'a socket could not be authenticated')
        next(refusal(isServerFailure(error) ? 'unavailable' : 'internal'))
      },
    )
  })

  async function authenticate(socket: LiveSocket): Promise<ProblemCode | undefined> {
    const handshake = handshakeSchema.safeParse(socket.handshake.auth)
    if (!handshake.success) return 'validation'
    const { authorization, cookie: cookies } = socket.handshake.headers
    const bearer = handshake.data.token ?? bearerOf(authorization)
    const session = sessionCookieOf(cookies)
    // Read first: what changes between the two look-ups is then seen at the next check.
    const credentials = await credentialsVersion(ledger.db)
    const presented = { ...(bearer !== undefined && { bearer }), ...(session !== undefined && { cookie: session }) }
    const principal = await identify(ledger.db, presented, wallClock())
    if (!principal) return 'unauthenticated'
    if (!can(principal.account.role, 'plant.read')) return 'forbidden'
    const ofAccount = [...clients.values()].filter((client) => client.principal.account.id === principal.account.id)
    if (clients.size >= socketsMax || ofAccount.length >= socketsPerAccountMax) return 'rate_limited'
    arriving.set(socket, { principal, credentials })
    return undefined
  }

  io.on('connection', (socket) => {
    const known = arriving.get(socket)
    if (!known) throw new Error('a socket arrived that nobody authenticated')
    const { lastNumber, streamId } = handshakeSchema.parse(socket.handshake.auth)
    const extent = feed.extent()
    const reason = lastNumber === undefined ? undefined : resynchroniseReason(extent, lastNumber, streamId)
    const position = lastNumber === undefined || reason ? extent.head : lastNumber
    const client = { socket, ...known, position, told: position, pumping: false, newsMeanwhile: false }
    clients.set(socket.id, client)
    metrics.socketsOpen(clients.size)
    socket.on('disconnect', () => {
      clients.delete(socket.id)
      metrics.socketsOpen(clients.size)
    })
    const { id, role, scope } = known.principal.account
    const time = tellTime(deps)
    socket.emit('hello', {
      streamId: extent.streamId,
      head: extent.head,
      after: position,
      account: { id, role, scope },
      time,
    })
    if (reason) socket.emit('resynchronise', { reason, streamId: extent.streamId, head: extent.head })
    void pump(client)
  })

  /** Sends a client what it has not seen, batch after batch, until it is at the head. */
  async function pump(client: Client): Promise<void> {
    if (client.pumping) {
      client.newsMeanwhile = true
      return
    }
    client.pumping = true
    try {
      do {
        client.newsMeanwhile = false
        while (client.socket.connected && client.position < feed.extent().head) await sendBatch(client)
      } while (client.newsMeanwhile && client.socket.connected)
    } catch (error) {
      log.error({ err: error, account: client.principal.account.id }, 'a socket could not be served')
      end(client, 'closing')
    } finally {
      client.pumping = false
    }
  }

  async function sendBatch(client: Client): Promise<void> {
    const after = client.position
    const page = await feed.page(after, audienceOf(client.principal.account), signalsPerBatchMax)
    if (client.position !== after) return
    if (page.signals.length > 0) {
      const acknowledgeMs = deps.acknowledgeMs ?? acknowledgeMsDefault
      const acknowledged = await client.socket
        .timeout(acknowledgeMs)
        .emitWithAck('signals', { ...page, after })
        .then(
          () => true,
          () => false,
        )
      if (!acknowledged) {
        if (!client.socket.connected) return
        metrics.slowSocketEnded()
        return end(client, 'slow')
      }
      metrics.signalsSent(page.signals.length)
      // It was sent elsewhere meanwhile: these numbers are another stream's.
      if (client.position !== after) return
      client.told = page.through
    }
    client.position = page.through
  }

  function end(client: Client, reason: EndReason): void {
    client.socket.emit('ended', { reason })
    client.socket.disconnect(true)
  }

  /** Ends sockets whose rights are no longer what they were when they came. */
  async function checkRights(): Promise<void> {
    const now = wallClock()
    const credentials = await credentialsVersion(ledger.db)
    for (const client of clients.values()) {
      if ((client.principal.expiresAt ?? Infinity) <= now) end(client, 'expired')
      else if (client.credentials !== credentials) {
        const today = await identifyAgain(ledger.db, client.principal, now)
        if (!today) end(client, 'signedOut')
        else if (!sameRights(today, client.principal)) end(client, 'rightsChanged')
        client.credentials = credentials
      }
    }
  }

  function tellThrough(): void {
    const { streamId, head } = feed.extent()
    for (const client of clients.values()) {
      if (client.position === client.told) continue
      client.told = client.position
      client.socket.emit('through', { streamId, through: client.position, head })
    }
  }

  feed.onOtherStream(() => {
    const { streamId, head } = feed.extent()
    for (const client of clients.values()) {
      client.position = head
      client.told = head
      client.socket.emit('resynchronise', { reason: 'otherStream', streamId, head })
    }
  })
  feed.onNews(() => {
    for (const client of clients.values()) void pump(client)
  })
  let checking: Promise<void> = Promise.resolve()
  const checkTimer = setInterval(() => {
    checking = checking.then(checkRights).catch((error: unknown) => tellFailure(error, 'rights not checked'))
  }, checkMs)
  const throughTimer = setInterval(tellThrough, throughMs)
  const newestRollUp =
    deps.rollUps &&
    watchNewestRollUp({
      rollUps: deps.rollUps,
      ...(deps.rollUpPollMs !== undefined && { pollMs: deps.rollUpPollMs }),
      onNew: (at) => io.emit('rollUps', { at, periodMs: rollUpPeriodMs }),
      onError: (error) => tellFailure(error, 'the newest roll-up could not be read'),
    })

  return {
    async close() {
      clearInterval(checkTimer)
      clearInterval(throughTimer)
      newestRollUp?.close()
      for (const client of clients.values()) end(client, 'closing')
      io.disconnectSockets(true)
      // Not io.close(): that would close the api's server, which is the api's to close.
      io.engine.close()
      await checking
    },
  }
}

function sameRights(left: Principal, right: Principal): boolean {
  const rights = ({ account }: Principal) => JSON.stringify([account.role, account.scope])
  return rights(left) === rights(right)
}

/** A page of another origin could open a socket with the cookie of whoever looks at it. */
function comesFromOurPages(request: IncomingMessage, trustProxy: boolean): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  const forwarded = trustProxy ? request.headers['x-forwarded-host'] : undefined
  return isOwnOrigin(origin, [forwarded].flat()[0] ?? host)
}

function refusal(code: ProblemCode): Error {
  return Object.assign(new Error(code), { data: problemBody(code, '/socket.io/') })
}
