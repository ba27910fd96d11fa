import type { LedgerDb } from '#store/ledger/database.ts'
import { type BatchRange, contractPages, placementPages } from '#store/ledger/directory.ts'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import type { Directory, DisplacedSlot } from './directory.ts'
import { loadPlaces, type Places } from './places.ts'

/** Keeps the directory up with the registry. */
export interface RegistryFeed {
  places(): Places
  /** Version of the registry that the directory holds whole. */
  version(): number
  /** Reads everything that the directory does not hold yet. */
  loadAll(inUseAt: (slot: number) => number): Promise<void>
  /**
   * Looks for a newer registry and reads a piece of what changed, so that a large import does not hold up readings.
   * Returns the slots whose place was corrected away.
   */
  step(inUseAt: (slot: number) => number): Promise<{ readonly changed: boolean; readonly displaced: DisplacedSlot[] }>
}

/** So many rows of a changed registry are taken before readings have their turn again. */
const rowsPerStep = 8_000

export interface RegistryFeedOptions {
  readonly db: LedgerDb
  readonly directory: Directory
  /** Version of the registry that the directory holds already. */
  readonly version: number
  /** Called after a load, with the version that the directory holds now and the rows that it took. */
  onLoaded(version: number, rows: number): void
}

export async function createRegistryFeed(options: RegistryFeedOptions): Promise<RegistryFeed> {
  const { db, directory, onLoaded } = options
  let places = await loadPlaces(db)
  let version = options.version
  let running: AsyncGenerator<Piece> | undefined

  interface Piece {
    readonly rows: number
    readonly displaced: readonly DisplacedSlot[]
  }

  async function* read(range: BatchRange, inUseAt: (slot: number) => number): AsyncGenerator<Piece> {
    let taken = 0
    for await (const rows of contractPages(db, range)) {
      taken += rows.length
      directory.addContracts(rows)
      yield { rows: rows.length, displaced: [] }
    }
    for await (const rows of placementPages(db, range)) {
      taken += rows.length
      yield { rows: rows.length, displaced: directory.addPlacements(rows, inUseAt) }
    }
    places = await loadPlaces(db)
    directory.finishLoad()
    version = range.through
    onLoaded(version, taken)
  }

  return {
    places: () => places,
    version: () => version,
    async loadAll(inUseAt) {
      const through = await registryVersion(db)
      for await (const _ of read({ after: version, through }, inUseAt));
    },
    async step(inUseAt) {
      if (!running) {
        const through = await registryVersion(db)
        if (through === version) return { changed: false, displaced: [] }
        running = read({ after: version, through }, inUseAt)
      }
      const displaced: DisplacedSlot[] = []
      for (let rows = 0; rows < rowsPerStep; ) {
        const piece = await running.next()
        if (piece.done) {
          running = undefined
          break
        }
        rows += piece.value.rows
        displaced.push(...piece.value.displaced)
      }
      return { changed: true, displaced }
    },
  }
}
