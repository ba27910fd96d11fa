/**
 * Topics of Sparkplug B 3.0: `spBv1.0/{group}/{message type}/{edge node}` and, for what concerns one of the node's
 * devices, `/{device}` after it. Types that begin with N are about the node itself, with D about a device.
 */
const namespace = 'spBv1.0'

const nodeTypes = ['NBIRTH', 'NDEATH', 'NDATA', 'NCMD'] as const
const deviceTypes = ['DBIRTH', 'DDEATH', 'DDATA', 'DCMD'] as const
export type SparkplugMessageType = (typeof nodeTypes)[number] | (typeof deviceTypes)[number]

export interface SparkplugTopic {
  readonly type: SparkplugMessageType
  readonly group: string
  readonly node: string
  /** Undefined where the message is about the node itself. */
  readonly device: string | undefined
}

/** What a topic says; undefined for any that is not of Sparkplug, and for the state of host applications. */
export function parseSparkplugTopic(topic: string): SparkplugTopic | undefined {
  const [root, group, type, node, device, ...more] = topic.split('/')
  if (root !== namespace || !group || !node || more.length > 0) return undefined
  const isNode = device === undefined
  const known = (isNode ? nodeTypes : deviceTypes).find((name) => name === type)
  if (known === undefined || device === '') return undefined
  return { type: known, group, node, device }
}

/** The topic of a message about the node itself. */
export const sparkplugNodeTopic = (
  { group, node }: Pick<SparkplugTopic, 'group' | 'node'>,
  type: (typeof nodeTypes)[number],
): string => `${namespace}/${group}/${type}/${node}`

/** Whose commands a filter asks for: those of one node, or of its devices. Undefined for any other filter. */
export function parseSparkplugCommandFilter(filter: string): Pick<SparkplugTopic, 'group' | 'node'> | undefined {
  const [root, group, type, node, ...rest] = filter.split('/')
  if (root !== namespace || (type !== 'NCMD' && type !== 'DCMD')) return undefined
  if (!group || !node || /[+#]/.test(group + node) || rest.length > 1) return undefined
  return { group, node }
}
