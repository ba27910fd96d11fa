import { valueAt } from '#domain/json-path.ts'
import type { PayloadMapping } from '#domain/payload-mapping.ts'
import { jsonOf } from './codec.ts'
import { type ForeignCodec, type Measurement, textOf, topicRest } from './foreign-codec.ts'

/** Any other JSON: the mapping says where its items, their addresses and their times are. */
export const mappedJson: ForeignCodec = {
  timeAdvice: 'Name the place of the time in the mapping, or let it count readings at their receipt.',
  read({ topic, filter, payload, mapping }, problems) {
    const root = jsonOf(payload, problems)
    if (root === undefined) return []
    const found = mapping.items ? valueAt(mapping.items, root, root) : root
    if (found === undefined) {
      problems.add('$', { code: 'schema', detail: 'Where the mapping looks for the list of items is nothing.' })
      return []
    }
    const measurements: Measurement[] = []
    const items = Array.isArray(found) ? found : [found]
    for (const [index, part] of items.entries()) {
      const path = Array.isArray(found) ? `$[${index}]` : '$'
      const address = addressOf(mapping, topic, filter, root, part)
      if (address === undefined) {
        const detail = 'Where the mapping looks for the address of the device is no text.'
        problems.add(path, { code: 'address_missing', detail })
        continue
      }
      const value = mapping.time ? valueAt(mapping.time, root, part) : undefined
      measurements.push({ address, path, root, part, time: { value, format: mapping.timeFormat ?? 'iso' } })
    }
    return measurements
  },
}

/** Without a place of its own the address is what the topic has behind the fixed part of its filter. */
function addressOf(
  { address }: PayloadMapping,
  topic: string,
  filter: string,
  root: unknown,
  part: unknown,
): string | undefined {
  if (address === undefined) return textOf(topicRest(filter, topic))
  return textOf(typeof address === 'number' ? topic.split('/')[address] : valueAt(address, root, part))
}
