import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { DirectoryArrays, DirectoryEntries, DirectoryParts } from './directory.ts'

/**
 * A copy of the directory on disk. Reading millions of registry rows takes many seconds; the copy takes one, and only
 * what changed since has to be read. It is never the truth: a copy that does not check is not used.
 */
const layout = 2
const fileName = `directory-${layout}.bin`

const types = { Uint8Array, Uint16Array, Uint32Array, Int32Array, Float64Array }
type TypeName = keyof typeof types

interface Header {
  /** Registry that it is a copy of. */
  readonly version: number
  readonly entries: DirectoryEntries
  readonly arrays: readonly {
    readonly name: string
    readonly type: TypeName
    readonly length: number
    readonly crc: number
  }[]
}

export interface KeptDirectory {
  readonly version: number
  readonly parts: DirectoryParts
}

/** Every array begins where numbers of eight bytes may. */
const alignment = 8
const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment

/** The copy in a folder; undefined where there is none that checks. */
export async function readDirectoryFile(folder: string): Promise<KeptDirectory | undefined> {
  const file = await readFile(join(folder, fileName)).catch(() => undefined)
  // A pooled buffer would not be aligned; a file of this size never is one.
  if (!file || file.length < alignment || file.byteOffset % alignment !== 0) return undefined
  try {
    const headerLength = file.readUInt32LE(0)
    if (crc32(file.subarray(alignment, alignment + headerLength)) !== file.readUInt32LE(4)) return undefined
    const header: Header = JSON.parse(file.toString('utf8', alignment, alignment + headerLength))
    const arrays: Record<string, DirectoryArrays[string]> = {}
    let offset = aligned(alignment + headerLength)
    for (const { name, type, length, crc } of header.arrays) {
      const bytes = length * types[type].BYTES_PER_ELEMENT
      if (crc32(file.subarray(offset, offset + bytes)) !== crc) return undefined
      // Copied out: arrays that grow would otherwise each hold the whole file.
      arrays[name] = new types[type](
        file.buffer.slice(file.byteOffset + offset, file.byteOffset + offset + bytes) as ArrayBuffer,
      )
      offset = aligned(offset + bytes)
    }
    return { version: header.version, parts: { arrays, entries: header.entries } }
  } catch {
    return undefined
  }
}

/**
 * Writes a copy without holding up its caller. `isCurrent` is asked at the end: when the directory has changed
 * meanwhile, what was written is a mixture and is thrown away.
 */
export async function writeDirectoryFile(
  folder: string,
  kept: KeptDirectory,
  isCurrent: () => boolean,
): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, fileName)
  const arrays = Object.entries(kept.parts.arrays).map(([name, values]) => ({
    name,
    // A Buffer is one of these, too.
    type: values instanceof Uint8Array ? 'Uint8Array' : (values.constructor.name as TypeName),
    length: values.length,
    crc: crc32(bytesOf(values)),
  }))
  const header = Buffer.from(JSON.stringify({ version: kept.version, entries: kept.parts.entries, arrays }))
  const start = Buffer.alloc(aligned(alignment + header.length))
  start.writeUInt32LE(header.length, 0)
  start.writeUInt32LE(crc32(header), 4)
  header.copy(start, alignment)
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(start)
    for (const values of Object.values(kept.parts.arrays)) {
      const bytes = bytesOf(values)
      await file.writeFile(bytes)
      const rest = aligned(bytes.length) - bytes.length
      if (rest > 0) await file.writeFile(Buffer.alloc(rest))
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (!isCurrent()) {
    await rm(`${path}.new`, { force: true })
    return false
  }
  await rename(`${path}.new`, path)
  return true
}

const bytesOf = (values: DirectoryArrays[string]) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
