import type { DatabaseSync } from 'node:sqlite'

/** A file of merged readings, or (kind `newest`) of the newest reading of each series. */
export interface Run {
  readonly id: number
  readonly kind: 'readings' | 'newest'
  /** Day of receipt of all its readings; of the newest-file, the day it was made. */
  readonly day: number
  /** How often its readings were merged. */
  readonly level: number
  /** Stretch of batches that it stands for; where two runs hold the same reading, the later stretch is right. */
  readonly seqFrom: number
  readonly seqTo: number
  readonly rows: number
  /** Readings that were new when they were appended, less than `rows` where some correct an earlier day. */
  readonly kept: number
  readonly atMin: number
  readonly atMax: number
  readonly receivedMin: number
  readonly receivedMax: number
  readonly bytes: number
  readonly file: string
}

/** What a batch that waits for its merge says of itself beside its readings. */
export interface BatchHead {
  readonly seq: number
  readonly day: number
  readonly rows: number
  readonly kept: number
  readonly atMin: number
  readonly atMax: number
  readonly receivedMin: number
  readonly receivedMax: number
}

/** Batches that were merged away: the last of them, and the progress that it carried. */
export interface Merged {
  readonly seq: number
  readonly position: number
  readonly counters: string
}

/** All runs of readings by rising seq, and the newest-file where there is one. */
export function listRuns(db: DatabaseSync): { runs: Run[]; newest: Run | undefined } {
  const rows = db
    .prepare(
      `SELECT id, kind, day, level, seq_from AS seqFrom, seq_to AS seqTo, rows, kept, at_min AS atMin,
        at_max AS atMax, received_min AS receivedMin, received_max AS receivedMax, bytes, file
      FROM run ORDER BY seq_from`,
    )
    .all() as unknown as Run[]
  return { runs: rows.filter((run) => run.kind === 'readings'), newest: rows.find((run) => run.kind === 'newest') }
}

/** Heads of the batches above `seqAfter` that hold readings, by rising seq. */
export function listBatches(db: DatabaseSync, seqAfter: number): BatchHead[] {
  return db
    .prepare(
      `SELECT seq, day, rows, kept, at_min AS atMin, at_max AS atMax, received_min AS receivedMin,
        received_max AS receivedMax
      FROM batch WHERE seq > ? AND rows > 0 ORDER BY seq`,
    )
    .all(seqAfter) as unknown as BatchHead[]
}

/** First day of receipt that is still kept. */
export function readFloorDay(db: DatabaseSync): number {
  return Number(readState(db, 'floor_day') ?? 0)
}

export function writeFloorDay(db: DatabaseSync, day: number): void {
  writeState(db, 'floor_day', String(day))
}

export function readMerged(db: DatabaseSync): Merged {
  const text = readState(db, 'merged')
  return text === undefined ? { seq: 0, position: 0, counters: '{}' } : JSON.parse(text)
}

export function writeMerged(db: DatabaseSync, merged: Merged): void {
  writeState(db, 'merged', JSON.stringify(merged))
}

/** Adds a run and returns its id. */
export function insertRun(db: DatabaseSync, run: Omit<Run, 'id'>): void {
  db.prepare(
    `INSERT INTO run(kind, day, level, seq_from, seq_to, rows, kept, at_min, at_max, received_min, received_max, bytes, file)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    run.kind,
    run.day,
    run.level,
    run.seqFrom,
    run.seqTo,
    run.rows,
    run.kept,
    run.atMin,
    run.atMax,
    run.receivedMin,
    run.receivedMax,
    run.bytes,
    run.file,
  )
}

export function deleteRuns(db: DatabaseSync, runs: readonly Run[]): void {
  const statement = db.prepare('DELETE FROM run WHERE id = ?')
  for (const run of runs) statement.run(run.id)
}

/** Runs `work` in a transaction; `begin` says of which kind. */
export function inTransaction<T>(db: DatabaseSync, begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => T): T {
  db.exec(begin)
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function readState(db: DatabaseSync, name: string): string | undefined {
  return db.prepare('SELECT value FROM state WHERE name = ?').get(name)?.value as string | undefined
}

function writeState(db: DatabaseSync, name: string, value: string): void {
  const sql = 'INSERT INTO state(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value'
  db.prepare(sql).run(name, value)
}
