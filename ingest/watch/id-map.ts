import type { DeviceIds } from '#domain/reading.ts'

/** Numbers of another table for the numbers of one that only grows, each looked up once. */
export interface IdMap {
  /** Number in the other table, or -1 where it is not there. */
  at(index: number, ids: DeviceIds): number
  /** Looks those up again that were not there. */
  forgetMissing(): void
}

const notLookedUp = -2
const missing = -1

export function createIdMap(find: (id: string) => number): IdMap {
  let known = new Int32Array(1024).fill(notLookedUp)
  return {
    at(index, ids) {
      if (index >= known.length) {
        const longer = new Int32Array(Math.max(known.length * 2, index + 1)).fill(notLookedUp)
        longer.set(known)
        known = longer
      }
      const found = known[index] as number
      if (found !== notLookedUp) return found
      const id = ids.at(index)
      const looked = id === undefined ? missing : find(id)
      known[index] = looked
      return looked
    },
    forgetMissing() {
      for (let index = 0; index < known.length; index += 1) if (known[index] === missing) known[index] = notLookedUp
    },
  }
}
