import assert from 'node:assert'
import type { DatabaseSync } from 'node:sqlite'
import type { DeviceIds, ReadingBatch } from '#domain/reading.ts'
import type { AppendResult, CountersToKeep } from '../telemetry-store.ts'
import { makeBlockEncoder } from './block.ts'
import { inTransaction, readFloorDay, readMerged } from './catalogue.ts'
import { classify, type Memory } from './classify.ts'
import type { DeviceNames } from './device-names.ts'
import { dayMs, guardMainFile, mainFilePath } from './main-file.ts'
import type { NewestReadings } from './newest-readings.ts'
import { makePastReadings } from './past-readings.ts'
import { makeReadingSource, sealBatch } from './reading-source.ts'
import { makeRows, reserveRows, sortRowsMax } from './rows.ts'

/** Rows that are sorted and written as one blob: far below what SQLite and the sort can take. */
const batchRowsMax = Math.min(131_072, sortRowsMax)

export interface Progress {
  readonly position: number
  readonly counters: Record<string, number>
}

/** Appends batches through the one connection that writes them. */
export interface TelemetryWriter {
  append(batch: ReadingBatch, position: number, counters: CountersToKeep): AppendResult
  progress(): Progress
  close(): void
}

/** What the writer has to know of what is stored before it can append. */
export interface StoredState {
  readonly names: DeviceNames
  readonly newest: NewestReadings
  /** Latest day of receipt. */
  readonly lastDay: number
}

