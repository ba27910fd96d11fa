import type { LedgerDb } from '#store/ledger/database.ts'
import { gatewaysToReplay, pendingReplays } from '#store/ledger/quarantine-replay.ts'
import type { DeliveryToSendAgain } from './messages.ts'

/** As many as wait for the journal at once; the rest stay requested in the ledger. */
const underWayMax = 200
/** Keeps a statement under SQLite's limit of bound values. */
const gatewaysAskedMax = 500

/** Brings quarantined deliveries that a person asked for to the journal, each once. */
export interface Replays {
  /** Looks for requests that are not yet under way. */
  look(): Promise<void>
  /** These came out of the journal and are marked in the ledger. */
  sent(quarantineIds: readonly number[]): void
  /** The journal did not take these. */
  failed(quarantineIds: readonly number[]): void
}

export function createReplays(
  db: LedgerDb,
  send: (deliveries: readonly DeliveryToSendAgain[]) => void,
  /** Where several workers share the city. */
  isOurs?: (gateway: string) => boolean,
): Replays {
  const underWay = new Set<number>()
  /** What others have not yet sent through must not stand before what is ours. */
  const ours = async (isOne: (gateway: string) => boolean) =>
    (await gatewaysToReplay(db)).filter(isOne).slice(0, gatewaysAskedMax)
  const forget = (ids: readonly number[]) => {
    for (const id of ids) underWay.delete(id)
  }
  return {
    async look() {
      const requested = await pendingReplays(db, underWayMax, isOurs && (await ours(isOurs)))
      const fresh = requested.filter(({ id }) => !underWay.has(id))
      if (fresh.length === 0) return
      for (const { id } of fresh) underWay.add(id)
      send(
        fresh.map(({ id, gateway, topic, payload, retain, receivedAt }) => ({
          quarantineId: id,
          delivery: { gateway, topic, payload, qos: 1, dup: false, retain, packetId: 0, receivedAt },
        })),
      )
    },
    sent: forget,
    failed: forget,
  }
}
