import { jsonOf } from './codec.ts'
import { type ForeignCodec, isObject, topicRest } from './foreign-codec.ts'

/** What follows a friendly name in topics that carry no state of a device. */
const otherTopics = /\/(availability|set|get|action)$|\/(set|get)\//

/**
 * Zigbee2MQTT 2: `{base}/{friendly name}`; the address is the friendly name, which may have slashes, and the base is what
 * the mapped filter spells out. The bridge publishes remembered states again when it starts; only `last_seen` tells
 * them from new ones.
 */
export const zigbee2mqtt: ForeignCodec = {
  timeAdvice:
    'Set advanced.last_seen to ISO_8601 in Zigbee2MQTT: without it old values that are published again after a ' +
    'restart look new.',
  read({ topic, filter, payload }, problems) {
    const address = topicRest(filter, topic)
    if (address === 'bridge' || address.startsWith('bridge/') || otherTopics.test(address)) return []
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    if (!isObject(root)) {
      const detail = 'The state of a device is a JSON object: set advanced.output to json in Zigbee2MQTT.'
      problems.add('$', { code: 'schema', detail })
      return []
    }
    const value = root.last_seen
    const time = { value, format: typeof value === 'number' ? ('epoch_ms' as const) : ('iso' as const) }
    return [{ address, path: '$', root, part: root, time }]
  },
}
