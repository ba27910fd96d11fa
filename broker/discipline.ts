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
}

/** Ends sessions for cause, and keeps them away for a while, so that resending the same does not become a storm. */
export function discipline({ limits, registry, cooldowns, refusals }: DisciplineParts) {
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

  return { overRate, brokeProtocol, broken, counters }
}
