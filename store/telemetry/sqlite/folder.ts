import { closeSync, fsyncSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TelemetryError, type TelemetryErrorCode } from './telemetry-error.ts'

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export function syncFolder(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes what was written to a file survive a power cut, while the thread does other work. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export interface FolderLock {
  release(): void
}

/**
 * Takes one of the folder's locks or throws. It is SQLite's own lock on a file of its own: the kernel lets go of it
 * when the process ends in whatever way, and it holds between threads too.
 */
export function lockFolder(directory: string, name: string, code: TelemetryErrorCode, meaning: string): FolderLock {
  const path = join(directory, `${name}.lock`)
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw new TelemetryError(code, `${directory}: ${meaning}`, error)
  }
  return { release: () => db.close() }
}
