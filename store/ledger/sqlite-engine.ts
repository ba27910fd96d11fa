import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { sql } from 'kysely'
import type { LedgerEngine } from './engine.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** A ledger in one file (":memory:" for tests). Every transaction takes the lock of the one writer when it begins. */
export function sqliteEngine(path: string): LedgerEngine {
  const inMemory = path === ':memory:'
  if (!inMemory) mkdirSync(dirname(path), { recursive: true })
  return {
    name: path,
    dialect: sqliteDialect(path),
    write: (db, work) => db.transaction().execute(work),
    stage: (db, work) =>
      db.connection().execute(async (connection) => {
        await sql`pragma synchronous = normal`.execute(connection)
        try {
          return await connection.transaction().execute(work)
        } finally {
          await sql`pragma synchronous = full`.execute(connection)
        }
      }),
    async origin() {
      if (inMemory) return undefined
      // A copy that is put in a file's place is another file.
      const { ino, birthtimeMs } = statSync(path)
      return `${ino}/${Math.floor(birthtimeMs)}`
    },
    // The processes on one folder wake each other through the broker; besides, everybody polls.
    listen: async () => ({ close: async () => {} }),
  }
}
