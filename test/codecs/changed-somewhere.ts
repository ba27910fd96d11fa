/** The value with the n-th of its parts, counted over the whole tree, replaced by another value. */
export function changedSomewhere(value: unknown, place: number, other: unknown): unknown {
  let left = place % (1 + partsIn(value))
  const walk = (part: unknown): unknown => {
    if (left-- === 0) return other
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]))
  }
  return walk(value)
}

function partsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, part) => sum + 1 + partsIn(part), 0)
}
