import { gatewayTopic, parseGatewayTopic, publishableKinds, topicRoot } from '#domain/topics.ts'
import type { GatewayTopics } from '#store/ledger/gateway-topics.ts'

/**
 * Behind an outside broker nobody knows who published: a delivery belongs to the gateway that its topic names, or, in
 * a maker's own format, to the gateway for which the registry maps the topic.
 */
export type TopicOwner =
  | { readonly kind: 'ours'; readonly gateway: string; readonly topic: 'report' | 'status' | 'foreign' }
  /** It will be ours when the worker that has it has handed it over. */
  | { readonly kind: 'arriving' }
  /** Another worker takes it. */
  | { readonly kind: 'others' }
  | { readonly kind: 'nobody' }

export interface TopicOwners {
  ownerOf(topic: string): TopicOwner
  /** What to subscribe to, so that everything of our gateways comes, and nothing twice. */
  readonly filters: ReadonlySet<string>
  /** Topics that the registry maps for more than one gateway: the first of them has it. */
  readonly contested: readonly string[]
}

interface TopicOwnersOptions extends GatewayTopics {
  ownerOf(gateway: string): 'ours' | 'arriving' | 'others'
  /** Whose topics are to be subscribed to. */
  isWanted(gateway: string): boolean
  readonly topicsRememberedMax: number
}

interface Level {
  readonly next: Map<string, Level>
  gateway?: string
}

const nobody: TopicOwner = { kind: 'nobody' }
const newLevel = (): Level => ({ next: new Map() })

export function topicOwners(options: TopicOwnersOptions): TopicOwners {
  const { gateways, foreign, isWanted, topicsRememberedMax } = options
  const known = new Map(gateways.map((gateway) => [gateway, options.ownerOf(gateway)]))
  const root = newLevel()
  const remembered = new Map<string, TopicOwner>()
  const contested = foreign.filter(({ gateway, topic }) => !claim(root, topic, gateway)).map(({ topic }) => topic)

  function owned(gateway: string, topic: 'report' | 'status' | 'foreign'): TopicOwner {
    const owner = known.get(gateway)
    if (owner === undefined) return nobody
    return owner === 'ours' ? { kind: 'ours', gateway, topic } : { kind: owner }
  }

  function find(topic: string): TopicOwner {
    if (topic.startsWith(`${topicRoot}/`)) {
      const own = parseGatewayTopic(topic)
      if (own === undefined || !publishableKinds.includes(own.kind)) return nobody
      return owned(own.gateway, own.kind === 'status' ? 'status' : 'report')
    }
    const gateway = match(root, topic.split('/'), 0)
    return gateway === undefined ? nobody : owned(gateway, 'foreign')
  }

  return {
    ownerOf(topic) {
      const before = remembered.get(topic)
      if (before) return before
      const found = find(topic)
      if (remembered.size >= topicsRememberedMax) remembered.clear()
      remembered.set(topic, found)
      return found
    },
    filters: wantedFilters(
      gateways.filter(isWanted),
      foreign.filter(({ gateway }) => known.has(gateway) && isWanted(gateway)).map(({ topic }) => topic),
    ),
    contested,
  }
}

/** Gives a filter to a gateway; false where another has it. */
function claim(root: Level, filter: string, gateway: string): boolean {
  let level = root
  for (const name of filter.split('/')) {
    const next = level.next.get(name) ?? newLevel()
    level.next.set(name, next)
    level = next
  }
  level.gateway ??= gateway
  return level.gateway === gateway
}

/** The gateway of the most particular filter that takes the topic in: a name goes before "+", and that before "#". */
function match(level: Level, names: readonly string[], at: number): string | undefined {
  const name = names[at]
  const rest = () => level.next.get('#')?.gateway
  // "a/#" takes in "a" as well.
  if (name === undefined) return level.gateway ?? rest()
  const named = level.next.get(name)
  const found = named && match(named, names, at + 1)
  // A leading wildcard never takes in what begins with "$" [MQTT-4.7.2-1].
  if (found !== undefined || (at === 0 && name.startsWith('$'))) return found
  const single = level.next.get('+')
  return (single && match(single, names, at + 1)) ?? rest()
}

/** Filters that others of them take in are left out: for them a broker may deliver a message once more. */
function wantedFilters(gateways: readonly string[], foreign: readonly string[]): Set<string> {
  const mapped = new Set(foreign)
  const isTakenIn = (filter: string) => {
    const names = filter.split('/')
    return names.some((_, count) => {
      const wider = [...names.slice(0, count), '#'].join('/')
      return wider !== filter && mapped.has(wider)
    })
  }
  const own = gateways.flatMap((gateway) => publishableKinds.map((kind) => gatewayTopic(gateway, kind)))
  return new Set([...own, ...foreign.filter((filter) => !isTakenIn(filter))])
}
