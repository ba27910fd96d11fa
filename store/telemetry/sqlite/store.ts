import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { TelemetryStore } from '../telemetry-store.ts'
import { deleteRuns, listRuns } from './catalogue.ts'
import { lockFolder } from './folder.ts'
import { loadState } from './load-state.ts'
import { guardMainFile, mainFilePath, openMainFile, runsFolder } from './main-file.ts'
import { type MaintenanceOptions, openSqliteTelemetryMaintenance } from './maintenance.ts'
import { openSqliteTelemetryReader } from './reader.ts'
import { RunVanished } from './reading-source.ts'
import { abandonedSuffix, damagedRunFile, missingRunFile, TelemetryError } from './telemetry-error.ts'
import { makeTelemetryWriter, type StoredState } from './writer.ts'

/** A merge may take files away while the store is being opened; that often in a row is no merge any more. */
const openAttemptsMax = 5

/** `directory` is a folder of its own; it is made when it is not there. */
export interface SqliteTelemetryOptions extends MaintenanceOptions {
  /** Hears of files that the operator gave up. */
  readonly warn?: (message: string) => void
}

/**
 * Opens the telemetry store of a folder, as its only writer. Its `maintain` runs in the calling thread, in steps;
 * a thread of its own opens `openSqliteTelemetryMaintenance` instead.
 */
export async function openSqliteTelemetry(options: SqliteTelemetryOptions): Promise<TelemetryStore> {
  const { directory, warn = () => undefined } = options
  mkdirSync(directory, { recursive: true })
  const lock = lockFolder(directory, 'writer', 'telemetry_in_use', 'another process writes to this telemetry store')
  try {
    const { db, state } = openAndLoad(directory, warn)
    const writer = makeTelemetryWriter(db, directory, state)
    const reader = openSqliteTelemetryReader({ directory, names: state.names })
    const maintenance = openSqliteTelemetryMaintenance(options)
    let closed = false
    return {
      readings: reader.readings,
      latest: reader.latest,
      usage: reader.usage,
      async append(batch, position, counters) {
        if (closed) throw new TelemetryError('telemetry_closed', 'The telemetry store is closed')
        return writer.append(batch, position, counters)
      },
      async progress() {
        const { position, counters } = writer.progress()
        return { position, counters: { ...counters } }
      },
      maintain: maintenance.maintain,
      async close() {
        if (closed) return
        closed = true
        await maintenance.close()
        await reader.close()
        writer.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function openAndLoad(directory: string, warn: (message: string) => void): { db: DatabaseSync; state: StoredState } {
  const path = mainFilePath(directory)
  const db = openMainFile(directory)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        guardMainFile(path, () => checkRunFiles(db, directory, warn))
        return { db, state: guardMainFile(path, () => loadState(db, directory)) }
      } catch (error) {
        if (!(error instanceof RunVanished)) throw error
        if (attempt === openAttemptsMax) throw missingRunFile(error.path, error)
      }
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** Finds damaged and missing files at once rather than in the middle of the night, and forgets those given up. */
function checkRunFiles(db: DatabaseSync, directory: string, warn: (message: string) => void): void {
  const { runs, newest } = listRuns(db)
  for (const run of newest ? [newest, ...runs] : runs) {
    const path = join(runsFolder(directory), run.file)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size === run.bytes) continue
    if (size !== undefined) throw damagedRunFile(path, new Error(`${size} bytes instead of ${run.bytes}`))
    if (!existsSync(path + abandonedSuffix)) throw new RunVanished(run, path)
    deleteRuns(db, [run])
    warn(
      `${path} was given up: ${run.rows} readings received up to ${new Date(run.receivedMax).toISOString()} are lost`,
    )
  }
}
