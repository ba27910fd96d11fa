import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { type RollUpFigure, type RollUpLevel, rollUpFigures } from '#domain/telemetry-names.ts'
import { hourMs } from '#domain/time.ts'
import type { RollUpReader, RollUpStore, StoredRollUp } from '../roll-up-store.ts'
import { syncFolder } from './folder.ts'
import { guardMainFile } from './main-file.ts'
import { type FigureNames, packFigures, unpackFigures } from './roll-up-figures.ts'
import { TelemetryError } from './telemetry-error.ts'

/*
 * Hour first: a period's rows go into few pages, and what is dropped lies together. Within an hour the six periods of
 * a place are neighbours, so that its history is one look-up an hour.
 */
const schema = `
CREATE TABLE figure(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE place(number INTEGER PRIMARY KEY, level TEXT NOT NULL, id TEXT NOT NULL, UNIQUE(level, id));
CREATE TABLE roll_up(
  hour INTEGER NOT NULL, place INTEGER NOT NULL, period INTEGER NOT NULL, few INTEGER NOT NULL, figures BLOB NOT NULL,
  PRIMARY KEY(hour, place, period)) WITHOUT ROWID;
PRAGMA user_version = 1;
`
const fileName = 'roll-ups.sqlite'
/** The api reads while the edge writes; neither takes this long unless something is stuck. */
const busyTimeoutMs = 10_000
/** Hours looked up before others have their turn: some milliseconds. */
const hoursPerTurn = 500

export interface RollUpFolder {
  /** Folder of the telemetry store. */
  readonly directory: string
}

/** Opens the roll-ups of a folder for writing; makes them where there are none. */
export function openSqliteRollUps({ directory }: RollUpFolder): RollUpStore {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, fileName)
  const isNew = !existsSync(path)
  const db = guardMainFile(path, () => {
    const opened = new DatabaseSync(path, { timeout: busyTimeoutMs })
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE')
    if (opened.prepare('PRAGMA user_version').get()?.user_version === 0) opened.exec(schema)
    opened.exec('COMMIT')
    return opened
  })
  if (isNew) syncFolder(directory)
  const addFigures = db.prepare('INSERT OR IGNORE INTO figure(name) VALUES (?)')
  for (const name of rollUpFigures) addFigures.run(name)
  const reading = readFrom(db, path)
  const names = figureNames(db)
  const places = new Map<string, number>()
  const findPlace = db.prepare('SELECT number FROM place WHERE level = ? AND id = ?')
  const addPlace = db.prepare('INSERT INTO place(level, id) VALUES (?, ?)')
  const put = db.prepare('INSERT OR REPLACE INTO roll_up(hour, place, period, few, figures) VALUES (?, ?, ?, ?, ?)')
  const drop = db.prepare('DELETE FROM roll_up WHERE hour = ?')
  const oldest = db.prepare('SELECT min(hour) AS hour FROM roll_up')

  function placeNumber(level: RollUpLevel, id: string): number {
    const key = `${level}/${id}`
    const known = places.get(key) ?? findPlace.get(level, id)?.number
    const number = Number(known ?? addPlace.run(level, id).lastInsertRowid)
    places.set(key, number)
    return number
  }

  function transaction(work: () => void): void {
    guardMainFile(path, () => {
      db.exec('BEGIN IMMEDIATE')
      try {
        work()
        db.exec('COMMIT')
      } catch (error) {
        // The numbers of new places went with it.
        places.clear()
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
    })
  }

  return {
    ...reading,
    async writeRollUps(rollUps) {
      reading.open()
      transaction(() => {
        for (const rollUp of rollUps) {
          const { hour, period } = hourAndPeriod(rollUp.at)
          const place = placeNumber(rollUp.place.level, rollUp.place.id)
          put.run(hour, place, period, rollUp.few ? 1 : 0, packFigures(rollUp.figures, names))
        }
      })
    },
    async dropRollUpsBefore(at) {
      const end = Math.floor(at / hourMs)
      for (;;) {
        reading.open()
        const first = oldest.get()?.hour
        if (typeof first !== 'number' || first >= end) return
        transaction(() => drop.run(first))
        await nextTurn()
      }
    },
  }
}

/** Answers from the roll-ups of a folder; while no writer has made them, there are none. */
export function openSqliteRollUpReader({ directory }: RollUpFolder): RollUpReader {
  const path = join(directory, fileName)
  let closed = false
  let opened: (RollUpReader & { open(): void }) | undefined

  function reader(): RollUpReader | undefined {
    if (closed) throw new TelemetryError('telemetry_closed', 'The roll-ups are closed')
    if (opened || !existsSync(path)) return opened
    const db = guardMainFile(path, () => new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs }))
    // Another process has only just made the file.
    if (db.prepare('PRAGMA user_version').get()?.user_version === 0) db.close()
    else opened = readFrom(db, path)
    return opened
  }

  return {
    rollUps: async (...question) => reader()?.rollUps(...question) ?? [],
    rollUpsAt: async (...question) => reader()?.rollUpsAt(...question) ?? [],
    newestRollUpAt: async () => reader()?.newestRollUpAt(),
    async close() {
      closed = true
      await opened?.close()
    },
  }
}

