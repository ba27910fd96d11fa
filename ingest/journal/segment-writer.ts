import type { JournalFile, JournalFiles } from './files.ts'
import type { Recovered } from './recovery.ts'
import { type Segment, segmentAt } from './segments.ts'

/** Puts groups of records at the end of the journal and removes segments from its beginning. */
export interface SegmentWriter {
  /** Position of the first byte that is kept. */
  start(): number
  end(): number
  /**
   * Writes a group and returns after it is durable. Where the disk had no room it may be called again with the same
   * bytes: they go to the same place, and are synced again.
   */
  append(bytes: Uint8Array): Promise<void>
  /** Removes the segments that lie whole before `position`, oldest first. */
  release(position: number): Promise<void>
  close(): Promise<void>
}

interface SegmentWriterOptions {
  readonly directory: string
  readonly files: JournalFiles
  readonly segmentBytes: number
  readonly recovered: Recovered
}

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { directory, files, segmentBytes, recovered } = options
  const segments: Segment[] = recovered.segments
  let file: JournalFile = recovered.file
  let end = recovered.end
  let activeFirst = segments.at(-1)?.first ?? end
  /** The file of the next segment, until it is certain that a power cut leaves it there. */
  let begun: JournalFile | undefined

  async function beginSegment(): Promise<void> {
    const segment = segmentAt(directory, end)
    begun ??= await files.create(segment.path)
    // Without this the whole segment can be gone after a power cut, however often its content was synced.
    await files.syncDirectory(directory)
    await file.close()
    file = begun
    begun = undefined
    activeFirst = segment.first
    segments.push(segment)
  }

  return {
    start: () => segments[0]?.first ?? end,
    end: () => end,
    async append(bytes) {
      if (end - activeFirst >= segmentBytes) await beginSegment()
      await file.write(bytes, end - activeFirst)
      await file.sync()
      end += bytes.length
    },
    async release(position) {
      for (;;) {
        const [oldest, next] = segments
        if (oldest === undefined || next === undefined || next.first > position) return
        await files.remove(oldest.path)
        // One after the other: a power cut must not bring back an older segment without the ones behind it.
        await files.syncDirectory(directory)
        segments.shift()
      }
    },
    async close() {
      await begun?.close()
      await file.close()
    },
  }
}
