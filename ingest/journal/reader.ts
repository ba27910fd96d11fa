import { createDurableEnd } from './durable-end.ts'
import { diskFiles, type JournalFile, type JournalFiles } from './files.ts'
import { JournalError } from './journal-error.ts'
import { recordBytesMax, recordEnd } from './record.ts'
import { type Segment, segmentOf, segmentsAmong } from './segments.ts'

/** Readers that are apart read from different segments; each keeps its file open without evicting the others'. */
const openFilesMax = 4

/** A stretch of whole records. The bytes are valid until the next call of `read`. */
export interface JournalStretch {
  readonly from: number
  readonly to: number
  readonly bytes: Buffer
  /** Offset of the end of each record in `bytes`. */
  readonly ends: readonly number[]
}

/** Reads the durable part of a journal, in the thread of its own. */
export interface JournalReader {
  /** Whole records from `position` on, at least one, at most about `bytesMax`; undefined where none is durable yet. */
  read(position: number, bytesMax: number): Promise<JournalStretch | undefined>
  /** Resolves when there is something durable after `position`, or when the time is over. */
  wait(position: number, timeoutMs: number): Promise<void>
  /** Ends every wait. */
  wake(): void
  durableEnd(): number
  close(): Promise<void>
}

interface JournalReaderOptions {
  readonly directory: string
  /** The durable end of the thread that writes. */
  readonly durableEnd: SharedArrayBuffer
  readonly files?: JournalFiles
}

export function openJournalReader({ directory, durableEnd, files = diskFiles }: JournalReaderOptions): JournalReader {
  const end = createDurableEnd(durableEnd)
  const open = new Map<number, { file: JournalFile; segment: Segment; next?: number }>()
  let buffer = Buffer.allocUnsafeSlow(2 * recordBytesMax)

  async function findSegment(position: number) {
    const segments = segmentsAmong(directory, await files.list(directory))
    const segment = segmentOf(segments, position)
    if (segment === undefined) {
      throw new JournalError('journal_not_of_readers', `The journal in ${directory} does not reach back to ${position}`)
    }
    return { segment, next: segments[segments.indexOf(segment) + 1]?.first }
  }

  /** The file that holds a position, and where the segment ends; the one in work has no end yet. */
  async function fileAt(position: number) {
    for (const entry of open.values()) {
      if (entry.segment.first <= position && entry.next !== undefined && position < entry.next) return entry
    }
    const { segment, next } = await findSegment(position)
    const known = open.get(segment.first)
    if (known) {
      known.next = next
      return known
    }
    const entry = { segment, next, file: await files.open(segment.path, 'read') }
    open.set(segment.first, entry)
    if (open.size > openFilesMax) {
      const [oldest] = open
      if (oldest) {
        open.delete(oldest[0])
        await oldest[1].file.close()
      }
    }
    return entry
  }

  return {
    async read(position, bytesMax) {
      const durable = end.get()
      if (position >= durable) return undefined
      const { file, segment, next } = await fileAt(position)
      const readable = Math.min(next ?? durable, durable) - position
      const wanted = Math.min(readable, Math.max(bytesMax, recordBytesMax))
      if (buffer.length < wanted) buffer = Buffer.allocUnsafeSlow(wanted)
      const filled = await file.read(buffer.subarray(0, wanted), position - segment.first)
      const ends: number[] = []
      let start = 0
      while (start < bytesMax) {
        const recordEndsAt = recordEnd(buffer, start, filled)
        if (typeof recordEndsAt !== 'number') break
        ends.push(recordEndsAt)
        start = recordEndsAt
      }
      if (start === 0) {
        throw new JournalError('journal_damaged', `${segment.path} holds no record at position ${position}`)
      }
      return { from: position, to: position + start, bytes: buffer, ends }
    },
    wait: (position, timeoutMs) => end.beyond(position, timeoutMs),
    wake: () => end.wake(),
    durableEnd: () => end.get(),
    async close() {
      for (const { file } of open.values()) await file.close()
      open.clear()
    },
  }
}
