import { hash } from 'node:crypto'

/** JSON with the keys of every object in order, so that the same content always makes the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).filter(([, content]) => content !== undefined)
  entries.sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${entries.map(([key, content]) => `${JSON.stringify(key)}:${canonicalJson(content)}`).join(',')}}`
}

export const sha256 = (text: string): string => hash('sha256', text)

/** The root over nothing. */
const emptyRoot = sha256('')

/**
 * The Merkle root of leaves in their order. Leaves and inner nodes are hashed apart (RFC 6962), so that neither can
 * stand for the other; a node without a partner is carried up as it is.
 */
export const merkleRoot = (leaves: readonly string[]): string =>
  merkleRootOfHashes(leaves.map((leaf) => sha256(`leaf ${leaf}`)))

/** The Merkle root over what is hashed already: leaves, or the roots of trees below. */
export function merkleRootOfHashes(hashes: readonly string[]): string {
  if (hashes.length === 0) return emptyRoot
  let level = hashes
  while (level.length > 1) {
    const above: string[] = []
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index] as string, level[index + 1]]
      above.push(right === undefined ? left : sha256(`node ${left} ${right}`))
    }
    level = above
  }
  return level[0] as string
}
