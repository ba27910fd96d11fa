import type { ClockState } from './city-clock.ts'
import type { IdTable } from './id-table.ts'
import { packPage } from './page-codec.ts'
import { type DirtyPages, pageSlots, pageSlotsLog2 } from './pages.ts'
import type { ProbeColumns } from './probe-columns.ts'
import type { SnapshotFile, StoredPage } from './snapshot-file.ts'

/**
 * Writes the watch's state piece by piece while it goes on changing. How much it writes goes by how much was read: a
 * few bytes for a reading, and in a large city as much as it takes that a restart has a bounded piece of the journal
 * to read again.
 */
export interface Checkpoint {
  /** From here on the journal is needed to bring every written piece up to date. */
  readonly floor: number
  /** What was read since the last call. */
  earn(readings: number, ticks: number): void
  isDue(now: number): boolean
  /** Writes some pieces as they are at a position. Everything before it must be durable in the ledger. */
  write(position: number, clock: ClockState): void
  /** Writes all that changed. */
  writeAll(position: number, clock: ClockState): void
}

/** SQLite writes a page to its log and then to its place: about twice this reaches the disk. */
const bytesPerReading = 10
/** A quiet city is written as well, in the end. */
const bytesPerTick = 4_096
/**
 * All of the state is written once in so many readings: they are read again in some 15 seconds, and at 2.5 million
 * probes the state costs a reading about 40 bytes of writing.
 */
const replayReadingsMax = 1_500_000
/** A slot's state, until pages were written and it is known. */
const bytesPerSlotAtFirst = 12
/** Written together, for one sync and a few pages of SQLite's own. */
const batchBytesDefault = 512 * 1024
/** Less is not worth a sync. */
const batchBytesMin = 32 * 1024
/** A city that was replayed has earned more than is good at once. */
const earnedBatchesMax = 4
/** Plants and gateways are few, and written whole. */
const worldEveryMs = 120_000
/** Keeps one transaction of a full write small. */
const pagesPerWriteMax = 200

interface CheckpointParts {
  readonly file: SnapshotFile
  readonly columns: ProbeColumns
  readonly pages: DirtyPages
  readonly devices: IdTable
  packWorld(): Uint8Array
  /** What is on the disk already. */
  readonly floor: number
  readonly idsWritten: number
  readonly batchBytes?: number
}

export function createCheckpoint(parts: CheckpointParts): Checkpoint {
  const { file, columns, pages, devices, packWorld, batchBytes = batchBytesDefault } = parts
  let earnedBytes = 0
  let bytesPerSlot = bytesPerSlotAtFirst
  let floor = parts.floor
  let idsWritten = parts.idsWritten
  let worldAt = 0
  let worldPosition = parts.floor

  const slotsOf = (page: number) => Math.min(pageSlots, devices.length - (page << pageSlotsLog2))

  function pack(page: number, position: number): StoredPage {
    const first = page << pageSlotsLog2
    // The decoder adds devices while blocks wait for the ledger.
    columns.reserve(devices.length)
    const states = Array.from({ length: slotsOf(page) }, (_, offset) => columns.get(first + offset))
    return { number: page, position, state: packPage(states) }
  }

  /** Ids of the pages that have new slots. */
  function newIds(): { number: number; ids: string[] }[] {
    const changed: { number: number; ids: string[] }[] = []
    if (idsWritten === devices.length) return changed
    for (let page = idsWritten >> pageSlotsLog2; page << pageSlotsLog2 < devices.length; page += 1) {
      const first = page << pageSlotsLog2
      changed.push({ number: page, ids: Array.from({ length: slotsOf(page) }, (_, at) => devices.at(first + at)) })
    }
    return changed
  }

  function save(numbers: readonly number[], withWorld: boolean, position: number, clock: ClockState): void {
    const packed = numbers.map((page) => pack(page, position))
    for (const page of numbers) pages.written(page, position)
    if (withWorld) {
      worldAt = clock.lastAt
      worldPosition = position
    }
    const nextFloor = Math.min(position, pages.oldest(), worldPosition)
    file.save({
      floor: nextFloor,
      pages: packed,
      ids: newIds(),
      clock: { position, state: JSON.stringify(clock) },
      ...(withWorld && { world: { position, state: packWorld() } }),
    })
    // Not before it is on the disk: the journal gives up what lies before it.
    floor = nextFloor
    idsWritten = devices.length
    const packedBytes = packed.reduce((sum, { state }) => sum + state.length, 0)
    earnedBytes -= packedBytes
    if (packed.length > 0) bytesPerSlot = packedBytes / packed.reduce((sum, { number }) => sum + slotsOf(number), 0)
  }

  const pageBytes = () => Math.min(pageSlots, devices.length) * bytesPerSlot
  const dirtyBytes = () => Math.max(batchBytesMin, pages.dirtyCount * pageBytes())
  const isWorldDue = (now: number) => now - worldAt >= worldEveryMs

  return {
    get floor() {
      return floor
    },
    earn(readings, ticks) {
      const always = readings * bytesPerReading + ticks * bytesPerTick
      const inTime = (devices.length * bytesPerSlot * readings) / replayReadingsMax
      earnedBytes = Math.min(earnedBatchesMax * batchBytes, earnedBytes + Math.max(always, inTime))
    },
    isDue: (now) => isWorldDue(now) || (pages.dirtyCount > 0 && earnedBytes >= Math.min(batchBytes, dirtyBytes())),
    write(position, clock) {
      const count = Math.max(0, Math.ceil(earnedBytes / pageBytes()))
      save(pages.takeDirty(count), isWorldDue(clock.lastAt), position, clock)
    },
    writeAll(position, clock) {
      do save(pages.takeDirty(pagesPerWriteMax), pages.dirtyCount <= pagesPerWriteMax, position, clock)
      while (pages.dirtyCount > 0)
    },
  }
}
