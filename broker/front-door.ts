import type { Duplex } from 'node:stream'
import type { Aedes } from 'aedes'
import { addressLimiter } from './allowance.ts'
import { type FrameViolation, guardFrames } from './frame-guard.ts'
import type { BrokerLimits } from './limits.ts'
import type { ListenerParts } from './listeners.ts'
import type { Refusals } from './refusals.ts'
import type { Connection } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'

interface FrontDoorParts {
  readonly aedes: Aedes
  readonly limits: BrokerLimits
  readonly registry: SessionRegistry
  readonly refusals: Refusals
  monotonicMs(): number
  brokeProtocol(connection: Connection, reason: string): void
  isClosing(): boolean
}

/** What every connection passes before aedes gets to read it. */
export function frontDoor(parts: FrontDoorParts): ListenerParts & { counters: Record<string, number> } {
  const { aedes, limits, registry, refusals } = parts
  const counters = { connectionsTurnedAway: 0, tlsErrors: 0 }
  const addresses = addressLimiter(
    { perSecond: limits.connectsPerAddressPerSecond, burst: limits.connectsPerAddressBurst },
    limits.addressesMax,
  )

  function admit(address: string, openConnections: number): boolean {
    if (parts.isClosing()) return false
    const full = openConnections >= limits.sessionsMax + limits.handshakesMax
    if (!full && addresses.admit(address, parts.monotonicMs())) return true
    counters.connectionsTurnedAway++
    refusals.refuseStranger(address, full ? 'too_many_connections' : 'connect_rate')
    return false
  }

  function onStream(stream: Duplex, address: string): void {
    let connection: Connection | undefined
    const violated = (violation: FrameViolation) => connection && parts.brokeProtocol(connection, violation)
    const guard = guardFrames(stream, limits, violated)
    const client = aedes.handle(stream)
    connection = { stream, address, client, guard, claimedId: '', will: undefined, session: undefined }
    registry.open(connection)
  }

  function onTlsError(address: string): void {
    counters.tlsErrors++
    refusals.refuseStranger(address, 'tls_failed')
  }

  return { limits, admit, onStream, onTlsError, counters }
}
