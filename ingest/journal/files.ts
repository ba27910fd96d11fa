import { type FileHandle, mkdir, open, readdir, unlink } from 'node:fs/promises'

/** A segment file as the journal uses it. Every call settles when the operating system has answered. */
export interface JournalFile {
  /** Bytes that the file holds. */
  size(): Promise<number>
  /** Writes all of `bytes` from `offset` on. */
  write(bytes: Uint8Array, offset: number): Promise<void>
  /** Fills `target` from `offset` on; returns how many bytes there were. */
  read(target: Uint8Array, offset: number): Promise<number>
  /** Returns after everything written has reached the disk. */
  sync(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

/**
 * The file system as the journal sees it. The proof of durability puts one underneath that loses whatever was not
 * synced, as a power cut does.
 */
export interface JournalFiles {
  /** Makes the folder and the ones above it, and waits until their entries are on the disk. */
  makeDirectory(directory: string): Promise<void>
  /** Names of the files in the folder. */
  list(directory: string): Promise<string[]>
  /** Makes a file that must not exist yet. Its name lasts only after `syncDirectory`. */
  create(path: string): Promise<JournalFile>
  open(path: string, access: 'read' | 'write'): Promise<JournalFile>
  /** Removes a file. It may come back after a power cut unless `syncDirectory` followed. */
  remove(path: string): Promise<void>
  syncDirectory(directory: string): Promise<void>
}

function diskFile(handle: FileHandle): JournalFile {
  return {
    size: async () => (await handle.stat()).size,
    async write(bytes, offset) {
      let written = 0
      while (written < bytes.length) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written)
        written += bytesWritten
      }
    },
    async read(target, offset) {
      let filled = 0
      while (filled < target.length) {
        const { bytesRead } = await handle.read(target, filled, target.length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    sync: () => handle.datasync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file system of the machine. */
export const diskFiles: JournalFiles = {
  async makeDirectory(directory) {
    await mkdir(directory, { recursive: true })
    await syncDirectory(`${directory}/..`)
  },
  list: (directory) => readdir(directory),
  create: async (path) => diskFile(await open(path, 'wx+')),
  open: async (path, access) => diskFile(await open(path, access === 'read' ? 'r' : 'r+')),
  remove: (path) => unlink(path),
  syncDirectory,
}
