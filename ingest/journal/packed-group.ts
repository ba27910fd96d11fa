import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Group } from './group.ts'
import { JournalError } from './journal-error.ts'
import { encodePacked, type RecordView, recordEnd } from './record.ts'

/**
 * Records of one group are much alike: together they shrink to a sixth, and a city that trickles then rewrites far
 * fewer blocks of the disk. A packed group is one record of the journal. Each record in it keeps a position of its
 * own: the group's, and one more for each record before it.
 */

/** What a whole city sends in a quarter of a second, half a millisecond's work. More would hold up the main thread. */
const packedBytesMax = 128 << 10
/** Fewer records are not worth the time. */
const recordsMin = 4
/**
 * A higher level takes longer and gains nothing on so few bytes. A chunk is allocated for every group: one of the usual
 * 16 KB, mostly unused, would be 40 MB of garbage before it is collected.
 */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: 4 << 10 }

/** The group as one record; undefined where it is better written as it is. */
export function packGroup({ bytes, length, records }: Group): Uint8Array | undefined {
  if (records < recordsMin || length > packedBytesMax) return undefined
  const packed = encodePacked(zstdCompressSync(bytes.subarray(0, length), compression), records)
  // Positions of its records must lie before its end.
  return packed.length < length && packed.length >= records ? packed : undefined
}

/** The records of a packed group, and the offset of the end of each. */
export function unpackGroup(view: RecordView): { readonly bytes: Buffer; readonly ends: readonly number[] } {
  const bytes = zstdDecompressSync(view.payload(), { maxOutputLength: packedBytesMax })
  const ends: number[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = recordEnd(bytes, start, bytes.length)
    if (typeof end !== 'number') throw damagedGroup()
    ends.push(end)
    start = end
  }
  if (ends.length !== view.packedRecords) throw damagedGroup()
  return { bytes, ends }
}

const damagedGroup = () =>
  new JournalError(
    'journal_damaged',
    'A packed group of the journal is whole and holds something else than its records',
  )
