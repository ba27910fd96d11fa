import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { type BlockEncoder, makeBlockEncoder } from './block.ts'
import type { Run } from './catalogue.ts'
import { syncFolder } from './folder.ts'
import { guardMainFile, mainFilePath, openMainFileForMaintenance, runsFolder } from './main-file.ts'
import type { MergeLimits } from './merge-plan.ts'
import { makeReadingSource, type ReadingSource } from './reading-source.ts'
import { createRunFile, openRunFile, type RunFile, type RunFileWriter } from './run-file.ts'
import { missingRunFile } from './telemetry-error.ts'

/** What merges work with: their own connection, and the folder of runs. */
export interface MergeShop {
  readonly source: ReadingSource
  readonly limits: MergeLimits
  /** Uses the main file; its errors say what to do. */
  guard<T>(work: (db: DatabaseSync) => T): T
  /** Removes files that a crash left behind, once. */
  sweep(): void
  /** Removes files that are no longer listed. */
  remove(runs: readonly Run[]): void
  /** Opens a run for reading it whole. */
  openInput(run: Run): RunFile
  /**
   * Builds a run file aside, which nobody knows of before it is listed. `write` returns how many rows it wrote; when it
   * fails the file is removed.
   */
  build(file: string, withDay: boolean, write: (output: RunFileWriter) => Promise<number>): Promise<BuiltRun>
  /** Lets other work of the thread go ahead, and ends the merge when the store is being closed. */
  pause(): Promise<void>
  close(): void
}

export interface BuiltRun {
  readonly rows: number
  readonly bytes: number
}

/** Opens a folder for merges, or returns undefined while no writer has made its main file. */
export function openMergeShop(directory: string, limits: MergeLimits, checkOpen: () => void): MergeShop | undefined {
  const db = openMainFileForMaintenance(directory)
  if (db === undefined) return undefined
  const folder = runsFolder(directory)
  // Each batch is read once: none is kept in memory.
  const source = makeReadingSource(db, directory, 0)
  const encoder: BlockEncoder = makeBlockEncoder()
  let swept = false

  async function build(file: string, withDay: boolean, write: (output: RunFileWriter) => Promise<number>) {
    const path = join(folder, file)
    rmSync(path, { force: true })
    const output = createRunFile(path, { encoder, withDay, blockRows: limits.blockRows })
    try {
      const rows = await write(output)
      const bytes = await output.finish()
      syncFolder(folder)
      return { rows, bytes }
    } catch (error) {
      output.abandon()
      throw error
    }
  }

  return {
    source,
    limits,
    guard: (work) => guardMainFile(mainFilePath(directory), () => work(db)),
    sweep() {
      if (swept) return
      swept = true
      source.refresh()
      const listed = new Set([...source.runs(), source.newest()].map((run) => run?.file))
      for (const name of readdirSync(folder)) {
        if (name.endsWith('.sqlite') && !listed.has(name)) rmSync(join(folder, name))
      }
    },
    remove(runs) {
      for (const run of runs) rmSync(join(folder, run.file), { force: true })
    },
    openInput(run) {
      const path = join(folder, run.file)
      const file = openRunFile(path, run.bytes)
      if (file === undefined) throw missingRunFile(path)
      return file
    },
    build,
    async pause() {
      await setImmediate()
      checkOpen()
    },
    close() {
      source.close()
      db.close()
    },
  }
}