const periodsPerHour = hourMs / rollUpPeriodMs

function hourAndPeriod(at: number): { hour: number; period: number } {
  const hour = Math.floor(at / hourMs)
  return { hour, period: Math.floor((at - hour * hourMs) / rollUpPeriodMs) }
}

function figureNames(db: DatabaseSync): FigureNames {
  let names = new Map<number, RollUpFigure>()
  let numbers = new Map<RollUpFigure, number>()
  function load(): void {
    const rows = db.prepare('SELECT number, name FROM figure').all()
    names = new Map(rows.map(({ number, name }) => [Number(number), String(name) as RollUpFigure]))
    numbers = new Map([...names].map(([number, name]) => [name, number]))
  }
  load()
  return {
    numberOf: (name) => numbers.get(name) ?? 0,
    nameOf(number) {
      // A newer writer may have named more since.
      if (!names.has(number)) load()
      return names.get(number)
    },
  }
}

interface RollUpRow {
  readonly level: RollUpLevel
  readonly id: string
  readonly hour: number
  readonly period: number
  readonly few: number
  readonly figures: Uint8Array
}

function readFrom(db: DatabaseSync, path: string): RollUpReader & { open(): void } {
  const names = figureNames(db)
  const findPlace = db.prepare('SELECT number FROM place WHERE level = ? AND id = ?')
  const ofHour = db.prepare(
    'SELECT hour, period, few, figures FROM roll_up WHERE hour = ? AND place = ? ORDER BY period',
  )
  const hours = db.prepare('SELECT min(hour) AS first, max(hour) AS last FROM roll_up')
  const levels = `(SELECT value FROM json_each(?))`
  const ofPeriod = db.prepare(`SELECT place.level, place.id, hour, period, few, figures FROM place
    CROSS JOIN roll_up ON hour = ? AND place = place.number AND period = ? WHERE place.level IN ${levels}`)
  let closed = false

  function open(): void {
    if (closed) throw new TelemetryError('telemetry_closed', 'The roll-ups are closed')
  }

  const storedFrom = (row: RollUpRow): StoredRollUp => ({
    level: row.level,
    id: row.id,
    at: (row.hour * periodsPerHour + row.period) * rollUpPeriodMs,
    few: row.few === 1,
    figures: unpackFigures(row.figures, names),
  })

  return {
    open,
    async rollUps(level, id, from, to, limit) {
      open()
      const found: StoredRollUp[] = []
      const place = guardMainFile(path, () => findPlace.get(level, id))?.number
      const kept = guardMainFile(path, () => hours.get())
      if (place === undefined || typeof kept?.first !== 'number') return found
      const first = Math.max(Math.floor(from / hourMs), kept.first)
      const last = Math.min(Math.floor((to - 1) / hourMs), Number(kept.last))
      for (let hour = first; hour <= last && found.length < limit; hour += 1) {
        if ((hour - first) % hoursPerTurn === hoursPerTurn - 1) await nextTurn()
        open()
        for (const row of guardMainFile(path, () => ofHour.all(hour, place))) {
          const rollUp = storedFrom({ ...(row as unknown as RollUpRow), level, id })
          if (rollUp.at >= from && rollUp.at < to && found.length < limit) found.push(rollUp)
        }
      }
      return found
    },
    async rollUpsAt(wanted, at) {
      open()
      const { hour, period } = hourAndPeriod(at)
      const rows = guardMainFile(path, () => ofPeriod.all(hour, period, JSON.stringify(wanted)))
      return rows.map((row) => storedFrom(row as unknown as RollUpRow))
    },
    async newestRollUpAt() {
      open()
      const last = guardMainFile(path, () => hours.get())?.last
      if (typeof last !== 'number') return undefined
      // What an hour has begun with may be places alone: a period is there when the city is.
      for (let hour = last; hour > last - newestHoursMax; hour -= 1) {
        for (let period = periodsPerHour - 1; period >= 0; period -= 1) {
          if (ofPeriod.get(hour, period, cityOnly)) return (hour * periodsPerHour + period) * rollUpPeriodMs
        }
      }
      return undefined
    },
    async close() {
      if (!closed) db.close()
      closed = true
    },
  }
}

const cityOnly = JSON.stringify(['city'] satisfies RollUpLevel[])
/** Later hours without the city have only begun to be written: no more than one or two. */
const newestHoursMax = 48
