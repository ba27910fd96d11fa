import { filterMatches, hasWildcard } from '#domain/topic-filter.ts'

/**
 * Things by MQTT topic filter. Most filters are a gateway's own exact topics and are found by one look-up; wildcards
 * belong to a few service accounts and are tried one after the other, so a message nobody wants costs next to nothing.
 */
export interface TopicIndex<T> {
  add(filter: string, item: T): void
  remove(filter: string, item: T): void
  /** True where at least one filter takes in the topic. */
  has(topic: string): boolean
  /** Everything whose filter takes in the topic, once for each such filter; undefined when there is nothing. */
  match(topic: string): T[] | undefined
}

export function topicIndex<T>(): TopicIndex<T> {
  const exact = new Map<string, Set<T>>()
  const wildcard = new Map<string, Set<T>>()
  const tableOf = (filter: string) => (hasWildcard(filter) ? wildcard : exact)

  return {
    add(filter, item) {
      const table = tableOf(filter)
      const items = table.get(filter)
      if (items) items.add(item)
      else table.set(filter, new Set([item]))
    },
    remove(filter, item) {
      const table = tableOf(filter)
      const items = table.get(filter)
      if (items?.delete(item) && items.size === 0) table.delete(filter)
    },
    has(topic) {
      if (exact.has(topic)) return true
      for (const filter of wildcard.keys()) if (filterMatches(filter, topic)) return true
      return false
    },
    match(topic) {
      const same = exact.get(topic)
      let found = same && [...same]
      for (const [filter, items] of wildcard) {
        if (!filterMatches(filter, topic)) continue
        if (found) found.push(...items)
        else found = [...items]
      }
      return found
    },
  }
}
