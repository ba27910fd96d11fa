/** One MQTT publish as the journal keeps it: bytes and circumstances, nothing decoded. */
export interface Delivery {
  /** Client id of the session that published; equals the gateway id for gateways. */
  readonly gateway: string
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1 | 2
  readonly dup: boolean
  readonly retain: boolean
  /** MQTT packet identifier; 0 for QoS 0 and for wills. */
  readonly packetId: number
  /** Service's clock at receipt, epoch milliseconds: the only "now" that rules get. */
  readonly receivedAt: number
}

/** Called once: without an error when the delivery is on the disk; with one when it never will be acked. */
export type Accepted = (error?: Error) => void

/** What the broker needs of ingest. The callback runs after the delivery is durable: only then a PUBACK may leave. */
export interface DeliverySink {
  accept(delivery: Delivery, accepted: Accepted): void
}
