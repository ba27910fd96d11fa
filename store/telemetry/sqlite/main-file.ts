import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { syncFolder } from './folder.ts'
import { damagedMainFile, TelemetryError } from './telemetry-error.ts'

/** Days since 1970 in UTC: the partition of a reading by its time of receipt. */
export const dayMs = 86_400_000

const schemaVersion = 1
const mainFileName = 'telemetry.sqlite'
/** Another thread or process holds the write lock for milliseconds; far longer means that something is stuck. */
const busyTimeoutMs = 10_000
/**
 * Pages the write-ahead log holds before they are copied into the file: 32 MB. Batches come and go on the same few
 * pages, so that the longer this takes, the more of them are never copied at all.
 */
const checkpointPages = 8192
const walSizeBytesMax = 64 * 1024 * 1024

/*
 * batch: readings as they were appended, each with the journal position and the counters that follow it.
 * run: files of merged readings. Batches and runs each stand for a stretch of the numbers `seq`; where two hold the
 * same device, metric and time, the higher seq is right. kind 'newest' keeps one row a series, up to seq_to.
 * kept: readings that were stored with the batch or run and not counted before it; `partition.moved_out` are those
 * of a day that a correction on a later day has taken over.
 */
const schema = `
CREATE TABLE state(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE device_names(first_number INTEGER PRIMARY KEY, count INTEGER NOT NULL, names BLOB NOT NULL);
CREATE TABLE partition(day INTEGER PRIMARY KEY, moved_out INTEGER NOT NULL);
CREATE TABLE batch(
  seq INTEGER PRIMARY KEY, day INTEGER NOT NULL, rows INTEGER NOT NULL, kept INTEGER NOT NULL,
  at_min INTEGER, at_max INTEGER, received_min INTEGER, received_max INTEGER,
  position INTEGER NOT NULL, counters TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE run(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, day INTEGER NOT NULL, level INTEGER NOT NULL,
  seq_from INTEGER NOT NULL, seq_to INTEGER NOT NULL, rows INTEGER NOT NULL, kept INTEGER NOT NULL,
  at_min INTEGER, at_max INTEGER, received_min INTEGER, received_max INTEGER,
  bytes INTEGER NOT NULL, file TEXT NOT NULL UNIQUE);
PRAGMA user_version = ${schemaVersion};
`

export function mainFilePath(directory: string): string {
  return join(directory, mainFileName)
}

export function runsFolder(directory: string): string {
  return join(directory, 'runs')
}

/** Opens the main file for writing; makes it, and the folders, when they are not there. */
export function openMainFile(directory: string): DatabaseSync {
  const path = mainFilePath(directory)
  mkdirSync(runsFolder(directory), { recursive: true })
  const isNew = !existsSync(path)
  const db = guardMainFile(path, () => {
    const opened = new DatabaseSync(path, { timeout: busyTimeoutMs })
    opened.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
       PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${walSizeBytesMax};`,
    )
    opened.exec('BEGIN IMMEDIATE')
    if (versionOf(opened) === 0) opened.exec(schema)
    opened.exec('COMMIT')
    return opened
  })
  checkVersion(db, path)
  if (isNew) for (const folder of [directory, dirname(directory)]) syncFolder(folder)
  return db
}

/** Opens the main file for reading, or returns undefined while no writer has made it yet. */
export function openMainFileForReading(directory: string): DatabaseSync | undefined {
  const path = mainFilePath(directory)
  if (!existsSync(path)) return undefined
  const db = guardMainFile(path, () => new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }))
  if (guardMainFile(path, () => versionOf(db)) === 0) {
    db.close()
    return undefined
  }
  checkVersion(db, path)
  return db
}

/** Opens the main file for merges, or returns undefined while no writer has made it yet. */
export function openMainFileForMaintenance(directory: string): DatabaseSync | undefined {
  const reading = openMainFileForReading(directory)
  reading?.close()
  return reading && openMainFile(directory)
}

/** Runs `work` and gives errors of a damaged file or a full disk a code and a message that says what to do. */
export function guardMainFile<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw explainSqliteError(path, error)
  }
}

const sqliteCorrupt = 11
const sqliteNotADatabase = 26
const sqliteIoError = 10
const sqliteFull = 13

function explainSqliteError(path: string, error: unknown): unknown {
  const extended = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  const code = extended & 255
  if (code === sqliteCorrupt || code === sqliteNotADatabase) return damagedMainFile(path, error)
  if (code === sqliteIoError || code === sqliteFull) {
    const message = `${path} cannot be written: make room on its disk, or see to the disk. Nothing was lost or acknowledged.`
    return new TelemetryError('telemetry_write_failed', message, error)
  }
  return error
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.user_version)
}

function checkVersion(db: DatabaseSync, path: string): void {
  const version = versionOf(db)
  if (version === schemaVersion) return
  db.close()
  throw new TelemetryError(
    'telemetry_version',
    `${path} was written by another version of Warmcity (format ${version}, this one reads ${schemaVersion}): use that version.`,
  )
}
