import type { Ledger } from '#store/ledger/database.ts'
import { dwellingDays } from '#store/ledger/dwelling-days.ts'

/** Everything that the watch has written, in an order of its own. */
export async function ledgerOf(ledger: Ledger) {
  const { db } = ledger
  const progress = await db.selectFrom('reader_position').selectAll().where('reader', '=', 'watch').executeTakeFirst()
  return {
    flags: await db.selectFrom('flag').selectAll().orderBy('key').execute(),
    alerts: await db.selectFrom('alert').selectAll().orderBy('id').execute(),
    days: await daysOf(ledger),
    lateSupply: await db.selectFrom('supply_late').selectAll().orderBy('day').orderBy('device').execute(),
    outages: await db.selectFrom('outage').selectAll().orderBy('key').execute(),
    weather: await db.selectFrom('weather').selectAll().orderBy('district').orderBy('at').orderBy('source').execute(),
    signals: await db.selectFrom('signal').selectAll().orderBy('number').execute(),
    position: progress?.position,
    counters: progress?.counters,
  }
}

/** Every dwelling-day in order, whatever place it has in the pages. */
async function daysOf({ db }: Ledger) {
  const kept = await db.selectFrom('dwelling_day_page').select('day').distinct().execute()
  const late = await db.selectFrom('dwelling_day_wrong').selectAll().execute()
  const probes = await db.selectFrom('home_probe').select('dwelling').execute()
  const days = [...new Set([...kept, ...late].map(({ day }) => day))].sort((left, right) => left - right)
  const positions = new Map(
    late.map(({ day, dwelling, device, position }) => [`${day}/${dwelling}/${device}`, position]),
  )
  const found = []
  for (const dwelling of [...new Set([...probes, ...late].map((row) => row.dwelling))].sort()) {
    for (const number of days) {
      for (const day of await dwellingDays(db, dwelling, number, number)) {
        found.push({ ...day, staleSince: positions.get(`${number}/${dwelling}/${day.device}`) })
      }
    }
  }
  return found
}
