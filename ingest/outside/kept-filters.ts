import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '#store/whole-file.ts'

/**
 * Filters that may be in our session at the broker, kept across restarts: a gateway that goes to another worker has to
 * be taken out of a session that this process may never have made.
 */
export interface KeptFilters {
  readonly filters: ReadonlySet<string>
  add(filters: readonly string[]): Promise<void>
  remove(filters: readonly string[]): Promise<void>
}

const fileName = 'subscriptions.json'

interface Kept {
  /** Broker and client id: another session has other subscriptions. */
  readonly session: string
  readonly filters: readonly string[]
}

export async function openKeptFilters(directory: string, session: string): Promise<KeptFilters> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, fileName)
  const kept = await read(path)
  const filters = new Set(kept?.session === session ? kept.filters : [])

  const save = (filters: ReadonlySet<string>) =>
    replaceFile(path, JSON.stringify({ session, filters: [...filters] } satisfies Kept))

  return {
    filters,
    async add(more) {
      const fresh = new Set(more).difference(filters)
      if (fresh.size === 0) return
      // What could not be written is not kept, and is asked to be added again.
      await save(filters.union(fresh))
      for (const filter of fresh) filters.add(filter)
    },
    async remove(some) {
      await save(filters.difference(new Set(some)))
      for (const filter of some) filters.delete(filter)
    },
  }
}

async function read(path: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
