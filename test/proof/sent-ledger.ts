import type { FeedMessage, SentReading } from './feed.ts'

/** What was sent and what was acked, kept apart from everything that is being proved. */
export interface SentLedger {
  sent(message: FeedMessage): void
  acked(message: FeedMessage): void
  /** Readings of messages that were acked. */
  ackedReadings(): readonly SentReading[]
  /** Readings that were sent but never acked: they may be stored or not. */
  unackedReadings(): readonly SentReading[]
  ackedMessages(): number
  /** Payloads of acked messages that belong into quarantine. */
  ackedRejects(): readonly string[]
}

export function sentLedger(): SentLedger {
  const unacked = new Set<FeedMessage>()
  const acked: SentReading[] = []
  const rejects: string[] = []
  let ackedMessages = 0
  return {
    sent: (message) => unacked.add(message),
    acked(message) {
      if (!unacked.delete(message)) throw new Error('A message was acked twice')
      ackedMessages++
      acked.push(...message.readings)
      if (message.rejected) rejects.push(message.payload)
    },
    ackedReadings: () => acked,
    unackedReadings: () => [...unacked].flatMap((message) => message.readings),
    ackedMessages: () => ackedMessages,
    ackedRejects: () => rejects,
  }
}
