import type { MqttIdentity } from '#domain/identity.ts'
import { parseSparkplugCommandFilter, parseSparkplugTopic, sparkplugNodeTopic } from '#domain/sparkplug.ts'
import { filterCovers, filterMatches, hasWildcard, isValidFilter, levelCount } from '#domain/topic-filter.ts'
import {
  gatewayTopic,
  gatewayTopicKinds,
  publishableKinds,
  readableKinds,
  reservedGatewayIds,
  topicRoot,
} from '#domain/topics.ts'
import type { BrokerLimits } from './limits.ts'

/**
 * Who may publish and read what. Pure: a verdict follows from the identity and the topic alone. Grants are valid
 * filters; the identity table lets no other in.
 */

export type PublishVerdict =
  | {
      readonly allowed: true
      /** A delivery goes to the journal; a message of the service's own (alerts, commands …) is only passed on. */
      readonly journaled: boolean
      /** The last one may be kept for subscribers to come. */
      readonly retainable: boolean
    }
  | Refused

export interface Refused {
  readonly allowed: false
  /** Stable code. */
  readonly reason:
    | 'topic_invalid'
    | 'topic_reserved'
    | 'topic_too_long'
    | 'topic_too_deep'
    | 'topic_not_own'
    | 'topic_not_granted'
    | 'wildcard_too_broad'
    | 'will_topic_not_own'
    | 'too_many_subscriptions'
}

type TopicLimits = Pick<BrokerLimits, 'topicLevelsMax' | 'topicLengthMax'>
type Grants = Pick<MqttIdentity, 'id' | 'kind' | 'publish' | 'subscribe'>

const reserved: readonly string[] = reservedGatewayIds
const refuse = (reason: Refused['reason']): Refused => ({ allowed: false, reason })

/** May this identity publish to this topic, and what happens with the message? */
export function publishVerdict(identity: Grants, topic: string, limits: TopicLimits): PublishVerdict {
  const malformed = topicProblem(topic, limits)
  if (malformed) return malformed
  if (hasWildcard(topic)) return refuse('topic_invalid')
  if (ownsTopics(identity)) {
    for (const kind of publishableKinds) {
      if (topic === gatewayTopic(identity.id, kind)) {
        return { allowed: true, journaled: true, retainable: kind === 'status' }
      }
    }
    // A gateway's grants are for foreign formats; no grant lets it speak in another gateway's or the service's name.
    if (topic === topicRoot || topic.startsWith(`${topicRoot}/`)) return refuse('topic_not_own')
  }
  if (!identity.publish.some((filter) => filterMatches(filter, topic))) {
    return refuse(identity.kind === 'gateway' ? 'topic_not_own' : 'topic_not_granted')
  }
  return { allowed: true, journaled: !isServiceTopic(topic), retainable: false }
}

/** May this identity read what this filter takes in? */
export function subscribeVerdict(
  identity: Grants,
  filter: string,
  limits: TopicLimits,
): { readonly allowed: true } | Refused {
  const malformed = topicProblem(filter, limits)
  if (malformed) return malformed
  if (!isValidFilter(filter)) return refuse('topic_invalid')
  // A wildcard in the first place asks for everybody's everything, whatever the grant says.
  if (hasWildcard(filter.split('/', 1)[0] ?? '')) return refuse('wildcard_too_broad')
  if (ownsTopics(identity) && readableKinds.some((kind) => filter === gatewayTopic(identity.id, kind))) {
    return { allowed: true }
  }
  if (identity.subscribe.some((granted) => filterCovers(granted, filter)) || isOwnSparkplugCommand(identity, filter)) {
    return { allowed: true }
  }
  return refuse(identity.kind === 'gateway' ? 'topic_not_own' : 'topic_not_granted')
}

/** A last will speaks of the gateway's own presence, or of the death of its Sparkplug nodes, and of nothing else. */
export function willVerdict(identity: Grants, topic: string): { readonly allowed: true } | Refused {
  const isOwn = topic === gatewayTopic(identity.id, 'status') || isOwnSparkplugDeath(identity, topic)
  return ownsTopics(identity) && isOwn ? { allowed: true } : refuse('will_topic_not_own')
}

/** May a message on this topic be handed to this identity? Asked again for what waited while it was away. */
export function mayReceive(identity: Grants, topic: string): boolean {
  if (ownsTopics(identity) && readableKinds.some((kind) => topic === gatewayTopic(identity.id, kind))) return true
  return identity.subscribe.some((granted) => filterMatches(granted, topic)) || isOwnSparkplugCommand(identity, topic)
}

/** Whoever may publish the data of a Sparkplug node reads the commands to it as well: a rebirth is asked for by one. */
function isOwnSparkplugCommand(identity: Grants, filter: string): boolean {
  const node = parseSparkplugCommandFilter(filter)
  return (
    node !== undefined && identity.publish.some((granted) => filterMatches(granted, sparkplugNodeTopic(node, 'NDATA')))
  )
}

function isOwnSparkplugDeath(identity: Grants, topic: string): boolean {
  return (
    parseSparkplugTopic(topic)?.type === 'NDEATH' && identity.publish.some((granted) => filterMatches(granted, topic))
  )
}

const ownsTopics = (identity: Grants): boolean =>
  identity.kind === 'gateway' && !reserved.includes(identity.id) && !/[/+#]/.test(identity.id)

function topicProblem(topic: string, limits: TopicLimits): Refused | undefined {
  if (topic.length === 0 || topic.includes('\u0000')) return refuse('topic_invalid')
  if (topic.startsWith('$')) return refuse('topic_reserved')
  if (topic.length > limits.topicLengthMax) return refuse('topic_too_long')
  if (levelCount(topic) > limits.topicLevelsMax) return refuse('topic_too_deep')
  return undefined
}

/** Alerts, wake-ups, commands and error reports come from the service; ingest has nothing to decode in them. */
function isServiceTopic(topic: string): boolean {
  const [root, version, owner, kind] = topic.split('/')
  if (`${root}/${version}` !== topicRoot) return false
  if (owner !== undefined && reserved.includes(owner)) return true
  return gatewayTopicKinds.some((known) => known === kind) && readableKinds.some((readable) => readable === kind)
}
