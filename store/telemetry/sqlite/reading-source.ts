import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { readBlock } from './block.ts'
import { type BatchHead, listBatches, listRuns, type Run, readFloorDay } from './catalogue.ts'
import { mainFilePath, runsFolder } from './main-file.ts'
import type { Rows } from './rows.ts'
import { openRunFile, type RunFile } from './run-file.ts'
import { damagedMainFile } from './telemetry-error.ts'

/** Files that stay open: a month of days and all levels of today. */
const openFilesMax = 256
/** Batches that wait for their merge are read in every question; up to this size they stay in memory. */
const batchBytesCachedDefault = 64 * 1024 * 1024
/** Before the readings of a batch stands their checksum. */
const checksumBytes = 4

/** Series from `low` to `high` (inclusive) and times from `from` to `to` (exclusive) that were appended after `seqAfter`. */
export interface Question {
  readonly low: number
  readonly high: number
  readonly from: number
  readonly to: number
  readonly seqAfter: number
}

/** Reads batches and runs through one connection to the main file. */
export interface ReadingSource {
  /** Takes in what was appended and merged. Call it, and ask, inside one transaction. */
  refresh(): void
  runs(): readonly Run[]
  newest(): Run | undefined
  /** Batches that wait for their merge. */
  batches(): readonly BatchHead[]
  /** First day of receipt that is still kept. */
  floorDay(): number
  /**
   * Appends the rows that answer the question to `into`, with their day of receipt, in the order in which they were
   * appended; rows of one series from one batch or run rise in time. Rows outside the bounds of time may be among them.
   */
  collect(question: Question, into: Rows): void
  /** Appends the rows of one batch. */
  readBatch(batch: BatchHead, low: number, high: number, into: Rows): void
  /** An open run file; throws `RunVanished` when it is not in the folder. */
  openRun(run: Run): RunFile
  /** Forgets what a rollback may have undone. */
  forgetBatches(): void
  close(): void
}

/** A run file was not there: a merge may have replaced it since the list of runs was read. */
export class RunVanished extends Error {
  readonly run: Run
  readonly path: string

  constructor(run: Run, path: string) {
    super(`${path} is gone`)
    this.run = run
    this.path = path
  }
}

export function makeReadingSource(
  db: DatabaseSync,
  directory: string,
  batchBytesCachedMax = batchBytesCachedDefault,
): ReadingSource {
  const mainPath = mainFilePath(directory)
  const dataVersion = db.prepare('PRAGMA data_version')
  const totalChanges = db.prepare('SELECT total_changes() AS changes')
  const firstSeq = db.prepare('SELECT min(seq) AS seq FROM batch')
  const batchData = db.prepare('SELECT data FROM batch WHERE seq = ?')
  const files = makeOpenFiles(directory)
  const cachedData = new Map<number, Uint8Array>()
  let cachedBytes = 0
  let seenVersion = ''
  let listed: { runs: Run[]; newest: Run | undefined } = { runs: [], newest: undefined }
  let batches: BatchHead[] = []
  let floorDay = 0

  function refresh(): void {
    // The first changes with the commits of other connections, the second with what this one does itself.
    const version = `${number(dataVersion)} ${number(totalChanges)}`
    if (version === seenVersion) return
    listed = listRuns(db)
    floorDay = readFloorDay(db)
    const first = number(firstSeq) ?? Number.POSITIVE_INFINITY
    const gone = batches.findIndex((batch) => batch.seq >= first)
    for (const batch of batches.splice(0, gone < 0 ? batches.length : gone)) forget(batch.seq)
    batches.push(...listBatches(db, batches.at(-1)?.seq ?? 0))
    seenVersion = version
  }

  function forget(seq: number): void {
    cachedBytes -= cachedData.get(seq)?.length ?? 0
    cachedData.delete(seq)
  }

  function dataOf(seq: number): Uint8Array {
    const cached = cachedData.get(seq)
    if (cached) return cached
    const sealed = batchData.get(seq)?.data as Uint8Array
    const data = unsealBatch(sealed, mainPath)
    if (cachedBytes + data.length <= batchBytesCachedMax) {
      cachedData.set(seq, data)
      cachedBytes += data.length
    }
    return data
  }

  function readBatch(batch: BatchHead, low: number, high: number, into: Rows): void {
    const start = into.count
    readBlock(dataOf(batch.seq), low, high, into)
    into.day.fill(batch.day, start, into.count)
  }

  return {
    refresh,
    runs: () => listed.runs,
    newest: () => listed.newest,
    batches: () => batches,
    floorDay: () => floorDay,
    collect({ low, high, from, to, seqAfter }, into) {
      for (const run of listed.runs) {
        if (run.seqTo <= seqAfter || run.atMax < from || run.atMin >= to) continue
        const start = into.count
        files.open(run).read(low, high, into)
        into.day.fill(run.day, start, into.count)
      }
      for (const batch of batches) {
        if (batch.seq > seqAfter && batch.atMax >= from && batch.atMin < to) readBatch(batch, low, high, into)
      }
    },
    readBatch,
    openRun: files.open,
    forgetBatches() {
      batches = []
      cachedData.clear()
      cachedBytes = 0
      seenVersion = ''
    },
    close: files.close,
  }
}

/** A batch as it lies in the main file: SQLite keeps no checksum of its pages. */
export function sealBatch(block: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(checksumBytes + block.length)
  sealed.writeUInt32LE(crc32(block), 0)
  sealed.set(block, checksumBytes)
  return sealed
}

function unsealBatch(sealed: Uint8Array, path: string): Uint8Array {
  const block = sealed.subarray(checksumBytes)
  const checksum = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0, true)
  if (crc32(block) !== checksum) throw damagedMainFile(path, new Error('a batch does not match its checksum'))
  return block
}

interface OpenFiles {
  open(run: Run): RunFile
  close(): void
}

/** Run files that were used last stay open. */
function makeOpenFiles(directory: string): OpenFiles {
  const folder = runsFolder(directory)
  const files = new Map<number, RunFile>()
  return {
    open(run) {
      const path = join(folder, run.file)
      const file = files.get(run.id) ?? openRunFile(path, run.bytes)
      if (file === undefined) throw new RunVanished(run, path)
      files.delete(run.id)
      files.set(run.id, file)
      for (const [id, oldest] of files) {
        if (files.size <= openFilesMax) break
        files.delete(id)
        oldest.close()
      }
      return file
    },
    close() {
      for (const file of files.values()) file.close()
      files.clear()
    },
  }
}

function number(statement: StatementSync): number | undefined {
  const value = Object.values(statement.get() ?? {})[0]
  return value === null || value === undefined ? undefined : Number(value)
}
