import type { IConnackPacket, Packet } from 'mqtt-packet'
import { type Connection, type OutsideTarget, openConnection, type ProtocolVersion } from './connection.ts'
import type { OversizedPublish } from './frame-sieve.ts'
import type { OutsideLimits } from './limits.ts'
import { reconnectDelay } from './reconnect-delay.ts'

export interface SessionLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

interface SessionOptions {
  readonly target: OutsideTarget
  readonly limits: OutsideLimits
  readonly random: () => number
  readonly log: SessionLog
  onConnected(connection: Connection, connack: IConnackPacket): void
  onPacket(packet: Packet): void
  onOversized(publish: OversizedPublish): void
  onDisconnected(): void
}

/** The session with the broker, over any number of connections. */
export interface Session {
  /** Undefined while there is none. */
  connection(): Connection | undefined
  /** Since when, by real time, it is as it is now, and why it is not connected. */
  state(): { readonly connected: boolean; readonly since: number; readonly reason: string }
  counters(): { connected: number; connectionChangedAtSeconds: number; connects: number; connectFailures: number }
  close(): Promise<void>
}

/** Keeps a connection to the broker, with MQTT 5 where it speaks it. */
export function keepSession(options: SessionOptions): Session {
  const { target, limits, log } = options
  const delay = reconnectDelay(limits, options.random)
  const counters = { connects: 0, connectFailures: 0 }
  let protocolVersion: ProtocolVersion = 5
  let open: Connection | undefined
  let isConnected = false
  let since = Date.now()
  let reason = 'it has not answered yet'
  let toldReason = ''
  let timer: NodeJS.Timeout | undefined
  let closing: (() => void) | undefined

  function connect(): void {
    const connection: Connection = openConnection({
      ...{ target, protocolVersion, limits },
      onConnected(connack) {
        isConnected = true
        since = Date.now()
        reason = ''
        toldReason = ''
        counters.connects++
        const facts = {
          broker: target.url,
          mqtt: protocolVersion === 5 ? '5' : '3.1.1',
          session: connack.sessionPresent,
        }
        log.info(facts, 'connected to the outside broker')
        options.onConnected(connection, connack)
      },
      onPacket: options.onPacket,
      onOversized: options.onOversized,
      onClosed,
    })
    open = connection
  }

  function onClosed(why: string, versionRefused: boolean): void {
    const wasConnected = isConnected
    isConnected = false
    open = undefined
    if (wasConnected && Date.now() - since >= limits.goodConnectionMs) delay.reset()
    if (wasConnected) since = Date.now()
    if (wasConnected) options.onDisconnected()
    if (closing) {
      closing()
      return
    }
    if (versionRefused && protocolVersion === 5) {
      protocolVersion = 4
      connect()
      return
    }
    if (!wasConnected) counters.connectFailures++
    reason = why
    // Told once, and not at every attempt.
    if (why !== toldReason) log.error({ broker: target.url, reason: why }, 'no connection to the outside broker')
    toldReason = why
    timer = setTimeout(connect, delay.next())
  }

  connect()
  return {
    connection: () => (isConnected ? open : undefined),
    state: () => ({ connected: isConnected, since, reason }),
    counters: () => ({
      connected: isConnected ? 1 : 0,
      connectionChangedAtSeconds: Math.round(since / 1_000),
      ...counters,
    }),
    async close() {
      clearTimeout(timer)
      const ending = open
      if (!ending) return
      const ended = new Promise<void>((resolve) => {
        closing = resolve
      })
      const patience = setTimeout(() => ending.destroy('we are done'), limits.closeMs)
      ending.end()
      await ended
      clearTimeout(patience)
    },
  }
}
