import type { Accepted } from '#domain/delivery.ts'
import { recordBytesMax } from './record.ts'

/** A group is one write and one sync. Twice the largest record, so that any record fits and few bytes stay unused. */
const groupBytes = 2 * recordBytesMax
/** Groups that wait while the disk is slow or the journal is at its bound; 70 MB of deliveries, none of them acked. */
const waitingGroupsMax = 32
/** Buffers kept for reuse: one that gathers, one that is being written, one between. */
const spareGroupsMax = 3

/** Records that become durable together. */
export interface Group {
  readonly bytes: Buffer
  length: number
  readonly accepted: Accepted[]
  records: number
}

/** Collects records into groups, in order. */
export interface Gathering {
  /** A group with room for a record, or undefined when too many wait. */
  groupFor(bytes: number): Group | undefined
  /** Takes the oldest group that has records. */
  take(): Group | undefined
  /** Gives a written group back for reuse. */
  giveBack(group: Group): void
  /** Bytes of records that are not yet durable, without the group that was taken. */
  bytes(): number
}

export function createGathering(): Gathering {
  const waiting: Group[] = []
  const spare: Group[] = []
  let open: Group | undefined

  return {
    groupFor(bytes) {
      if (open && open.length + bytes <= open.bytes.length) return open
      if (open && waiting.length >= waitingGroupsMax) return undefined
      if (open) waiting.push(open)
      open = spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(groupBytes), length: 0, accepted: [], records: 0 }
      return open
    },
    take() {
      const oldest = waiting.shift()
      if (oldest) return oldest
      if (!open || open.records === 0) return undefined
      const group = open
      open = spare.pop()
      return group
    },
    giveBack(group) {
      group.length = 0
      group.records = 0
      group.accepted.length = 0
      if (spare.length < spareGroupsMax) spare.push(group)
    },
    bytes: () => waiting.reduce((sum, group) => sum + group.length, open?.length ?? 0),
  }
}
