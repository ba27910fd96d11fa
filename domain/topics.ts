/**
 * Every MQTT topic of the service, in one place.
 *
 * heating/v1/{gateway}/readings   gateway publishes native JSON
 * heating/v1/{gateway}/senml      gateway publishes SenML (RFC 8428)
 * heating/v1/{gateway}/status     gateway's presence and last will
 * heating/v1/{gateway}/commands   gateway reads
 * heating/v1/{gateway}/errors     gateway reads what became of its bad deliveries
 * heating/v1/alerts/{district}    service accounts read
 * heating/v1/wake                 edge tells the api that the ledger has news
 */
export const topicRoot = 'heating/v1'

export const gatewayTopicKinds = ['readings', 'senml', 'status', 'commands', 'errors'] as const
export type GatewayTopicKind = (typeof gatewayTopicKinds)[number]

/** Second levels that are not gateways; no gateway may have one of these as its id. */
export const reservedGatewayIds = ['alerts', 'wake'] as const

/** Kinds a gateway may publish to on its own topics. */
export const publishableKinds: readonly GatewayTopicKind[] = ['readings', 'senml', 'status']
/** Kinds a gateway may subscribe to on its own topics. */
export const readableKinds: readonly GatewayTopicKind[] = ['commands', 'errors']

export const gatewayTopic = (gateway: string, kind: GatewayTopicKind) => `${topicRoot}/${gateway}/${kind}`
export const alertsTopic = (district: string) => `${topicRoot}/alerts/${district}`
export const wakeTopic = `${topicRoot}/wake`

/** The gateway and kind of one of the gateway topics above, or undefined for any other topic. */
export function parseGatewayTopic(topic: string): { gateway: string; kind: GatewayTopicKind } | undefined {
  if (!topic.startsWith(`${topicRoot}/`)) return undefined
  const [gateway, kind, ...more] = topic.slice(topicRoot.length + 1).split('/')
  if (!gateway || more.length > 0 || (reservedGatewayIds as readonly string[]).includes(gateway)) return undefined
  if (!(gatewayTopicKinds as readonly string[]).includes(kind ?? '')) return undefined
  return { gateway, kind: kind as GatewayTopicKind }
}
