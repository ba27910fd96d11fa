import type { AedesPublishPacket } from 'aedes'
import { topicIndex } from './topic-index.ts'

/** How aedes hands a message to one subscription of one session. */
type Deliver = (packet: AedesPublishPacket, done: () => void) => void

type Done = () => void

/** The emitter that aedes takes as its `mq`: subscriptions of the sessions that are connected now. */
export interface LiveSubscriptions {
  on(filter: string, deliver: Deliver, done?: Done): void
  removeListener(filter: string, deliver: Deliver, done?: Done): void
  emit(packet: AedesPublishPacket, done?: Done): void
  close(done?: Done): void
  /** Is anybody there who reads this topic? */
  wants(topic: string): boolean
}

/**
 * A message is handed to every subscription at once and nobody is waited for: a subscriber that does not read fills
 * its own bounded backlog, and never holds up another, nor a publisher. (The emitter that comes with aedes has a
 * fixed number of places, which one frozen subscriber can take for a minute.)
 */
export function liveSubscriptions(): LiveSubscriptions {
  const index = topicIndex<Deliver>()
  return {
    on(filter, deliver, done) {
      // aedes listens for other brokers of a cluster; there is none, and nothing is published on $SYS.
      if (!filter.startsWith('$')) index.add(filter, deliver)
      done?.()
    },
    removeListener(filter, deliver, done) {
      index.remove(filter, deliver)
      done?.()
    },
    emit(packet, done) {
      const delivers = index.match(packet.topic)
      if (delivers) for (const deliver of delivers) deliver(packet, nothing)
      done?.()
    },
    close(done) {
      done?.()
    },
    wants: index.has,
  }
}

const nothing = () => {}
