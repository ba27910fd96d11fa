/** MQTT 3.1.1 section 4.7: topics, filters, and what of the one lies in the other. Pure. */

/** Number of levels, "a/b" has two. */
export function levelCount(topic: string): number {
  let levels = 1
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) levels++
  return levels
}

/** True where the filter has a wildcard in it. */
export const hasWildcard = (filter: string): boolean => filter.includes('+') || filter.includes('#')

/** True where wildcards fill whole levels and "#" comes last ([MQTT-4.7.1-2], [MQTT-4.7.1-3]). */
export function isValidFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\u0000')) return false
  const levels = filter.split('/')
  return levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1
    return level === '+' || !hasWildcard(level)
  })
}

/** True where a valid filter takes in a topic. Walks both strings, because it runs on every forward. */
export function filterMatches(filter: string, topic: string): boolean {
  // A leading wildcard never takes in what begins with "$" [MQTT-4.7.2-1].
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  let f = 0
  let t = 0
  for (;;) {
    const filterEnd = endOfLevel(filter, f)
    if (filter[f] === '#' && filterEnd === f + 1) return true
    const topicEnd = endOfLevel(topic, t)
    const single = filter[f] === '+' && filterEnd === f + 1
    if (!single && (filterEnd - f !== topicEnd - t || !filter.startsWith(topic.slice(t, topicEnd), f))) return false
    if (topicEnd === topic.length) {
      // "a/#" takes in "a" as well.
      return filterEnd === filter.length || filter.slice(filterEnd) === '/#'
    }
    if (filterEnd === filter.length) return false
    f = filterEnd + 1
    t = topicEnd + 1
  }
}

function endOfLevel(topic: string, from: number): number {
  const end = topic.indexOf('/', from)
  return end === -1 ? topic.length : end
}

/** True where every topic that `asked` takes in is also taken in by `granted`. Both are valid filters. */
export function filterCovers(granted: string, asked: string): boolean {
  if (asked.startsWith('$') && !granted.startsWith('$')) return false
  const grantedLevels = granted.split('/')
  const askedLevels = asked.split('/')
  for (const [index, level] of grantedLevels.entries()) {
    if (level === '#') return true
    const askedLevel = askedLevels[index]
    if (askedLevel === undefined || askedLevel === '#') return false
    if (level !== '+' && level !== askedLevel) return false
  }
  // What is left of `asked` goes deeper than `granted`, or is the same.
  return askedLevels.length === grantedLevels.length
}
