import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { type Birth, makeBirth, type NodeSession } from '../codecs/sparkplug-session.ts'
import type { SessionVersion } from './sparkplug-book.ts'

/** Sessions of edge nodes on the disk, beside the journal whose positions they name. */
export interface SparkplugFile {
  /** All versions, by gateway and node, in order of their positions. */
  read(): Map<string, SessionVersion[]>
  /** Keeps sessions as of a position; returns when they are durable. */
  write(position: number, sessions: ReadonlyMap<string, NodeSession | undefined>): void
  /** Forgets versions that no reader will ask for. */
  release(position: number): void
  close(): void
}

/** Forgetting costs a transaction: not for every step of a reader. */
const releaseEveryBytes = 16 << 20

/** The births of a session by device: the rows that hold them. */
const sessionSchema = z.object({
  bdSeq: z.number().optional(),
  seq: z.number(),
  trusted: z.boolean(),
  births: z.record(z.string(), z.number()),
})
const birthSchema = z.array(z.tuple([z.string(), z.string().nullable(), z.number().nullable()]))

/** The file at a path, which is made when there is a session to keep: most cities have no Sparkplug. */
export function sparkplugFileAt(path: string): SparkplugFile {
  let file = existsSync(path) ? openSparkplugFile(path) : undefined
  return {
    read: () => file?.read() ?? new Map(),
    write(position, sessions) {
      file ??= openSparkplugFile(path)
      file.write(position, sessions)
    },
    release: (position) => file?.release(position),
    close: () => file?.close(),
  }
}

/**
 * Opens or makes the file. A birth is large and rare, the sequence number changes with every message: so births are
 * rows of their own, to which the versions of a session point.
 */
function openSparkplugFile(path: string): SparkplugFile {
  const db = new DatabaseSync(path)
  db.exec(`
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists birth (id integer primary key, metrics text not null);
    create table if not exists session (
      node text not null, position integer not null, session text, primary key (node, position)
    ) without rowid;
  `)
  const insertBirth = db.prepare('insert into birth (metrics) values (?)')
  const putSession = db.prepare('insert or replace into session (node, position, session) values (?, ?, ?)')
  const dropPassed = db.prepare(`
    delete from session where position < (
      select max(newer.position) from session newer where newer.node = session.node and newer.position <= ?
    )`)
  const dropGone = db.prepare('delete from session where session is null and position <= ?')
  const dropBirths = db.prepare(`
    delete from birth where id not in (
      select birth.value from session, json_each(session.session, '$.births') birth where session.session is not null
    )`)
  /** Births that have a row. */
  const rows = new WeakMap<Birth, number>()
  let releasedTo = 0

  let unsure: Birth[] = []

  function inTransaction(work: () => void): void {
    unsure = []
    db.exec('begin immediate')
    try {
      work()
      db.exec('commit')
    } catch (error) {
      for (const birth of unsure) rows.delete(birth)
      // SQLite has done it already where the disk is full.
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }

  function rowOf(birth: Birth): number {
    const known = rows.get(birth)
    if (known !== undefined) return known
    const metrics = birth.metrics.map(({ name, alias, type }) => [name, alias ?? null, type ?? null])
    const id = Number(insertBirth.run(JSON.stringify(metrics)).lastInsertRowid)
    rows.set(birth, id)
    unsure.push(birth)
    return id
  }

  function textOf({ bdSeq, seq, trusted, births }: NodeSession): string {
    const ids = Object.fromEntries([...births].map(([device, birth]) => [device, rowOf(birth)]))
    return JSON.stringify({ bdSeq, seq, trusted, births: ids })
  }

  function readBirths(): Map<number, Birth> {
    const births = new Map<number, Birth>()
    for (const row of db.prepare('select id, metrics from birth').iterate()) {
      const metrics = birthSchema.parse(JSON.parse(String(row.metrics)))
      const birth = makeBirth(
        metrics.map(([name, alias, type]) => ({ name, alias: alias ?? undefined, type: type ?? undefined })),
      )
      births.set(Number(row.id), birth)
      rows.set(birth, Number(row.id))
    }
    return births
  }

  return {
    read() {
      const births = readBirths()
      const nodes = new Map<string, SessionVersion[]>()
      for (const row of db.prepare('select node, position, session from session order by node, position').iterate()) {
        const versions = nodes.get(String(row.node)) ?? []
        versions.push({ position: Number(row.position), session: sessionOf(row.session, births) })
        nodes.set(String(row.node), versions)
      }
      return nodes
    },
    write(position, sessions) {
      inTransaction(() => {
        for (const [node, session] of sessions) putSession.run(node, position, session ? textOf(session) : null)
      })
    },
    release(position) {
      if (position < releasedTo + releaseEveryBytes) return
      releasedTo = position
      inTransaction(() => {
        dropPassed.run(position)
        dropGone.run(position)
        dropBirths.run()
      })
    },
    close: () => db.close(),
  }
}

function sessionOf(text: unknown, births: ReadonlyMap<number, Birth>): NodeSession | undefined {
  if (typeof text !== 'string') return undefined
  const { bdSeq, seq, trusted, births: ids } = sessionSchema.parse(JSON.parse(text))
  const known = Object.entries(ids).flatMap(([device, id]): [string, Birth][] => {
    const birth = births.get(id)
    return birth ? [[device, birth]] : []
  })
  return { bdSeq, seq, trusted, births: new Map(known) }
}