export function makeTelemetryWriter(db: DatabaseSync, directory: string, state: StoredState): TelemetryWriter {
  const { names, newest } = state
  const path = mainFilePath(directory)
  const source = makeReadingSource(db, directory)
  const encoder = makeBlockEncoder()
  const memory: Memory = { newest, past: makePastReadings(source), floorDay: 0 }
  const deviceNumbers = makeDeviceNumbers(names)
  const arrived = makeRows(4096)
  const accepted = makeRows(4096)
  const insertBatch = db.prepare(
    `INSERT INTO batch(seq, day, rows, kept, at_min, at_max, received_min, received_max, position, counters, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertNames = db.prepare('INSERT INTO device_names(first_number, count, names) VALUES (?, ?, ?)')
  const moveOut = db.prepare(
    `INSERT INTO partition(day, moved_out) VALUES (?, ?)
    ON CONFLICT(day) DO UPDATE SET moved_out = moved_out + excluded.moved_out`,
  )
  const last = lastBatch(db)
  let progress: Progress = { position: last.position, counters: JSON.parse(last.counters) }
  let seq = last.seq
  let lastDay = state.lastDay
  let namesWritten = names.count()

  /** Writes one stretch of a batch, all received on one day, and adds what became of it to `total`. */
  function writeStretch(stretch: Stretch, total: Total, progressOf: (total: Total) => string): void {
    const { batch, from, to, day } = stretch
    fillArrived(batch, from, to)
    accepted.count = 0
    const outcome = classify(arrived, day, memory, accepted)
    total.stored += outcome.stored
    total.repeats += outcome.repeats
    total.corrections += outcome.corrections
    let kept = outcome.stored
    for (const [otherDay, count] of outcome.movedOut) {
      moveOut.run(otherDay, count)
      kept += count
    }
    const received = rangeOf(batch.receivedAt, from, to)
    const at = rangeOf(accepted.at, 0, accepted.count)
    const block = accepted.count > 0 ? sealBatch(encoder.encode(accepted, 0, accepted.count, false)) : new Uint8Array()
    insertBatch.run(
      ++seq,
      day,
      accepted.count,
      kept,
      at?.min ?? null,
      at?.max ?? null,
      received?.min ?? null,
      received?.max ?? null,
      stretch.position,
      progressOf(total),
      block,
    )
    memory.past.written()
  }

  function fillArrived(batch: ReadingBatch, from: number, to: number): void {
    arrived.count = 0
    reserveRows(arrived, to - from)
    deviceNumbers.translate(batch, from, to, arrived.device)
    arrived.metric.set(batch.metric.subarray(from, to))
    for (let row = from; row < to; row++) {
      const at = Math.floor(batch.at[row])
      assert(Number.isSafeInteger(at), 'a reading without a time got past the decoder')
      arrived.at[row - from] = at
    }
    arrived.value.set(batch.value.subarray(from, to))
    arrived.quality.set(batch.quality.subarray(from, to))
    arrived.count = to - from
  }

  function writeNewNames(): void {
    const count = names.count() - namesWritten
    if (count > 0) insertNames.run(namesWritten, count, names.packed(namesWritten))
  }

  /** Writes a batch, and after it what it leaves behind: position and counters. */
  function write(batch: ReadingBatch, position: number, countersOf: CountersOf): Appended {
    const total = { stored: 0, repeats: 0, corrections: 0 }
    memory.floorDay = readFloorDay(db)
    memory.past.setFloorDay(memory.floorDay)
    lastDay = Math.max(lastDay, memory.floorDay)
    let counters: Progress['counters'] = {}
    let from = 0
    do {
      const stretch = stretchFrom(batch, from, lastDay, position)
      lastDay = stretch.day
      from = stretch.to
      writeStretch(stretch, total, (result) => {
        if (from < batch.count) return '{}'
        counters = { ...countersOf(result) }
        return JSON.stringify(counters)
      })
    } while (from < batch.count)
    writeNewNames()
    return { total, progress: { position, counters } }
  }

  return {
    append(batch, position, counters) {
      const before = { seq, lastDay }
      const countersOf = typeof counters === 'function' ? counters : () => counters
      try {
        const appended = guardMainFile(path, () =>
          inTransaction(db, 'BEGIN IMMEDIATE', () => write(batch, position, countersOf)),
        )
        newest.commit()
        namesWritten = names.count()
        progress = appended.progress
        return appended.total
      } catch (error) {
        seq = before.seq
        lastDay = before.lastDay
        newest.rollBack()
        memory.past.forget()
        source.forgetBatches()
        throw error
      }
    },
    progress: () => progress,
    close() {
      source.close()
      db.close()
    },
  }
}

type Total = { -readonly [Outcome in keyof AppendResult]: AppendResult[Outcome] }
type CountersOf = (result: AppendResult) => Readonly<Record<string, number>>

interface Appended {
  readonly total: AppendResult
  readonly progress: Progress
}

/** Rows of a batch that were received on one day. */
interface Stretch {
  readonly batch: ReadingBatch
  readonly from: number
  readonly to: number
  readonly day: number
  readonly position: number
}

function lastBatch(db: DatabaseSync): { seq: number; position: number; counters: string } {
  const row = db.prepare('SELECT seq, position, counters FROM batch ORDER BY seq DESC LIMIT 1').get()
  return (row as { seq: number; position: number; counters: string } | undefined) ?? readMerged(db)
}

/**
 * The stretch that begins at `from`. Days never fall back: what is appended later lies in
 * the same partition or in a later one, whatever the clock did.
 */
function stretchFrom(batch: ReadingBatch, from: number, lastDay: number, position: number): Stretch {
  const end = Math.min(batch.count, from + batchRowsMax)
  if (from === end) return { batch, from, to: end, day: lastDay, position }
  const day = Math.max(lastDay, Math.floor(batch.receivedAt[from] / dayMs))
  const nextDayAt = (day + 1) * dayMs
  let to = from + 1
  while (to < end && batch.receivedAt[to] < nextDayAt) to++
  return { batch, from, to, day, position }
}

function rangeOf(numbers: Float64Array, from: number, to: number): { min: number; max: number } | undefined {
  if (from === to) return undefined
  let min = numbers[from]
  let max = min
  for (let index = from + 1; index < to; index++) {
    if (numbers[index] < min) min = numbers[index]
    if (numbers[index] > max) max = numbers[index]
  }
  return { min, max }
}

interface DeviceNumbers {
  /** Fills `into` with the store's numbers of the devices of rows `from` to `to`. */
  translate(batch: ReadingBatch, from: number, to: number, into: Uint32Array): void
}

/** The table of devices that a decoder fills only grows, so that each of its entries is looked up once. */
function makeDeviceNumbers(names: DeviceNames): DeviceNumbers {
  let table: DeviceIds | undefined
  // Number + 1 by index in the table; 0 is not looked up yet.
  let numbers = new Uint32Array(0)
  return {
    translate(batch, from, to, into) {
      if (batch.deviceIds !== table) {
        table = batch.deviceIds
        numbers = new Uint32Array(table.length)
      } else if (numbers.length < table.length) {
        const larger = new Uint32Array(Math.max(table.length, Math.ceil(numbers.length * 1.25)))
        larger.set(numbers)
        numbers = larger
      }
      for (let row = from; row < to; row++) {
        const index = batch.device[row]
        if (numbers[index] === 0) numbers[index] = names.add(idAt(table, index)) + 1
        into[row - from] = numbers[index] - 1
      }
    },
  }
}

function idAt(table: DeviceIds, index: number): string {
  const id = table.at(index)
  assert(id !== undefined, 'a reading names a device that its table does not have')
  return id
}
