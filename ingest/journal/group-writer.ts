import type { Group } from './group.ts'
import { isNoRoom } from './journal-error.ts'
import { packGroup } from './packed-group.ts'
import type { SegmentWriter } from './segment-writer.ts'

/** How soon a disk that was full is tried again; a release of segments is seen at once. */
const roomAgainMs = 500

/** Brings groups to the disk one by one, and waits where there is no room for one. */
export interface GroupWriter {
  /** Returns after the group is durable; false where the journal ends while there is no room for it. */
  write(group: Group): Promise<boolean>
  /** Removes the segments that lie whole before `position`, which may make room. */
  release(position: number): Promise<void>
  /** From now on nothing waits for room. */
  end(): void
  /** `waitingBytes`: what has gathered since. */
  counters(waitingBytes: number): GroupWriterCounters
}

export interface GroupWriterCounters {
  readonly records: number
  readonly bytes: number
  readonly syncs: number
  readonly syncMsMax: number
  readonly syncMsTotal: number
  /** Bytes on disk and their bound. */
  readonly sizeBytes: number
  readonly sizeBytesMax: number
  /** True while acks are withheld because the bound is reached, or because the disk has no room. */
  readonly full: boolean
  readonly diskFull: boolean
}

export function createGroupWriter(segments: SegmentWriter, sizeBytesMax: number): GroupWriter {
  const written = { records: 0, bytes: 0, syncs: 0, syncMsMax: 0, syncMsTotal: 0 }
  let diskFull = false
  let ended = false
  let roomMade: (() => void) | undefined

  const sizeBytes = () => segments.end() - segments.start()
  const isFull = (moreBytes: number) => sizeBytes() + moreBytes > sizeBytesMax

  async function isAppended(bytes: Uint8Array): Promise<boolean> {
    const startedAt = performance.now()
    try {
      await segments.append(bytes)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      return false
    }
    const syncMs = performance.now() - startedAt
    written.syncs++
    written.syncMsTotal += syncMs
    written.syncMsMax = Math.max(written.syncMsMax, syncMs)
    return true
  }

  /** Resolves when there may be room again. */
  function room(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, roomAgainMs)
      roomMade = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    async write(group) {
      while (isFull(group.length)) {
        if (ended) return false
        await room()
      }
      const bytes = packGroup(group) ?? group.bytes.subarray(0, group.length)
      while (!(await isAppended(bytes))) {
        diskFull = true
        if (ended) return false
        await room()
      }
      diskFull = false
      written.records += group.records
      written.bytes += bytes.length
      return true
    },
    async release(position) {
      // A file system may need room even to give some back: the next release tries again.
      await segments.release(position).catch((error) => {
        if (!isNoRoom(error)) throw error
      })
      roomMade?.()
    },
    end() {
      ended = true
      roomMade?.()
    },
    counters: (waitingBytes) => ({
      ...written,
      sizeBytes: sizeBytes(),
      sizeBytesMax,
      full: diskFull || isFull(waitingBytes),
      diskFull,
    }),
  }
}
