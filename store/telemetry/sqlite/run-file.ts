import { rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type BlockEncoder, readBlock } from './block.ts'
import { syncFile } from './folder.ts'
import { copyRow, makeRows, type Rows, seriesOf } from './rows.ts'
import { damagedRunFile } from './telemetry-error.ts'

/** Parts a series may have in a file; the last one takes what is left. */
const partsMax = 4096
/** Large pages waste little of their end when blocks of some kilobytes lie in them. */
const pageSizeBytes = 32_768
/** What SQLite may cache of one open file; many are open, and the kernel caches them too. */
const cacheKiB = 256

/** Written bytes after which a merge waits for the disk. */
const bytesUnsyncedMax = 32 * 1024 * 1024

const zstdParameters = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 }

/** Key of the block that begins with a series; parts that follow are numbered on from it. */
function blockKey(series: number): number {
  return series * partsMax
}

/** Writes a run: rows come in order of series and time. */
export interface RunFileWriter {
  add(rows: Rows, index: number): void
  /** Lets the disk catch up, so that the end of a large file is no burst that others have to wait for. */
  catchUp(): Promise<void>
  /** Ends the file and makes it durable; its folder still has to be synced. Returns its size. */
  finish(): Promise<number>
  /** Removes what was written so far. */
  abandon(): void
}

export interface RunFileOptions {
  readonly encoder: BlockEncoder
  /** Keeps the day of receipt of each row. */
  readonly withDay: boolean
  /** Rows of a block, as `MergeLimits` has it. */
  readonly blockRows: number
}

/**
 * Makes a new run file. It is written once, front to back, without a journal: before `finish` nobody knows of it,
 * and what a crash leaves of it is swept away.
 */
export function createRunFile(path: string, options: RunFileOptions): RunFileWriter {
  const { encoder, withDay, blockRows } = options
  // A series that is longer is split into several blocks, which are its parts.
  const blockRowsMax = 2 * blockRows
  const db = new DatabaseSync(path)
  db.exec(
    `PRAGMA page_size = ${pageSizeBytes}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
     PRAGMA locking_mode = EXCLUSIVE; BEGIN; CREATE TABLE block(key INTEGER PRIMARY KEY, data BLOB NOT NULL)`,
  )
  const insert = db.prepare('INSERT INTO block(key, data) VALUES (?, ?)')
  const pending = makeRows(blockRowsMax)
  let lastSeries = -1
  // Series that the last written block ended with, and the part that the next block of that series would be.
  let endedWith = -1
  let nextPart = 0
  let bytesUnsynced = 0

  function flush(): void {
    if (pending.count === 0) return
    const first = seriesOf(pending.device[0], pending.metric[0])
    const part = first === endedWith ? nextPart : 0
    const data = zstdCompressSync(encoder.encode(pending, 0, pending.count, withDay), { params: zstdParameters })
    insert.run(blockKey(first) + part, data)
    bytesUnsynced += data.length
    nextPart = lastSeries === first ? part + 1 : 1
    endedWith = lastSeries
    pending.count = 0
  }

  return {
    add(rows, index) {
      const series = seriesOf(rows.device[index], rows.metric[index])
      if (pending.count >= blockRows && series !== lastSeries) flush()
      else if (pending.count >= blockRowsMax && (endedWith !== series || nextPart < partsMax)) flush()
      copyRow(rows, index, pending)
      lastSeries = series
    },
    async catchUp() {
      if (bytesUnsynced < bytesUnsyncedMax) return
      bytesUnsynced = 0
      await syncFile(path)
    },
    async finish() {
      flush()
      db.exec('COMMIT')
      db.close()
      await syncFile(path)
      return statSync(path).size
    },
    abandon() {
      if (db.isOpen) db.close()
      rmSync(path, { force: true })
    },
  }
}

/** An open run; it stays readable when the file is removed. */
export interface RunFile {
  /** Appends the rows of the series from `low` to `high` (inclusive) to `into`. */
  read(low: number, high: number, into: Rows): void
  /** All blocks in order; each call of the returned function appends one to `into` and tells whether there was one. */
  blocks(): (into: Rows) => boolean
  close(): void
}

/** Opens a run file, or returns undefined when it is not there; `bytes` is the size it was written with. */
export function openRunFile(path: string, bytes: number): RunFile | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return undefined
  if (size !== bytes) throw damagedRunFile(path, new Error(`${size} bytes instead of ${bytes}`))
  // The file never changes: SQLite need not lock it nor look for a journal.
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return guardRun(path, () => {
    const db = new DatabaseSync(url, { readOnly: true })
    db.exec(`PRAGMA cache_size = -${cacheKiB}`)
    const select = db.prepare(
      'SELECT data FROM block WHERE key >= coalesce((SELECT max(key) FROM block WHERE key <= ?1), 0) AND key <= ?2',
    )
    return {
      read(low, high, into) {
        guardRun(path, () => {
          for (const row of select.all(blockKey(low), blockKey(high) + partsMax - 1)) {
            readBlock(unpack(row.data), low, high, into)
          }
        })
      },
      blocks() {
        const rows = db.prepare('SELECT data FROM block ORDER BY key').iterate()
        return (into) =>
          guardRun(path, () => {
            const next = rows.next()
            if (next.done) return false
            readBlock(unpack(next.value.data), 0, Number.POSITIVE_INFINITY, into)
            return true
          })
      },
      close: () => db.close(),
    }
  })
}

function unpack(data: unknown): Uint8Array {
  return zstdDecompressSync(data as Uint8Array)
}

function guardRun<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw damagedRunFile(path, error)
  }
}
