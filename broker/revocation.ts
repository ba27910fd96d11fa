import { subscribeVerdict } from './access.ts'
import type { IdentityTable } from './identity-table.ts'
import type { BrokerLimits } from './limits.ts'
import type { Session } from './session.ts'

/**
 * Brings a live session up to date with the identities in force. False when it must end: its identity or its secret
 * is gone, or it reads what it may read no more.
 */
export function enforceIdentity(
  session: Session,
  identities: IdentityTable,
  limits: BrokerLimits,
  now: number,
): boolean {
  const identity = identities.get(session.id)
  if (identity === undefined || !identities.isInForce(session.id, session.secret, now)) return false
  session.identity = identity
  session.verdict = undefined
  for (const filter of session.filters.keys()) {
    if (!subscribeVerdict(identity, filter, limits).allowed) return false
  }
  return true
}
