import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'

/**
 * A file system under the journal that knows what a power cut would leave. Everything goes to the real files as
 * well; beside them, in a folder that stands for the platter, lies only what a completed sync has promised: the bytes
 * of each file, and which names the directory has. After a kill `cutPower` puts the journal's folder back to that.
 *
 * It is stricter than Linux: syncing a new file does not keep its name, only syncing the directory does.
 */
export interface Platter {
  readonly directory: string
}

type Change = { readonly truncatedTo: number } | { readonly offset: number; readonly bytes: Uint8Array }
/** Which file each name stands for. A removed name that comes back after a cut still has its bytes. */
export type Names = Record<string, number>

export const inodePath = (platter: Platter, inode: number) => join(platter.directory, `inode-${inode}`)
/** Names as the running journal sees them, kept so that the next process goes on with the same files. */
export const liveNamesPath = (platter: Platter) => join(platter.directory, 'names-live.json')
/** Names that a completed sync of the directory has promised. */
export const syncedNamesPath = (platter: Platter) => join(platter.directory, 'names-synced.json')

export function readNames(path: string): Names {
  return JSON.parse(readFileSync(path, 'utf8'))
}

export function writeNames(path: string, names: Names): void {
  writeFileSync(`${path}.new`, JSON.stringify(names))
  renameSync(`${path}.new`, path)
}

/** Makes the platter of an empty journal folder. */
export function makePlatter(directory: string): Platter {
  mkdirSync(directory, { recursive: true })
  const platter = { directory }
  writeNames(liveNamesPath(platter), {})
  writeNames(syncedNamesPath(platter), {})
  return platter
}

/** `syncMsMin` is how long a sync of this disk takes at least: on a fast one a cut would hardly ever fall into it. */
export function losingFiles(real: JournalFiles, platter: Platter, syncMsMin = 0): JournalFiles {
  const live = readNames(liveNamesPath(platter))
  let directorySyncs = 0
  let newestPromise = 0
  let nextInode = 1 + Math.max(0, ...Object.values(live), ...Object.values(readNames(syncedNamesPath(platter))))

  function track(path: string, inode: number, file: JournalFile): JournalFile {
    live[basename(path)] = inode
    writeNames(liveNamesPath(platter), live)
    let unsynced: Change[] = []
    return {
      ...file,
      async write(bytes, offset) {
        const copy = bytes.slice()
        await file.write(bytes, offset)
        unsynced.push({ offset, bytes: copy })
      },
      async truncate(sizeBytes) {
        await file.truncate(sizeBytes)
        unsynced.push({ truncatedTo: sizeBytes })
      },
      async sync() {
        // Only what was written before the sync began is promised.
        const promised = unsynced
        unsynced = []
        if (syncMsMin > 0) await pause(syncMsMin)
        await file.sync()
        applyChanges(inodePath(platter, inode), promised)
      },
    }
  }

  return {
    ...real,
    async create(path) {
      const file = await real.create(path)
      const inode = nextInode++
      // A number may have belonged to a file whose name a cut took.
      rmSync(inodePath(platter, inode), { force: true })
      return track(path, inode, file)
    },
    async open(path, access) {
      const file = await real.open(path, access)
      const inode = live[basename(path)]
      if (access === 'read') return file
      if (inode === undefined) throw new Error(`${path} was made behind the back of the losing file layer`)
      return track(path, inode, file)
    },
    async remove(path) {
      await real.remove(path)
      delete live[basename(path)]
      writeNames(liveNamesPath(platter), live)
    },
    async syncDirectory(directory) {
      const promised = { ...live }
      const number = ++directorySyncs
      await real.syncDirectory(directory)
      // Syncs may end in another order than they began; an earlier one takes back nothing that a later one promised.
      if (number < newestPromise) return
      newestPromise = number
      writeNames(syncedNamesPath(platter), promised)
    },
  }
}

function applyChanges(path: string, changes: readonly Change[]): void {
  // The file may not be there yet, and what is there must stay: neither 'r+' nor 'w' alone does both.
  closeSync(openSync(path, 'a'))
  const descriptor = openSync(path, 'r+')
  try {
    for (const change of changes) {
      if ('bytes' in change) writeSync(descriptor, change.bytes, 0, change.bytes.length, change.offset)
      else ftruncateSync(descriptor, change.truncatedTo)
    }
  } finally {
    closeSync(descriptor)
  }
}
