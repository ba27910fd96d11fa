/** What an outside broker could make us hold or wait for, bounded. Each limit carries its reason. */
export const outsideLimits = {
  /** Largest packet, as with our own broker: what is larger is skipped as it comes, before any of it is buffered. */
  packetBytesMax: 1_048_576,
  /** Characters of a topic; the journal keeps them. */
  topicLengthMax: 256,
  /**
   * Messages that a broker with MQTT 5 may send before the first of them is acked: at 20,000 a second what comes while
   * the disk takes 400 ms.
   */
  receiveMaximum: 8_192,
  /** Unacked messages and bytes at which nothing more is read from the socket until half of them are acked. */
  unackedMax: 32_768,
  unackedBytesMax: 33_554_432,
  /** From the TCP connection to the CONNACK: a slow line's worst case with TLS. */
  connectMs: 15_000,
  /** What is promised to the broker; a ping goes out twice in this time, and one without an answer ends the connection. */
  keepAliveSeconds: 60,
  /** A broker that owes an answer to SUBSCRIBE for longer does not work. */
  answerMs: 30_000,
  /**
   * First wait before the next attempt to connect, and the longest: doubled each time, and jittered. A broker that has
   * lost our session keeps nothing for us until we are back, and we are few.
   */
  reconnectMsMin: 500,
  reconnectMsMax: 5_000,
  /** A connection that held so long was a good one: the waits begin from the shortest again. */
  goodConnectionMs: 30_000,
  /** Filters of one SUBSCRIBE or UNSUBSCRIBE: some 10 KB. */
  filtersPerPacketMax: 200,
  /** Denied subscriptions are asked for again after this time: somebody may have mended the access list. */
  deniedAgainMs: 60_000,
  /** Error reports on their way to gateways; what is beyond is dropped and counted, the ledger has it in any case. */
  publishesUnackedMax: 1_000,
  /** Unsent bytes at which error reports are dropped, too. */
  unsentBytesMax: 4_194_304,
  /** Topics whose gateway is remembered, some 200 bytes each. */
  topicsRememberedMax: 200_000,
  /** A marker that has not come back after this time is sent again: the connection may have broken meanwhile. */
  markerAgainMs: 5_000,
  /** On closing: how long accepted deliveries have to become durable and their acks to leave. */
  closeMs: 10_000,
}

export type OutsideLimits = Readonly<typeof outsideLimits>
