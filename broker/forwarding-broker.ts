import { Aedes, type AedesOptions, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes'
import type { LiveSubscriptions } from './live-subscriptions.ts'
import type { SessionStore } from './session-store.ts'

type Done = (error?: Error) => void

interface ForwardingOptions extends AedesOptions {
  readonly mq: LiveSubscriptions
  readonly persistence: SessionStore
}

/**
 * aedes with its own way of passing messages on. Stock aedes numbers a message and then looks for its subscribers
 * through several promises; one that is overtaken there looks like a repeat to a subscriber and is lost, and the
 * promises cost more than everything else about a reading that nobody reads. Here it is one synchronous look-up.
 */
export class ForwardingBroker extends Aedes {
  readonly #subscriptions: LiveSubscriptions
  readonly #store: SessionStore
  #forwarded = 0

  constructor(options: ForwardingOptions) {
    super(options)
    this.#subscriptions = options.mq
    this.#store = options.persistence
  }

  override publish(packet: PublishPacket, clientOrDone?: Client | null | Done, doneOfClient?: Done): void {
    const done = typeof clientOrDone === 'function' ? clientOrDone : doneOfClient
    // Nothing is told on $SYS: whoever may ask has counters, and a reconnect of the whole city stays cheap.
    if (!packet.topic.startsWith('$') && this.#isWanted(packet)) this.#forward(packet)
    done?.()
  }

  /** Most readings have no subscriber. */
  #isWanted({ topic, qos, retain }: PublishPacket): boolean {
    return retain || this.#subscriptions.wants(topic) || (qos > 0 && this.#store.wants(topic))
  }

  #forward(packet: PublishPacket): void {
    const forwarded: AedesPublishPacket = {
      cmd: 'publish',
      brokerId: this.id,
      brokerCounter: ++this.#forwarded,
      topic: packet.topic,
      payload: packet.payload,
      qos: packet.qos,
      retain: packet.retain,
      dup: false,
    }
    if (packet.retain) this.#store.retain(forwarded)
    if (packet.qos > 0) this.#store.enqueue(forwarded)
    this.#subscriptions.emit(forwarded)
  }
}
