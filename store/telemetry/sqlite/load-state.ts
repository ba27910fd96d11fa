import type { DatabaseSync } from 'node:sqlite'
import { inTransaction, type Run } from './catalogue.ts'
import { makeDeviceNames } from './device-names.ts'
import { makeNewestReadings, type NewestReadings } from './newest-readings.ts'
import { loadMoreNames } from './reader.ts'
import { makeReadingSource, type ReadingSource } from './reading-source.ts'
import { makeRows, type Rows } from './rows.ts'
import type { StoredState } from './writer.ts'

/**
 * Rebuilds what the writer keeps in memory: the names of devices, and the newest reading of each series from the
 * newest-file and from what was appended since it was made.
 */
export function loadState(db: DatabaseSync, directory: string): StoredState {
  const names = makeDeviceNames()
  const newest = makeNewestReadings()
  const source = makeReadingSource(db, directory)
  try {
    return inTransaction(db, 'BEGIN', () => {
      source.refresh()
      while (loadMoreNames(db, names));
      newest.reserve(names.count(), Math.max(source.newest()?.rows ?? 0, names.count()))
      const lastDay = loadNewest(source, newest)
      return { names, newest, lastDay }
    })
  } finally {
    source.close()
  }
}

/** Fills in the newest readings and returns the latest day of receipt. */
function loadNewest(source: ReadingSource, newest: NewestReadings): number {
  const rows = makeRows(8192)
  const file = source.newest()
  if (file) applyRun(source, file, rows, newest)
  let lastDay = 0
  for (const run of source.runs()) {
    if (run.seqTo > (file?.seqTo ?? 0)) applyRun(source, run, rows, newest)
    lastDay = run.day
  }
  for (const batch of source.batches()) {
    rows.count = 0
    source.readBatch(batch, 0, Number.POSITIVE_INFINITY, rows)
    applyRows(rows, newest)
    lastDay = batch.day
  }
  return Math.max(lastDay, source.floorDay())
}

function applyRun(source: ReadingSource, run: Run, rows: Rows, newest: NewestReadings): void {
  const next = source.openRun(run).blocks()
  for (rows.count = 0; next(rows); rows.count = 0) {
    if (run.kind === 'readings') rows.day.fill(run.day, 0, rows.count)
    applyRows(rows, newest)
  }
}

function applyRows(rows: Rows, newest: NewestReadings): void {
  for (let row = 0; row < rows.count; row++) {
    const place = newest.place(rows.device[row], rows.metric[row])
    newest.restore(place, { at: rows.at[row], value: rows.value[row], day: rows.day[row] })
  }
}
