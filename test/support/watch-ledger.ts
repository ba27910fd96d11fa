import type { Ledger } from '#store/ledger/database.ts'

/** Everything that the watch has written, in an order of its own. */
export async function ledgerOf(ledger: Ledger) {
  const { db } = ledger
  const progress = await db.selectFrom('reader_position').selectAll().where('reader', '=', 'watch').executeTakeFirst()
  return {
    flags: await db.selectFrom('flag').selectAll().orderBy('key').execute(),
    alerts: await db.selectFrom('alert').selectAll().orderBy('id').execute(),
    days: await db
      .selectFrom('dwelling_day')
      .selectAll()
      .orderBy('day')
      .orderBy('dwelling')
      .orderBy('device')
      .execute(),
    outages: await db.selectFrom('outage').selectAll().orderBy('key').execute(),
    weather: await db.selectFrom('weather').selectAll().orderBy('district').orderBy('at').orderBy('source').execute(),
    signals: await db.selectFrom('signal').selectAll().orderBy('number').execute(),
    position: progress?.position,
    counters: progress?.counters,
  }
}
