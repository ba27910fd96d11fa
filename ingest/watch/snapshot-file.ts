import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * The watch's state on disk, in pieces of different age. Each piece says up to which journal position it is applied;
 * `floor` is the position from which the journal has to be read so that every piece comes up to date.
 */
export interface SnapshotFile {
  load(): StoredSnapshot
  /** Writes pieces in one durable transaction. */
  save(pieces: SnapshotPieces): void
  close(): void
}

export interface StoredSnapshot {
  readonly floor: number
  readonly pages: readonly StoredPage[]
  /** Device ids of the slots: a text for each page, an id a line. */
  readonly ids: readonly string[]
  /** The clock as it was at the floor, or shortly before. */
  readonly clock?: { readonly position: number; readonly state: string }
  readonly world?: { readonly position: number; readonly state: Uint8Array }
}

export interface StoredPage {
  readonly number: number
  readonly position: number
  readonly state: Uint8Array
}

export interface SnapshotPieces {
  readonly floor: number
  readonly pages: readonly StoredPage[]
  readonly ids: readonly { readonly number: number; readonly ids: readonly string[] }[]
  readonly clock: { readonly position: number; readonly state: string }
  readonly world?: { readonly position: number; readonly state: Uint8Array }
}

/** Another layout is another file: a state that cannot be read is built anew. */
const layout = 1

export function openSnapshotFile(directory: string): SnapshotFile {
  mkdirSync(directory, { recursive: true })
  const database = new DatabaseSync(join(directory, `watch-${layout}.db`))
  // FULL: the journal gives up what is before the floor, so a floor that is said must be on the disk.
  database.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 500;
    CREATE TABLE IF NOT EXISTS page (number INTEGER PRIMARY KEY, position INTEGER NOT NULL, state BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS ids (number INTEGER PRIMARY KEY, ids TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS clock (position INTEGER PRIMARY KEY, state TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS world (id INTEGER PRIMARY KEY, position INTEGER NOT NULL, state BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, position INTEGER NOT NULL);`)
  const putPage = database.prepare('INSERT OR REPLACE INTO page VALUES (?, ?, ?)')
  const putIds = database.prepare('INSERT OR REPLACE INTO ids VALUES (?, ?)')
  const putClock = database.prepare('INSERT OR REPLACE INTO clock VALUES (?, ?)')
  const putWorld = database.prepare('INSERT OR REPLACE INTO world VALUES (0, ?, ?)')
  const putFloor = database.prepare('INSERT OR REPLACE INTO floor VALUES (0, ?)')
  // The newest clock that is not after the floor is the one that a replay begins with.
  const forgetClocks = database.prepare(
    'DELETE FROM clock WHERE position < (SELECT max(position) FROM clock WHERE position <= ?)',
  )

  function save(pieces: SnapshotPieces): void {
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const page of pieces.pages) putPage.run(page.number, page.position, page.state)
      for (const { number, ids } of pieces.ids) putIds.run(number, ids.join('\n'))
      putClock.run(pieces.clock.position, pieces.clock.state)
      if (pieces.world) putWorld.run(pieces.world.position, pieces.world.state)
      putFloor.run(pieces.floor)
      forgetClocks.run(pieces.floor)
      database.exec('COMMIT')
    } catch (error) {
      // SQLite has done it already where the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return { load: () => loadSnapshot(database), save, close: () => database.close() }
}

function loadSnapshot(database: DatabaseSync): StoredSnapshot {
  const floor = Number(database.prepare('SELECT position FROM floor').get()?.position ?? 0)
  const pages = database.prepare('SELECT number, position, state FROM page ORDER BY number').all()
  const ids = database.prepare('SELECT ids FROM ids ORDER BY number').all()
  const clock = database
    .prepare('SELECT position, state FROM clock WHERE position <= ? ORDER BY position DESC LIMIT 1')
    .get(floor)
  const world = database.prepare('SELECT position, state FROM world').get()
  return {
    floor,
    pages: pages.map((row) => ({
      number: Number(row.number),
      position: Number(row.position),
      state: row.state as Uint8Array,
    })),
    ids: ids.map((row) => String(row.ids)),
    ...(clock && { clock: { position: Number(clock.position), state: String(clock.state) } }),
    ...(world && { world: { position: Number(world.position), state: world.state as Uint8Array } }),
  }
}
