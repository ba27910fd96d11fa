import { checksum } from './checksum.ts'
import { diskFiles, type JournalFile, type JournalFiles } from './files.ts'
import { JournalError } from './journal-error.ts'
import { unpackGroup } from './packed-group.ts'
import { RecordView, recordBytesMax, recordEnd } from './record.ts'
import type { RepeatWindow } from './repeat-window.ts'
import { checkContinuous, type Segment, segmentAt, segmentOf, segmentsAmong } from './segments.ts'

const scanBufferBytes = 4 << 20

export interface Recovered {
  /** Oldest first; the last one is open for writing. */
  readonly segments: Segment[]
  readonly file: JournalFile
  readonly end: number
  /** Bytes of an unfinished write that were cut off; none of them was ever acked. */
  readonly tornBytes: number
}

interface RecoverOptions {
  readonly directory: string
  readonly files: JournalFiles
  /** Where an empty journal begins. */
  readonly startAt: number
  /** How much of the journal's end is read to rebuild the window of repeats. */
  readonly windowBytes: number
  readonly window: RepeatWindow
}

/** Whether the folder, which is made where it is missing, holds a journal; an empty one is one. */
export async function hasJournal(directory: string): Promise<boolean> {
  await diskFiles.makeDirectory(directory)
  return segmentsAmong(directory, await diskFiles.list(directory)).length > 0
}

/** Finds the end of the journal, cuts off what a crash left unfinished, and makes sure that the rest is durable. */
export async function recoverJournal(options: RecoverOptions): Promise<Recovered> {
  const { directory, files } = options
  await files.makeDirectory(directory)
  const segments = segmentsAmong(directory, await files.list(directory))
  const last = segments.at(-1)
  if (last === undefined) return beginJournal(options)

  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]
    if (next) checkContinuous(segment, await sizeOf(files, segment), next)
  }
  const file = await files.open(last.path, 'write')
  try {
    const { end, tornBytes } = await recoverEnd(options, segments, last, file)
    return { segments, file, end, tornBytes }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function recoverEnd(
  { files, directory, window, windowBytes }: RecoverOptions,
  segments: readonly Segment[],
  last: Segment,
  file: JournalFile,
): Promise<{ end: number; tornBytes: number }> {
  const sizeBytes = await file.size()
  const windowStart = segmentOf(segments, last.first + sizeBytes - windowBytes)
  for (const segment of segments.slice(windowStart ? segments.indexOf(windowStart) : 0, -1)) {
    await rememberSegment(files, segment, window)
  }
  const validBytes = await scan(file, sizeBytes, window)
  if (validBytes < sizeBytes) {
    await refuseDamage(file, last, validBytes, sizeBytes)
    await file.truncate(validBytes)
  }
  // A record may be readable because the kernel still has it although the process died before its sync: readers
  // must not save a position behind it before it is on the disk. The same holds for the name of the segment.
  await file.sync()
  await files.syncDirectory(directory)
  return { end: last.first + validBytes, tornBytes: sizeBytes - validBytes }
}

async function beginJournal({ directory, files, startAt }: RecoverOptions): Promise<Recovered> {
  const segment = segmentAt(directory, startAt)
  const file = await files.create(segment.path)
  await files.syncDirectory(directory)
  return { segments: [segment], file, end: startAt, tornBytes: 0 }
}

async function sizeOf(files: JournalFiles, segment: Segment): Promise<number> {
  const file = await files.open(segment.path, 'read')
  try {
    return await file.size()
  } finally {
    await file.close()
  }
}

async function rememberSegment(files: JournalFiles, segment: Segment, window: RepeatWindow): Promise<void> {
  const file = await files.open(segment.path, 'read')
  try {
    const sizeBytes = await file.size()
    const validBytes = await scan(file, sizeBytes, window)
    if (validBytes < sizeBytes) throw damage(segment, validBytes)
  } finally {
    await file.close()
  }
}

/** Shows every whole record to the window; returns the offset of the first byte that belongs to none. */
async function scan(file: JournalFile, sizeBytes: number, window: RepeatWindow): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(scanBufferBytes, sizeBytes))
  const view = new RecordView()
  let offset = 0
  while (offset < sizeBytes) {
    const filled = await file.read(buffer, offset)
    let start = 0
    for (;;) {
      const end = recordEnd(buffer, start, filled)
      if (end === 'invalid') return offset + start
      if (end === 'incomplete') break
      view.show(buffer, start, end)
      remember(view, window)
      start = end
    }
    // A record is smaller than the buffer: one that is still incomplete at its beginning has no end.
    if (start === 0) return offset
    offset += start
  }
  return offset
}

function remember(record: RecordView, window: RepeatWindow): void {
  if (record.isPacked) {
    const { bytes, ends } = unpackGroup(record)
    for (const [index, end] of ends.entries()) {
      record.show(bytes, ends[index - 1] ?? 0, end)
      remember(record, window)
    }
    return
  }
  if (record.isTick || record.qos === 0 || record.quarantineId !== 0) return
  window.check({
    gateway: record.gateway,
    packetId: record.packetId,
    dup: record.repeat,
    checksum: checksum(record.bytes, record.payloadStart, record.payloadEnd),
    receivedAt: record.at,
  })
}

/**
 * A crash can only spoil the group that was being written: a later group is written after the sync of the one before.
 * So where another group follows the broken record, the disk lost bytes that were acked, and cutting them off
 * silently would hide it.
 */
async function refuseDamage(file: JournalFile, segment: Segment, validBytes: number, sizeBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(scanBufferBytes, sizeBytes - validBytes))
  const view = new RecordView()
  let offset = validBytes + 1
  while (offset < sizeBytes) {
    const filled = await file.read(buffer, offset)
    for (let start = 0; start < filled; start++) {
      const end = recordEnd(buffer, start, filled)
      if (typeof end !== 'number') continue
      view.show(buffer, start, end)
      if (view.groupStart) throw damage(segment, validBytes)
    }
    if (offset + filled >= sizeBytes) return
    offset += Math.max(1, filled - recordBytesMax)
  }
}

function damage(segment: Segment, offset: number): JournalError {
  return new JournalError(
    'journal_damaged',
    `${segment.path} is damaged at position ${segment.first + offset}, before records that were already durable. ` +
      'Restore the journal folder from a copy, or move it away to begin an empty journal and give up what was not yet stored.',
  )
}
