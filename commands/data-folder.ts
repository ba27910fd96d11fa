import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import type { LedgerTarget } from '#store/ledger/database.ts'
import { replaceFileSync } from '#store/whole-file.ts'
import { readKeptFile } from './kept-file.ts'

/** Where everything of one service lives. */
export interface DataFolder {
  readonly path: string
  /** A file of the folder, unless it is told to be a database elsewhere. */
  readonly ledger: LedgerTarget
  readonly journal: string
  readonly telemetry: string
  readonly watch: string
  readonly clock: string
  readonly demo: string
}

export function dataFolder(path: string): DataFolder {
  const root = resolve(path)
  return {
    path: root,
    ledger: join(root, 'ledger.db'),
    journal: join(root, 'journal'),
    telemetry: join(root, 'telemetry'),
    watch: join(root, 'watch'),
    clock: join(root, 'clock.json'),
    demo: join(root, 'demo.json'),
  }
}

/** Takes the folder for this process; returns how to give it back, or the process that has it. */
export function lockDataFolder(folder: DataFolder): { ok: true; unlock(): void } | { ok: false; pid: number } {
  mkdirSync(folder.path, { recursive: true, mode: 0o750 })
  const path = join(folder.path, 'lock')
  for (;;) {
    try {
      const descriptor = openSync(path, 'wx')
      writeSync(descriptor, String(process.pid))
      closeSync(descriptor)
      return { ok: true, unlock: () => rmSync(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const pid = Number(readFileSync(path, 'utf8'))
    if (pid > 0 && pid !== process.pid && isRunning(pid)) return { ok: false, pid }
    // Left behind by a process that was killed.
    rmSync(path, { force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The city clock that the folder keeps: where it stood when it was last saved, and whether it is simulated. */
const keptClockSchema = z.strictObject({ cityMs: z.number(), simulated: z.boolean(), historyDone: z.boolean() })
export type KeptClock = z.infer<typeof keptClockSchema>

export function readKeptClock(folder: DataFolder): KeptClock | undefined {
  return readKeptFile(folder.clock, keptClockSchema)
}

/**
 * Gives what saves the clock as it is when it is called. A disk that does not take it is no reason to stop: it is told of
 * once, until it takes it again.
 */
export function makeClockSaver(
  folder: DataFolder,
  kept: () => KeptClock,
  tellFailure: (reason: string) => void,
): () => void {
  let isFailing = false
  return () => {
    try {
      replaceFileSync(folder.clock, JSON.stringify(kept()))
      isFailing = false
    } catch (error) {
      if (!isFailing) tellFailure((error as Error).message)
      isFailing = true
    }
  }
}

/** The folder's own time for commands that run beside the service: the city clock's, or real time. */
export function folderNow(folder: DataFolder): number {
  const kept = readKeptClock(folder)
  return kept?.simulated ? kept.cityMs : Date.now()
}
