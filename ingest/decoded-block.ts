import type { ReadingBatch } from '#domain/reading.ts'

/** The service's clock, written into the journal so that silence and outages are part of the history. */
export interface Tick {
  /** Journal position of its record. */
  readonly position: number
  readonly at: number
  /** True while history fills in: nobody is notified. */
  readonly catchingUp: boolean
  /** The first after a start, or after nothing could come: the time since the record before it was an outage of ours. */
  readonly started: boolean
  /** Readings of the block that lie before it. */
  readonly readingsBefore: number
}

/** A delivery that could not be taken whole: its bytes and everything that is wrong with it. */
export interface RejectedDelivery {
  readonly position: number
  readonly receivedAt: number
  readonly gateway: string
  readonly topic: string
  readonly payload: Uint8Array
  readonly retain?: boolean
  /** Good readings of the same delivery are stored all the same. */
  readonly storedReadings: number
  readonly problems: readonly DeliveryProblem[]
}

export interface DeliveryProblem {
  /** Stable code, e.g. `not_json`, `schema`, `unknown_metric`, `time_ahead`, `time_too_old`, `too_large`. */
  readonly code: string
  /** Where in the payload, as a JSON path; "$" for the whole. */
  readonly path: string
  /** What is wrong and what to do, for the person who owns the gateway. */
  readonly detail: string
}

/** A stretch of the journal, decoded once and shared by all readers. */
export interface DecodedBlock {
  /** Journal positions: first record, and first record after the block. */
  readonly from: number
  readonly to: number
  readonly readings: ReadingBatch
  /** Journal position of the delivery behind each reading. */
  readonly position: Float64Array
  /** Gateway behind each reading, as an index into `gatewayIds`, a table that only grows. */
  readonly gateway: Uint32Array
  readonly gatewayIds: readonly string[]
  readonly ticks: readonly Tick[]
  readonly rejected: readonly RejectedDelivery[]
  /** Deliveries of the block by outcome; they add up to the deliveries of the block. */
  readonly deliveries: {
    readonly total: number
    readonly taken: number
    readonly repeats: number
    readonly rejected: number
    readonly status: number
  }
  /** Readings without a time of their own: repeats among them cannot be told. */
  readonly readingsWithoutTime: number
}
