import type { Refusal } from '#domain/identity.ts'
import type { Clock } from '#domain/time.ts'
import type { IdentityTable } from './identity-table.ts'
import type { RefusalRecorder } from './refusal-recorder.ts'
import { refusalText } from './refusal-texts.ts'
import type { Connection } from './session.ts'

export interface Refusals {
  /** Records what was refused to somebody who is connected, and tells them on their errors topic. */
  refuse(connection: Connection, action: Refusal['action'], reason: string, topic?: string): void
  /** Records a connection that was turned away before it could say who it is. */
  refuseStranger(address: string, reason: string): void
}

export function refusals(
  clock: Clock,
  identities: IdentityTable,
  recorder: RefusalRecorder,
  tellGateway: (gateway: string, message: object) => void,
): Refusals {
  return {
    refuse({ session, address, claimedId }, action, reason, topic) {
      const clientId = session?.id ?? claimedId
      const refusal = { at: clock.now(), clientId, address, action, reason, ...(topic !== undefined && { topic }) }
      const reported = recorder.record(refusal, identities.get(clientId) !== undefined)
      if (reported && session) tellGateway(session.id, { code: reason, topic, detail: refusalText(reason) })
    },
    refuseStranger(address, reason) {
      recorder.record({ at: clock.now(), clientId: '', address, action: 'connect', reason }, false)
    },
  }
}
