/** What a refusal means and what to do about it, for the person who owns the gateway. English, as all of the protocol. */
const texts: Readonly<Record<string, string>> = {
  topic_invalid: 'The topic is empty, has a wildcard in it, or is otherwise not a topic.',
  topic_reserved: 'Topics beginning with "$" belong to brokers.',
  topic_too_long: 'The topic is longer than this service takes.',
  topic_too_deep: 'The topic has more levels than this service takes.',
  topic_not_own: 'A gateway publishes to its own readings, senml and status topics and to topics granted to it.',
  topic_not_granted: 'This account has no grant for this topic.',
  wildcard_too_broad: 'A filter must not begin with a wildcard.',
  too_many_subscriptions: 'This session has as many subscriptions as it may have.',
  packet_too_large: 'The packet was larger than this service takes; send smaller batches.',
  packet_malformed: 'The bytes were not MQTT 3.1.1.',
  rate_limit: 'Messages came faster than this service takes from one gateway; send batches, and come back later.',
}

export const refusalText = (reason: string): string => texts[reason] ?? 'Refused.'
