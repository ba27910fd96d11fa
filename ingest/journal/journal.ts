import type { Accepted, Delivery, DeliverySink } from '#domain/delivery.ts'
import { checksum } from './checksum.ts'
import { createDurableEnd, type DurableEnd } from './durable-end.ts'
import { diskFiles, type JournalFiles } from './files.ts'
import { createGathering, type Group } from './group.ts'
import { createGroupPace } from './group-pace.ts'
import { createGroupWriter, type GroupWriterCounters } from './group-writer.ts'
import { JournalError } from './journal-error.ts'
import {
  deliveryBytesBound,
  encodeDelivery,
  encodeTick,
  fitsRecord,
  payloadBytesMax,
  recordBytesMax,
  tickBytes,
} from './record.ts'
import { recoverJournal } from './recovery.ts'
import { createRepeatWindow, type RepeatWindow } from './repeat-window.ts'
import { createSegmentWriter, type SegmentWriter } from './segment-writer.ts'

/** A segment is freed whole: small enough to give space back soon, large enough that making one is rare. */
const segmentBytesDefault = 64 << 20
/** A night of the whole city without telemetry (4,200 deliveries a second, 150 bytes each, 8 hours), and some more. */
const sizeBytesMaxDefault = 20 * 2 ** 30
/** The end of the journal that is kept to recognise repeats after a restart: as many deliveries as the window holds. */
const repeatBytesDefault = 32 << 20

export interface JournalOptions {
  readonly directory: string
  readonly segmentBytes?: number
  /** Bound on disk. At the bound deliveries wait unacked until `release` frees segments. */
  readonly sizeBytesMax?: number
  readonly repeatBytes?: number
  readonly repeatEntries?: number
  /** Where an empty journal begins: not before the position that any reader has saved. */
  readonly startAt?: number
  readonly files?: JournalFiles
  /** Called once when the journal can no longer keep anything: the edge must stop. */
  readonly onFailure?: (error: JournalError) => void
}

interface JournalCounters extends GroupWriterCounters {
  readonly repeats: number
  readonly waitingBytes: number
  /** Deliveries that were answered with an error, never with an ack. */
  readonly refused: number
  /** Cut off when the journal was opened. */
  readonly tornBytes: number
}

/** Keeps every delivery and tick, in order, before anything is made of them. */
export interface Journal extends DeliverySink {
  /** Journals a delivery; calls back after it is durable, or with an error when it never will be. */
  accept(delivery: Delivery, accepted: Accepted): void
  /** Sends a quarantined delivery through again at `now`, with its original time of receipt. */
  acceptAgain(delivery: Delivery, quarantineId: number, now: number, accepted: Accepted): void
  /**
   * Journals the service's clock. `started`: the time since the record before it was an outage of ours. False while
   * acks are withheld: the clock of the journal stands still with them.
   */
  tick(at: number, catchingUp: boolean, started: boolean): boolean
  /** Registry by which deliveries are judged from now on. */
  setRegistryVersion(version: number): void
  /** First position that is kept. */
  start(): number
  readonly durableEnd: DurableEnd
  /** Says that no reader needs what lies before `position`: segments that lie before it whole may go. */
  release(position: number): void
  counters(): JournalCounters
  /** Resolves when everything that was accepted so far is durable, or never will be. */
  synced(): Promise<void>
  /** Makes everything accepted durable, as far as there is room, and closes. */
  close(): Promise<void>
}

