import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { type MetricName, metricNameByCode, metrics } from '#domain/metric.ts'
import type { QualityCode } from '#domain/quality.ts'
import type { Sample } from '#domain/reading.ts'
import type { TelemetryReader } from '../telemetry-store.ts'
import { inTransaction, type Run } from './catalogue.ts'
import { type DeviceNames, makeDeviceNames } from './device-names.ts'
import { guardMainFile, mainFilePath, openMainFileForReading } from './main-file.ts'
import { makeReadingSource, type ReadingSource, RunVanished } from './reading-source.ts'
import { makeRows, type Rows, seriesOf } from './rows.ts'
import { missingRunFile, TelemetryError } from './telemetry-error.ts'

/** A merge may take a file away while it is being asked; that many times in one question is no merge any more. */
const attemptsMax = 8
/** Rows that are kept ready for answers; larger ones are given back to the memory. */
const scratchRowsMax = 65_536

interface Connection {
  readonly db: DatabaseSync
  readonly source: ReadingSource
}

export interface SqliteTelemetryReaderOptions {
  readonly directory: string
  /** The names of a writer in the same thread, so that they are not held twice. */
  readonly names?: DeviceNames
}

/**
 * Answers questions from the files of a store, beside the one writer and the merges of this and other processes.
 * The folder may still be empty.
 */
export function openSqliteTelemetryReader(options: SqliteTelemetryReaderOptions): TelemetryReader {
  const { directory, names: knownNames } = options
  const names = knownNames ?? makeDeviceNames()
  let connection: Connection | undefined
  let closed = false
  let loading: Promise<void> | undefined
  let scratch = makeRows(1024)

  function connect(): Connection | undefined {
    if (closed) throw new TelemetryError('telemetry_closed', 'The telemetry reader is closed')
    const db = connection ? undefined : openMainFileForReading(directory)
    if (db) connection = { db, source: makeReadingSource(db, directory) }
    return connection
  }

  /** Asks in one transaction; undefined while there is no store yet. */
  function ask<T>(question: (source: ReadingSource, db: DatabaseSync) => T): T | undefined {
    const connected = connect()
    if (connected === undefined) return undefined
    const { db, source } = connected
    let vanished: RunVanished | undefined
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      try {
        return guardMainFile(mainFilePath(directory), () =>
          inTransaction(db, 'BEGIN', () => {
            source.refresh()
            if (vanished && isListed(source, vanished.run)) throw missingRunFile(vanished.path, vanished)
            return question(source, db)
          }),
        )
      } catch (error) {
        if (!(error instanceof RunVanished)) throw error
        vanished = error
      }
    }
    throw missingRunFile(vanished?.path ?? directory, vanished)
  }

  /** Number of a device; names that came up since are read first, in steps: a new reader has millions before it. */
  async function numberOf(device: string): Promise<number | undefined> {
    const found = names.find(device)
    if (found !== undefined || knownNames) return found
    loading ??= loadAllNames().finally(() => {
      loading = undefined
    })
    await loading
    return names.find(device)
  }

  async function loadAllNames(): Promise<void> {
    for (;;) {
      const db = connect()?.db
      if (db === undefined || !guardMainFile(mainFilePath(directory), () => loadMoreNames(db, names))) return
      await setImmediate()
    }
  }

  function emptyScratch(): Rows {
    if (scratch.at.length > scratchRowsMax) scratch = makeRows(1024)
    scratch.count = 0
    return scratch
  }

  return {
    async readings(device, metric, from, to, limit) {
      const number = await numberOf(device)
      if (number === undefined) return []
      const series = seriesOf(number, metrics[metric].code)
      const rows = emptyScratch()
      ask((source) => {
        rows.count = 0
        source.collect({ low: series, high: series, from, to, seqAfter: 0 }, rows)
      })
      return samplesOf(rows, from, to, limit)
    },

    async latest(device) {
      const number = await numberOf(device)
      if (number === undefined) return []
      const newest = ask((source) => newestOf(source, number, emptyScratch())) ?? []
      return newest.map((latest) => ({ device, ...latest }))
    },

    async usage() {
      const kept = ask((source, db) => sumUp(source, movedOut(db, source.floorDay())))
      const mainBytes = ['', '-wal', '-shm'].reduce((sum, suffix) => sum + sizeOf(mainFilePath(directory) + suffix), 0)
      return kept ? { ...kept, bytes: kept.bytes + mainBytes } : { bytes: mainBytes, readings: 0 }
    },

    async close() {
      closed = true
      connection?.source.close()
      connection?.db.close()
      connection = undefined
    },
  }
}

