import type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'

/**
 * A file system in memory that loses power: what was not synced is gone or torn, names that the folder was not synced
 * after may be missing or back. Every operation counts; the power goes in the middle of the one it is told.
 */
export interface CrashingFiles extends JournalFiles {
  /** Operations so far that change something. */
  operations(): number
  /** Names in the folder as they are now. */
  names(): string[]
  contentOf(name: string): Buffer
  /** The file system as the next boot finds it. */
  afterPowerCut(random: () => number): CrashingFiles
  /** From now on this operation fails, as a broken disk does. */
  failNext(operation: 'write' | 'sync' | 'syncDirectory', error: Error): void
  /** Counts the calls of an operation. */
  calls(operation: Operation): number
  /** Holds every sync back until the returned function is called. */
  holdSyncs(): () => void
}

type Operation = 'write' | 'sync' | 'syncDirectory' | 'create' | 'remove' | 'truncate'

interface Content {
  now: Buffer
  durable: Buffer
}

interface State {
  readonly now: Map<string, Content>
  readonly durable: Map<string, Content>
}

const never = new Promise<never>(() => {})
const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

export function crashingFiles(powerCutAt = Number.POSITIVE_INFINITY, state?: State): CrashingFiles {
  const { now, durable } = state ?? { now: new Map<string, Content>(), durable: new Map<string, Content>() }
  const counts = new Map<Operation, number>()
  let operations = 0
  let failure: { operation: Operation; error: Error } | undefined
  let held: Promise<void> | undefined

  /** Runs an operation, or the half of it that happens before the power goes. */
  async function operate(operation: Operation, whole: () => void, half: () => void = () => {}): Promise<void> {
    if (operations >= powerCutAt) return never
    operations++
    counts.set(operation, (counts.get(operation) ?? 0) + 1)
    if (operations >= powerCutAt) {
      half()
      return never
    }
    if (failure?.operation === operation) throw failure.error
    await new Promise((resolve) => setImmediate(resolve))
    if (operation === 'sync') await held
    if (operations >= powerCutAt) return never
    whole()
  }

  const fileOf = (content: Content): JournalFile => ({
    size: async () => content.now.length,
    write(bytes, offset) {
      const copy = Buffer.from(bytes)
      const put = (part: Buffer) => {
        const grown = Buffer.alloc(Math.max(content.now.length, offset + part.length))
        content.now.copy(grown)
        part.copy(grown, offset)
        content.now = grown
      }
      return operate(
        'write',
        () => put(copy),
        () => put(copy.subarray(0, copy.length >> 1)),
      )
    },
    async read(target, offset) {
      return content.now.copy(target, 0, offset)
    },
    sync: () =>
      operate('sync', () => {
        content.durable = content.now
      }),
    truncate: (sizeBytes) =>
      operate('truncate', () => {
        content.now = Buffer.from(content.now.subarray(0, sizeBytes))
      }),
    close: async () => {},
  })

  return {
    makeDirectory: async () => {},
    list: async () => [...now.keys()],
    async create(path) {
      const content: Content = { now: Buffer.alloc(0), durable: Buffer.alloc(0) }
      await operate(
        'create',
        () => now.set(nameOf(path), content),
        () => now.set(nameOf(path), content),
      )
      return fileOf(content)
    },
    async open(path) {
      const content = now.get(nameOf(path))
      if (!content) throw new Error(`no file ${path}`)
      return fileOf(content)
    },
    remove: (path) =>
      operate(
        'remove',
        () => now.delete(nameOf(path)),
        () => now.delete(nameOf(path)),
      ),
    syncDirectory: () =>
      operate('syncDirectory', () => {
        durable.clear()
        for (const [name, content] of now) durable.set(name, content)
      }),
    operations: () => operations,
    names: () => [...now.keys()].sort(),
    contentOf: (name) => now.get(name)?.now ?? Buffer.alloc(0),
    calls: (operation) => counts.get(operation) ?? 0,
    failNext(operation, error) {
      failure = { operation, error }
    },
    holdSyncs() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return () => {
        held = undefined
        resolve()
      }
    },
    afterPowerCut(random) {
      const found = new Map<string, Content>()
      const names = new Set([...now.keys(), ...durable.keys()])
      for (const name of names) {
        const certain = now.has(name) && durable.has(name)
        const content = durable.get(name) ?? now.get(name)
        if (content && (certain || random() < 0.5)) found.set(name, contentAfterPowerCut(content, random))
      }
      return crashingFiles(Number.POSITIVE_INFINITY, { now: found, durable: new Map(found) })
    },
  }
}

/** What was synced, then some of what was not, perhaps with a hole where a block never reached the disk. */
function contentAfterPowerCut({ now, durable }: Content, random: () => number): Content {
  // A truncation that was not synced may not have happened.
  if (now.length < durable.length) return random() < 0.5 ? same(now) : same(durable)
  const kept = durable.length + Math.floor(random() * (now.length - durable.length + 1))
  const bytes = Buffer.from(now.subarray(0, kept))
  durable.copy(bytes)
  if (random() < 0.5 && kept > durable.length) {
    const hole = durable.length + Math.floor(random() * (kept - durable.length))
    bytes.fill(0, hole, Math.min(kept, hole + 64))
  }
  return same(bytes)
}

const same = (bytes: Buffer): Content => ({ now: bytes, durable: bytes })
