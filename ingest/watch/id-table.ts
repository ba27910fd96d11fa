/**
 * Numbers for ids, in order of arrival. Millions of ids as strings in a Map take about 100 bytes each and are walked
 * by every garbage collection; here an id takes its own bytes and about 10 more, outside of the heap.
 */
export interface IdTable {
  readonly length: number
  at(index: number): string
  /** Number of an id; -1 for one that was never taken. */
  find(id: string): number
  /** Number of an id, a new one where it was never taken. */
  take(id: string): number
  /** Ids from one number to another, run together. */
  runTogether(from: number, to: number): string
  /** What is taken later is not in them. */
  parts(): IdTableParts
}

/** All of a table, to be kept in a file. */
export interface IdTableParts {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  readonly cells: Int32Array
}

const emptyCell = -1
/** Fuller than this, searching takes too many steps. */
const loadMax = 0.7

export function createIdTable(kept?: IdTableParts): IdTable {
  let size = kept?.ends.length ?? 0
  let bytes = kept ? Buffer.from(kept.bytes.buffer, kept.bytes.byteOffset, kept.bytes.length) : Buffer.alloc(1 << 12)
  let ends = kept?.ends ?? new Uint32Array(1 << 8)
  let cells = kept?.cells ?? new Int32Array(1 << 9).fill(emptyCell)

  const startOf = (index: number) => (index === 0 ? 0 : (ends[index - 1] as number))

  function isAt(index: number, id: string): boolean {
    const start = startOf(index)
    if ((ends[index] as number) - start !== id.length) return false
    for (let offset = 0; offset < id.length; offset += 1) {
      if (bytes[start + offset] !== id.charCodeAt(offset)) return false
    }
    return true
  }

  /** The cell that holds the id, or the empty one where it belongs. */
  function cellOf(id: string): number {
    let cell = hashOf(id) & (cells.length - 1)
    for (;;) {
      const index = cells[cell] as number
      if (index === emptyCell || isAt(index, id)) return cell
      cell = (cell + 1) & (cells.length - 1)
    }
  }

  function append(id: string): void {
    const start = startOf(size)
    if (start + id.length > bytes.length)
      bytes = Buffer.concat([bytes], Math.max(Math.ceil(bytes.length * 1.5), start + id.length))
    if (size === ends.length) {
      const longer = new Uint32Array(Math.max(1 << 8, Math.ceil(ends.length * 1.5)))
      longer.set(ends)
      ends = longer
    }
    bytes.write(id, start, 'latin1')
    ends[size] = start + id.length
    size += 1
  }

  function rehash(): void {
    cells = new Int32Array(cells.length * 2).fill(emptyCell)
    for (let index = 0; index < size; index += 1) {
      cells[cellOf(bytes.toString('latin1', startOf(index), ends[index]))] = index
    }
  }

  return {
    get length() {
      return size
    },
    at: (index) => bytes.toString('latin1', startOf(index), ends[index]),
    find: (id) => cells[cellOf(id)] as number,
    take(id) {
      const cell = cellOf(id)
      const known = cells[cell] as number
      if (known !== emptyCell) return known
      cells[cell] = size
      append(id)
      if (size > cells.length * loadMax) rehash()
      return size - 1
    },
    runTogether: (from, to) => bytes.toString('latin1', startOf(from), startOf(to)),
    parts: () => ({
      bytes: bytes.subarray(0, size === 0 ? 0 : startOf(size)),
      ends: ends.subarray(0, size),
      cells: cells.slice(),
    }),
  }
}

/** FNV-1a, with a final mix so that ids which differ in their last digit do not crowd together. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5
  for (let offset = 0; offset < id.length; offset += 1) hash = Math.imul(hash ^ id.charCodeAt(offset), 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 3
}
