/**
 * Everything that a peer could make the broker hold or do, bounded. Each limit carries its reason; all of them can be
 * set where the broker is started.
 */
export const defaultBrokerLimits = {
  /**
   * Largest MQTT packet after CONNECT. A delivery of 1,000 readings with ten values each stays under it; whatever is
   * larger is cut off at its announced length, before any of it is buffered.
   */
  packetBytesMax: 1_048_576,
  /** Largest first packet: ids, a secret and a short will fit, and nobody unknown can make us buffer more. */
  connectBytesMax: 8_192,
  /** From the TCP connection to a complete CONNECT, TLS and WebSocket handshakes included: a slow modem's worst case. */
  connectMs: 15_000,
  /** Levels of a topic or filter. Own topics have four, Zigbee2MQTT and The Things Stack stay below ten. */
  topicLevelsMax: 12,
  /** Characters of a topic or filter; the journal and the refusals keep them. */
  topicLengthMax: 256,
  /** Sessions at once. 2.5 million dwellings at about 40 a gateway are 62,500; an idle session costs about 22 KB. */
  sessionsMax: 80_000,
  /** Connections that may exist beyond the sessions: those between TCP and CONNACK. */
  handshakesMax: 4_000,
  /** New connections from one address at once: every gateway behind one concentrator back from an outage, twice. */
  connectsPerAddressBurst: 20_000,
  /** … and for ever after. A TLS handshake costs about a millisecond: one address may take half a core, not all. */
  connectsPerAddressPerSecond: 500,
  /** Addresses whose connects are being counted; when there are more, the one seen first is forgotten. */
  addressesMax: 100_000,
  /** What one client may publish for ever: a thousand probes reporting every second. */
  messagesPerSecond: 1_000,
  /** What it may publish at once, for instance what it kept while it was offline. */
  messagesBurst: 10_000,
  /** A publish counts as one message for each started stretch of this size, so that large ones are not cheap. */
  messageBytes: 4_096,
  /** How long the acks of a client over its rate are held back before its session ends. */
  ackDelayMsMax: 5_000,
  /** For how long, at least and at most, the next connects of such a client are turned away; jittered. */
  rateCooldownMsMin: 20_000,
  rateCooldownMsMax: 60_000,
  /** The same for a client that broke the protocol: long enough that a resend loop costs nothing. */
  protocolCooldownMsMin: 5_000,
  protocolCooldownMsMax: 15_000,
  /**
   * For how long, at least and at most, a session is held whose delivery could not be kept; jittered. A city that comes
   * back every second would take the time that its readings need.
   */
  notKeptEndMsMin: 20_000,
  notKeptEndMsMax: 60_000,
  /** Filters of one session. A gateway needs two, a service account a few; each is visited on every forward. */
  subscriptionsPerSessionMax: 50,
  /** Messages kept for one persistent session until it acks them: commands and error reports of a night. */
  queuedMessagesPerSessionMax: 1_000,
  /** Bytes kept for one persistent session. */
  queuedBytesPerSessionMax: 1_048_576,
  /** Bytes kept for all persistent sessions together: the part of the edge's memory that absent readers may take. */
  queuedBytesMax: 67_108_864,
  /** Unfinished QoS 2 handshakes of one client; more means that it never sends PUBREL. */
  qos2InFlightMax: 200,
  /** Retained status messages are small; a larger one is passed on and not retained. */
  retainedBytesMax: 1_024,
  /** Unsent bytes at one subscriber; while it does not read, what would be added is dropped and counted. */
  subscriberBacklogBytesMax: 1_048_576,
  /** A subscriber that reads nothing for this long is closed. */
  subscriberStalledMs: 60_000,
  /** Packets that may follow a CONNECT in the same segment, before its CONNACK. */
  packetsBeforeConnackMax: 1_000,
  /** TCP keep-alive probes find peers that vanished although they asked for no MQTT keep-alive. */
  tcpKeepAliveMs: 120_000,
  /** The same refusal of the same client is reported once in this time; the rest is counted. */
  refusalRepeatMs: 10_000,
  /** Refusals reported at once and each second, apart for known ids and for strangers, who cannot crowd them out. */
  refusalsBurst: 1_000,
  refusalsPerSecond: 50,
  /** Different refusals whose repetition is watched for. */
  refusalKeysMax: 20_000,
  /** On closing: how long accepted deliveries have to become durable and their acks to leave. */
  closeMs: 10_000,
}

export type BrokerLimits = Readonly<typeof defaultBrokerLimits>