/** Opens the journal of a folder, or begins one. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { directory, files = diskFiles } = options
  const segmentBytes = options.segmentBytes ?? segmentBytesDefault
  const sizeBytesMax = options.sizeBytesMax ?? sizeBytesMaxDefault
  const repeatBytes = options.repeatBytes ?? repeatBytesDefault
  // What must stay: the tail for repeats up to a whole segment, the segment in work, a group on its way.
  const sizeBytesLeast = repeatBytes + 2 * segmentBytes + 4 * recordBytesMax
  if (sizeBytesMax < sizeBytesLeast) {
    throw new JournalError('journal_options', `The journal's bound must be at least ${sizeBytesLeast} bytes`)
  }
  const window = createRepeatWindow(options.repeatEntries)
  const recovered = await recoverJournal({
    directory,
    files,
    window,
    windowBytes: repeatBytes,
    startAt: options.startAt ?? 0,
  })
  return runJournal({
    segments: createSegmentWriter({ directory, files, segmentBytes, recovered }),
    window,
    sizeBytesMax,
    repeatBytes,
    tornBytes: recovered.tornBytes,
    onFailure: options.onFailure ?? (() => {}),
  })
}

interface Running {
  readonly segments: SegmentWriter
  readonly window: RepeatWindow
  readonly sizeBytesMax: number
  readonly repeatBytes: number
  readonly tornBytes: number
  onFailure(error: JournalError): void
}

function runJournal({ segments, window, sizeBytesMax, repeatBytes, tornBytes, onFailure }: Running): Journal {
  const durableEnd = createDurableEnd()
  durableEnd.set(segments.end())
  const gathering = createGathering()
  const pace = createGroupPace()
  const writer = createGroupWriter(segments, sizeBytesMax)
  const counters = { repeats: 0, refused: 0 }
  let registryVersion = 0
  /** Why nothing more is taken; undefined while the journal runs. */
  let ended: JournalError | undefined
  let flushing: Promise<void> | undefined
  let releasing: Promise<void> = Promise.resolve()
  let releasePosition = segments.start()

  function refuse(accepted: Accepted, error: JournalError): void {
    counters.refused++
    accepted(error)
  }

  function fail(cause: unknown): void {
    if (ended?.code === 'journal_write_failed') return
    ended = new JournalError('journal_write_failed', 'The journal cannot be written: nothing more can be acked', {
      cause,
    })
    onFailure(ended)
  }

  /** Lets what arrives in one turn of the event loop, or during a sync, become one group. */
  function flushSoon(): void {
    flushing ??= new Promise((resolve) => setImmediate(resolve)).then(flush)
  }

  async function flush(): Promise<void> {
    let written: Group | undefined
    for (;;) {
      const gathered = gathering.bytes() > 0 && !ended ? pace.gather(gathering.bytes) : undefined
      if (gathered) {
        // What is durable does not wait for the company of what is not.
        if (written) acknowledge(written)
        written = undefined
        await gathered
      }
      const group = gathering.take()
      const writing = group && write(group)
      // While the disk is at work on the next group, the one before is acked.
      const acked = written
      written = undefined
      if (acked) acknowledge(acked)
      if (group && (await writing)) written = group
      else if (group) refuseAll(group)
      else if (acked === undefined) break
    }
    flushing = undefined
  }

  /** False where the group could not be made durable. */
  async function write(group: Group): Promise<boolean> {
    if (ended?.code === 'journal_write_failed') return false
    try {
      if (!(await writer.write(group))) return false
      durableEnd.set(segments.end())
      return true
    } catch (error) {
      fail(error)
      return false
    }
  }

  function acknowledge(group: Group): void {
    for (const accepted of group.accepted) accepted()
    gathering.giveBack(group)
  }

  function refuseAll(group: Group): void {
    const error = ended ?? new JournalError('journal_closed', 'The journal is closed')
    for (const accepted of group.accepted) refuse(accepted, error)
    gathering.giveBack(group)
  }

  function gather(delivery: Delivery, quarantineId: number, heldMs: number, accepted: Accepted): void {
    const group = ended || !fitsRecord(delivery) ? undefined : gathering.groupFor(deliveryBytesBound(delivery))
    if (group === undefined) {
      refuse(accepted, ended ?? whyNoRoom(delivery))
      return
    }
    const { gateway, packetId, dup, receivedAt, payload } = delivery
    // Where the payload begins in a record, so does the record's checksum.
    const payloadChecksum = checksum(asBuffer(payload), 0, payload.length)
    const repeat =
      quarantineId === 0 &&
      delivery.qos > 0 &&
      window.check({ gateway, packetId, dup, checksum: payloadChecksum, receivedAt })
    if (repeat) counters.repeats++
    const marks = { repeat, registryVersion, quarantineId, heldMs, groupStart: group.records === 0 }
    group.length = encodeDelivery(group.bytes, group.length, delivery, marks, payloadChecksum)
    group.records++
    group.accepted.push(accepted)
    pace.arrived(gateway)
    flushSoon()
  }

  return {
    accept: (delivery, accepted) => gather(delivery, 0, 0, accepted),
    acceptAgain: (delivery, quarantineId, now, accepted) =>
      gather(delivery, quarantineId, Math.max(0, now - delivery.receivedAt), accepted),
    tick(at, catchingUp, started) {
      const group = ended ? undefined : gathering.groupFor(tickBytes)
      if (group === undefined) return false
      pace.setCatchingUp(catchingUp)
      const tick = { at, catchingUp, started, groupStart: group.records === 0 }
      group.length = encodeTick(group.bytes, group.length, tick, registryVersion)
      group.records++
      flushSoon()
      return true
    },
    setRegistryVersion(version) {
      registryVersion = version
    },
    start: () => segments.start(),
    durableEnd,
    release(position) {
      const upTo = Math.min(position, durableEnd.get() - repeatBytes)
      if (upTo <= releasePosition || ended) return
      releasePosition = upTo
      releasing = releasing.then(() => writer.release(upTo)).catch(fail)
    },
    counters: () => ({
      ...writer.counters(gathering.bytes()),
      ...counters,
      waitingBytes: gathering.bytes(),
      tornBytes,
    }),
    async synced() {
      const group = ended ? undefined : gathering.groupFor(0)
      if (group && group.records > 0) await new Promise<void>((resolve) => group.accepted.push(() => resolve()))
      else await flushing
    },
    async close() {
      ended ??= new JournalError('journal_closed', 'The journal is closed')
      writer.end()
      while (flushing) await flushing
      await releasing
      await segments.close()
    },
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function whyNoRoom(delivery: Delivery): JournalError {
  if (!fitsRecord(delivery)) {
    return new JournalError('delivery_too_large', `No record can hold more than ${payloadBytesMax} bytes of payload`)
  }
  return new JournalError('journal_full', 'Too many deliveries wait for the disk: send again later')
}
