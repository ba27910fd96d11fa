import type { DatabaseSync } from 'node:sqlite'
import {
  deleteRuns,
  inTransaction,
  listRuns,
  type Merged,
  type Run,
  readFloorDay,
  writeFloorDay,
  writeMerged,
} from './catalogue.ts'

/** Empty batches that may lie about; each is a row that says only how far the journal was read. */
const emptyBatchesMax = 64
/** Chunks of device names smaller than this are joined. */
const namesPerChunk = 65_536
/** Small chunks that may lie about: a start reads them all. */
const smallChunksMax = 128

/** Removes the batches up to a seq; what the last of them said about progress stays. Call it in a transaction. */
export function dropBatches(db: DatabaseSync, seqTo: number): void {
  const last = db
    .prepare('SELECT seq, position, counters FROM batch WHERE seq <= ? ORDER BY seq DESC LIMIT 1')
    .get(seqTo)
  if (last === undefined) return
  writeMerged(db, last as unknown as Merged)
  db.prepare('DELETE FROM batch WHERE seq <= ?').run(seqTo)
}

/** Gives up all days of receipt before `day` and returns the runs whose files can be removed. */
export function dropDaysBefore(db: DatabaseSync, day: number): Run[] {
  if (day <= readFloorDay(db)) return []
  return inTransaction(db, 'BEGIN IMMEDIATE', () => {
    const dropped = listRuns(db).runs.filter((run) => run.day < day)
    deleteRuns(db, dropped)
    const lastSeq = db.prepare('SELECT max(seq) AS seq FROM batch WHERE day < ?').get(day)?.seq
    if (lastSeq !== null) dropBatches(db, Number(lastSeq))
    db.prepare('DELETE FROM partition WHERE day < ?').run(day)
    writeFloorDay(db, day)
    return dropped
  })
}

/** Removes batches without readings when there are many; the last batch stays, for it tells the progress. */
export function dropEmptyBatches(db: DatabaseSync): void {
  const empty = Number(db.prepare('SELECT count(*) AS count FROM batch WHERE rows = 0').get()?.count)
  if (empty <= emptyBatchesMax) return
  db.prepare('DELETE FROM batch WHERE rows = 0 AND seq < (SELECT max(seq) FROM batch)').run()
}

interface NameChunk {
  readonly first: number
  readonly count: number
}

/** Joins small chunks of device names, which come one an append while devices are new. */
export function joinDeviceNames(db: DatabaseSync): void {
  const small = db
    .prepare('SELECT first_number AS first, count FROM device_names WHERE count < ? ORDER BY first_number LIMIT ?')
    .all(namesPerChunk, 4 * smallChunksMax) as unknown as NameChunk[]
  if (small.length <= smallChunksMax) return
  inTransaction(db, 'BEGIN IMMEDIATE', () => {
    for (const group of groupsOf(small)) joinChunks(db, group)
  })
}

/** Neighbours that together make a full chunk, or all that are left. */
function groupsOf(chunks: readonly NameChunk[]): NameChunk[][] {
  const groups: NameChunk[][] = []
  let count = namesPerChunk
  let end = -1
  for (const chunk of chunks) {
    if (count >= namesPerChunk || chunk.first !== end) {
      groups.push([])
      count = 0
    }
    groups.at(-1)?.push(chunk)
    count += chunk.count
    end = chunk.first + chunk.count
  }
  return groups
}

function joinChunks(db: DatabaseSync, group: readonly NameChunk[]): void {
  const [first] = group
  if (group.length < 2) return
  const select = db.prepare('SELECT names FROM device_names WHERE first_number = ?')
  const remove = db.prepare('DELETE FROM device_names WHERE first_number = ?')
  const names = group.map((chunk) => select.get(chunk.first)?.names as Uint8Array)
  for (const chunk of group) remove.run(chunk.first)
  const count = group.reduce((sum, chunk) => sum + chunk.count, 0)
  db.prepare('INSERT INTO device_names(first_number, count, names) VALUES (?, ?, ?)').run(
    first.first,
    count,
    Buffer.concat(names),
  )
}
