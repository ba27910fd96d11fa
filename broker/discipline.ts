import type { Client } from 'aedes'
import { connectionFault } from './connection-faults.ts'
import type { Cooldowns } from './cooldowns.ts'
import type { BrokerLimits } from './limits.ts'
import type { Refusals } from './refusals.ts'
import type { Connection, Session } from './session.ts'
import type { SessionRegistry } from './session-registry.ts'

interface DisciplineParts {
  readonly limits: BrokerLimits
  readonly registry: SessionRegistry
  readonly cooldowns: Cooldowns
  readonly refusals: Refusals
  /** From 0 to below 1. */
  readonly random: () => number
}

/** Ends sessions for cause, and keeps them away for a while, so that resending the same does not become a storm. */
export function discipline({ limits, registry, cooldowns, refusals, random }: DisciplineParts) {
  const counters = { sessionsRateLimited: 0, sessionsBrokeProtocol: 0 }

  function overRate(session: Session): void {
    counters.sessionsRateLimited++
    cooldowns.start(session.id, 'rate_limit', limits.rateCooldownMsMin, limits.rateCooldownMsMax)
    refusals.refuse(session.connection, 'publish', 'rate_limit')
    registry.end(session, 'rate_limit')
  }

  function brokeProtocol(connection: Connection, reason: string): void {
    const { session, stream } = connection
    refusals.refuse(connection, session ? 'publish' : 'connect', reason)
    if (session === undefined) {
      stream.destroy()
      return
    }
    counters.sessionsBrokeProtocol++
    cooldowns.start(session.id, 'protocol_error', limits.protocolCooldownMsMin, limits.protocolCooldownMsMax)
    registry.end(session, 'protocol_error')
  }

  /**
   * A delivery could not be kept, for no fault of the gateway's. Whoever is cut off comes back at once with the same, and
   * many clients do not come back after a refusal: so it is held for a while, and nothing is read from it.
   */
  function notKept(session: Session): void {
    // Whoever left a will has nothing to come back with.
    if (!session.online) return
    const { notKeptEndMsMin: msMin, notKeptEndMsMax: msMax } = limits
    registry.end(session, 'delivery_failed', msMin + random() * (msMax - msMin))
  }

  /** aedes gave a connection up. */
  function broken(client: Client, error: Error): void {
    const connection = registry.of(client)
    if (connection === undefined) return
    const fault = connectionFault(error)
    if (fault === 'answered' || fault === 'connection_lost') return
    if (fault === 'connect_timeout') refusals.refuse(connection, 'connect', fault)
    else if (fault === 'packet_malformed') brokeProtocol(connection, fault)
    else if (connection.session) connection.session.endCause ??= fault
  }

  return { overRate, brokeProtocol, notKept, broken, counters }
}
