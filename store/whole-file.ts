import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/*
 * Small files that are replaced as a whole: written beside, synced and put in place, so that a crash at any instant
 * leaves the old one or the new one, and a disk without room the old one.
 */

/** Resolves when the new file is durable, its name included. */
export async function replaceFile(path: string, text: string, mode = 0o640): Promise<void> {
  const aside = `${path}.new`
  const file = await open(aside, 'w', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(aside, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** For who cannot wait, and does not mind that a power cut soon after brings the old one back. */
export function replaceFileSync(path: string, text: string, mode = 0o640): void {
  const aside = `${path}.new`
  const file = openSync(aside, 'w', mode)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(aside, path)
}
