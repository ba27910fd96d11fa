import type { Client } from 'aedes'
import type { Presence } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'
import type { Connection, Session } from './session.ts'

/** MQTT 3.1.1 section 3.14. */
const disconnectPacketType = 14
/** A session that was told why it ends, but takes no bytes, is cut off after this time. */
const lastWordMs = 1_000

/**
 * Who is connected. Kept apart from aedes' own list, which loses a live session when a second connection of the same
 * id breaks off in the middle of its CONNECT.
 */
export interface SessionRegistry {
  open(connection: Connection): void
  of(client: Client): Connection | undefined
  get(id: string): Session | undefined
  all(): Iterable<Session>
  connections(): Iterable<Connection>
  /** The session is registered with aedes and any other of its id is about to be closed. */
  online(session: Session): void
  /** Takes no more from a session, lets what is being written to it leave, and closes it, at once or after a time. */
  end(session: Session, cause: string, afterMs?: number): void
  /** Resolves when nobody is connected any more. */
  empty(): Promise<void>
  counts(): { connections: number; sessions: number }
}

export function sessionRegistry(clock: Clock, onPresence: (presence: Presence) => void): SessionRegistry {
  const byClient = new Map<Client, Connection>()
  const byId = new Map<string, Session>()
  let whenEmpty: (() => void) | undefined

  function tell(session: Session, state: Presence['state'], cause: string): void {
    onPresence({ at: clock.now(), id: session.id, state, address: session.connection.address, cause })
  }

  function forgetDelayed(session: Session): void {
    clearTimeout(session.delayTimer)
    clearTimeout(session.endTimer)
    session.endTimer = undefined
    session.delayed.length = 0
  }

  function close(session: Session): void {
    const { client, stream } = session.connection
    session.endTimer = undefined
    // aedes writes in the next turn of the loop, and closing would discard what is not written.
    setImmediate(() =>
      setImmediate(() => {
        const timer = setTimeout(() => client.close(), lastWordMs)
        stream.once('close', () => clearTimeout(timer))
        stream.end(() => client.close())
      }),
    )
  }

  function offline(session: Session, cause: string): void {
    forgetDelayed(session)
    if (!session.online) return
    session.online = false
    tell(session, 'offline', cause)
  }

  function closed(connection: Connection): void {
    byClient.delete(connection.client)
    if (connection.session) closedSession(connection, connection.session)
    if (byClient.size === 0) whenEmpty?.()
  }

  function closedSession(connection: Connection, session: Session): void {
    if (byId.get(session.id) === session) byId.delete(session.id)
    const left = connection.guard.lastType() === disconnectPacketType ? 'disconnect' : 'connection_lost'
    offline(session, session.endCause ?? left)
  }

  return {
    open(connection) {
      byClient.set(connection.client, connection)
      connection.stream.once('close', () => closed(connection))
    },
    of: (client) => byClient.get(client),
    get: (id) => byId.get(id),
    all: () => byId.values(),
    connections: () => byClient.values(),
    online(session) {
      const before = byId.get(session.id)
      if (before !== undefined && before !== session) {
        before.endCause ??= 'taken_over'
        offline(before, before.endCause)
      }
      byId.set(session.id, session)
      session.online = true
      tell(session, 'online', 'connect')
    },
    end(session, cause, afterMs = 0) {
      if (session.endCause !== undefined && session.endTimer === undefined) return
      session.endCause ??= cause
      session.connection.guard.stop()
      forgetDelayed(session)
      if (afterMs > 0) session.endTimer = setTimeout(() => close(session), afterMs)
      else close(session)
    },
    empty: () =>
      new Promise((resolve) => {
        if (byClient.size === 0) resolve()
        else whenEmpty = resolve
      }),
    counts: () => ({ connections: byClient.size, sessions: byId.size }),
  }
}