/** Takes in a chunk of names that `names` does not know yet; false when there is none. */
export function loadMoreNames(db: DatabaseSync, names: DeviceNames): boolean {
  const last = 'SELECT first_number + count AS count FROM device_names ORDER BY first_number DESC LIMIT 1'
  const all = db.prepare(last).get()?.count
  if (Number(all ?? 0) <= names.count()) return false
  names.reserve(Number(all))
  const chunk = db
    .prepare(
      'SELECT first_number AS first, names FROM device_names WHERE first_number <= ? ORDER BY first_number DESC LIMIT 1',
    )
    .get(names.count())
  if (chunk === undefined) throw new Error('device names begin with a gap')
  names.load(chunk.names as Uint8Array, Number(chunk.first))
  return true
}

function isListed(source: ReadingSource, run: Run): boolean {
  return source.newest()?.id === run.id || source.runs().some((listed) => listed.id === run.id)
}

/** The rows of one series as samples in order of time; of rows with the same time the last counts. */
function samplesOf(rows: Rows, from: number, to: number, limit: number): Sample[] {
  const { at, value, quality } = rows
  const order: number[] = []
  let rising = true
  for (let row = 0; row < rows.count; row++) {
    if (at[row] < from || at[row] >= to) continue
    if (order.length > 0 && at[row] <= at[order[order.length - 1]]) rising = false
    order.push(row)
  }
  if (!rising) order.sort((left, right) => at[left] - at[right] || left - right)
  const samples: Sample[] = []
  for (let place = 0; place < order.length && samples.length < limit; place++) {
    const row = order[place]
    if (place + 1 < order.length && at[order[place + 1]] === at[row]) continue
    samples.push({ at: at[row], value: value[row], quality: quality[row] as QualityCode })
  }
  return samples
}

interface NewestOfMetric extends Sample {
  readonly metric: MetricName
}

function newestOf(source: ReadingSource, device: number, rows: Rows): NewestOfMetric[] {
  const low = seriesOf(device, 0)
  const high = seriesOf(device, 255)
  const always = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  const newest = source.newest()
  if (newest) source.openRun(newest).read(low, high, rows)
  source.collect({ low, high, ...always, seqAfter: newest?.seqTo ?? 0 }, rows)
  let best = newestByMetric(rows)
  if (best.some((row) => rows.day[row] < source.floorDay())) {
    // The newest reading of a metric went with its day; an older one that came late may still be there.
    rows.count = 0
    source.collect({ low, high, ...always, seqAfter: 0 }, rows)
    best = newestByMetric(rows)
  }
  return best.flatMap((row) => {
    const metric = metricNameByCode[rows.metric[row]]
    const sample = { at: rows.at[row], value: rows.value[row], quality: rows.quality[row] as QualityCode }
    return metric ? [{ metric, ...sample }] : []
  })
}

function newestByMetric(rows: Rows): number[] {
  const best = new Map<number, number>()
  for (let row = 0; row < rows.count; row++) {
    const other = best.get(rows.metric[row])
    if (other === undefined || rows.at[row] >= rows.at[other]) best.set(rows.metric[row], row)
  }
  return [...best.values()]
}

/** Readings of kept days that a correction on a later kept day counts as its own. */
function movedOut(db: DatabaseSync, floorDay: number): number {
  return Number(db.prepare('SELECT total(moved_out) AS sum FROM partition WHERE day >= ?').get(floorDay)?.sum)
}

function sumUp(source: ReadingSource, moved: number) {
  const parts = [...source.runs(), ...source.batches()]
  const readings = parts.reduce((sum, part) => sum + part.kept, 0) - moved
  const bytes = [...source.runs(), source.newest()].reduce((sum, run) => sum + (run?.bytes ?? 0), 0)
  if (parts.length === 0) return { bytes, readings }
  return {
    bytes,
    readings,
    oldestAt: Math.min(...parts.map((part) => part.atMin)),
    newestAt: Math.max(...parts.map((part) => part.atMax)),
    receivedFrom: Math.min(...parts.map((part) => part.receivedMin)),
    receivedTo: Math.max(...parts.map((part) => part.receivedMax)),
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
