import { type Kysely, PostgresAdapter, sql } from 'kysely'

/** On it the stream tells that it has grown. */
export const streamChannel = 'warmcity_stream'

/** The one place that asks which database this is: there is no common way to write a trigger. */
const isPostgres = (db: Kysely<unknown>) => db.getExecutor().adapter instanceof PostgresAdapter

/** Refuses every change of a table but new rows: our own code must not be able to rewrite it by mistake. */
export async function makeAppendOnly(db: Kysely<unknown>, table: string, reason: string): Promise<void> {
  const postgres = isPostgres(db)
  if (postgres) {
    await sql`create function ${sql.table(`${table}_refuse`)}() returns trigger language plpgsql as
      ${sql.lit(`begin raise exception '${reason}'; end`)}`.execute(db)
  }
  for (const verb of postgres ? ['update', 'delete', 'truncate'] : ['update', 'delete']) {
    const refuse = postgres
      ? sql`for each statement execute function ${sql.table(`${table}_refuse`)}()`
      : sql`begin select raise(abort, ${sql.lit(reason)}); end`
    await sql`create trigger ${sql.table(`${table}_no_${verb}`)} before ${sql.raw(verb)} on ${sql.table(table)}
      ${refuse}`.execute(db)
  }
}

/** Lets those who listen know when a transaction that changed the stream has committed; see `Ledger.listen`. */
export async function announceStream(db: Kysely<unknown>): Promise<void> {
  if (!isPostgres(db)) return
  await sql`create function stream_announce() returns trigger language plpgsql as
    ${sql.lit(`begin perform pg_notify('${streamChannel}', ''); return null; end`)}`.execute(db)
  await sql`create trigger stream_grown after update on stream
    for each row when (old.head <> new.head or old.id <> new.id) execute function stream_announce()`.execute(db)
}
