import { join } from 'node:path'
import { JournalError } from './journal-error.ts'

/** A file of the journal. Its name is the position of its first byte. */
export interface Segment {
  readonly first: number
  readonly path: string
}

const positionDigits = 16
const namePattern = /^(\d{16})\.journal$/

/** Where the segment that begins at a position is. */
export function segmentAt(directory: string, first: number): Segment {
  return { first, path: join(directory, `${String(first).padStart(positionDigits, '0')}.journal`) }
}

/** The segments among the names of a folder, oldest first. */
export function segmentsAmong(directory: string, names: readonly string[]): Segment[] {
  return names
    .flatMap((name) => {
      const digits = namePattern.exec(name)?.[1]
      return digits === undefined ? [] : [segmentAt(directory, Number(digits))]
    })
    .sort((a, b) => a.first - b.first)
}

/** The segment that holds a position, or would be the one to write it to. */
export function segmentOf(segments: readonly Segment[], position: number): Segment | undefined {
  return segments.findLast((segment) => segment.first <= position)
}

/** Names must continue each other: a segment that is gone or cut short took durable deliveries with it. */
export function checkContinuous(segment: Segment, sizeBytes: number, next: Segment): void {
  const end = segment.first + sizeBytes
  if (end === next.first) return
  throw new JournalError(
    'journal_damaged',
    `${segment.path} ends at position ${end}, but the next segment begins at ${next.first}. ` +
      'Restore the journal folder, or move it away to begin an empty journal and give up what was not yet stored.',
  )
}
