import { createDurableEnd } from './durable-end.ts'
import { diskFiles, type JournalFile, type JournalFiles } from './files.ts'
import { JournalError } from './journal-error.ts'
import { unpackGroup } from './packed-group.ts'
import { RecordView, recordBytesMax, recordEnd } from './record.ts'
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
  /** Position of each record. */
  readonly positions: readonly number[]
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

interface Filled {
  readonly bytes: Buffer
  readonly filled: number
  /** Where the first byte lies in the journal. */
  readonly position: number
  readonly bytesMax: number
}

interface OpenSegment {
  readonly segment: Segment
  readonly file: JournalFile
  /** Where it ends; undefined for the one that was being written when the folder was listed. */
  readonly end: number | undefined
}

export function openJournalReader({ directory, durableEnd, files = diskFiles }: JournalReaderOptions): JournalReader {
  const end = createDurableEnd(durableEnd)
  /** By the first position of each. */
  const open = new Map<number, OpenSegment>()
  let buffer = Buffer.allocUnsafeSlow(2 * recordBytesMax)
  const unpacked = Buffer.allocUnsafeSlow(2 * recordBytesMax)
  const view = new RecordView()

  async function openAt(position: number): Promise<OpenSegment> {
    const segments = segmentsAmong(directory, await files.list(directory))
    const segment = segmentOf(segments, position)
    if (segment === undefined) {
      throw new JournalError('journal_not_of_readers', `The journal in ${directory} does not reach back to ${position}`)
    }
    const known = open.get(segment.first)
    const opened = {
      segment,
      file: known?.file ?? (await files.open(segment.path, 'read')),
      end: segments[segments.indexOf(segment) + 1]?.first,
    }
    open.set(segment.first, opened)
    const [oldest] = open.values()
    if (open.size > openFilesMax && oldest) {
      open.delete(oldest.segment.first)
      await oldest.file.close()
    }
    return opened
  }

  /** Fills the buffer from a position on; returns how many bytes there are and the segment that they are of. */
  async function fill(position: number, durable: number, bytesMax: number) {
    // The segment that was the last one when it was looked for may still be: the folder is listed only when it ends.
    let likely: OpenSegment | undefined
    for (const one of open.values()) {
      const { first } = one.segment
      if (first <= position && first > (likely?.segment.first ?? -1)) likely = one
    }
    for (const candidate of [likely, undefined]) {
      const { file, segment, end } = candidate ?? (await openAt(position))
      const wanted = Math.min(bytesMax, Math.min(end ?? durable, durable) - position)
      if (wanted <= 0) continue
      if (buffer.length < wanted) buffer = Buffer.allocUnsafeSlow(wanted)
      const filled = await file.read(buffer.subarray(0, wanted), position - segment.first)
      if (filled > 0) return { filled, segment }
    }
    throw new JournalError('journal_damaged', `The journal in ${directory} ends before the durable position ${durable}`)
  }

  /** What was read of a buffer, its packed groups unpacked. */
  function unpack({ bytes, filled, position, bytesMax }: Filled): JournalStretch {
    const ends: number[] = []
    const positions: number[] = []
    let start = 0
    let into = bytes
    let length = 0
    const append = (from: Buffer, first: number, last: number) => {
      if (length + last - first > into.length) into = Buffer.concat([into.subarray(0, length)], 2 * (length + last))
      from.copy(into, length, first, last)
      length += last - first
    }
    while (start < bytesMax && length < bytesMax) {
      const recordEndsAt = recordEnd(bytes, start, filled)
      if (typeof recordEndsAt !== 'number') break
      view.show(bytes, start, recordEndsAt)
      if (view.isPacked) {
        const group = unpackGroup(view)
        if (into === bytes) {
          into = length <= unpacked.length ? unpacked : Buffer.allocUnsafe(2 * length)
          bytes.copy(into, 0, 0, length)
        }
        for (const [index, groupEnd] of group.ends.entries()) {
          ends.push(length + groupEnd)
          positions.push(position + start + index)
        }
        append(group.bytes, 0, group.bytes.length)
      } else {
        positions.push(position + start)
        if (into === bytes) length = recordEndsAt
        else append(bytes, start, recordEndsAt)
        ends.push(length)
      }
      start = recordEndsAt
    }
    return { from: position, to: position + start, bytes: into, ends, positions }
  }

  /** The rest of a packed group, for a position in the middle of it; where there is none, the journal is damaged. */
  async function readInside(segment: Segment, position: number, durable: number, bytesMax: number) {
    for (let at = segment.first; at < position; ) {
      const { filled } = await fill(at, durable, 2 * recordBytesMax)
      let start = 0
      for (let next = recordEnd(buffer, 0, filled); typeof next === 'number'; next = recordEnd(buffer, start, filled)) {
        if (at + next > position) {
          const [bytes, first] = [buffer.subarray(start), at + start]
          return withoutBefore(position, unpack({ bytes, filled: filled - start, position: first, bytesMax }))
        }
        start = next
      }
      if (start === 0) break
      at += start
    }
    throw new JournalError('journal_damaged', `${segment.path} holds no record at position ${position}`)
  }

  return {
    async read(position, bytesMax) {
      const durable = end.get()
      if (position >= durable) return undefined
      const { filled, segment } = await fill(position, durable, Math.max(bytesMax, recordBytesMax))
      const stretch = unpack({ bytes: buffer, filled, position, bytesMax })
      if (stretch.to > position) return stretch
      return readInside(segment, position, durable, bytesMax)
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

/** The stretch without the records that lie before a position. */
function withoutBefore(position: number, stretch: JournalStretch): JournalStretch {
  const first = stretch.positions.findIndex((at) => at >= position)
  const { to, bytes, ends, positions } = stretch
  if (first < 0) return { from: position, to, bytes, ends: [], positions: [] }
  const cut = ends[first - 1] ?? 0
  return {
    from: position,
    to,
    bytes: bytes.subarray(cut),
    ends: ends.slice(first).map((end) => end - cut),
    positions: positions.slice(first),
  }
}
