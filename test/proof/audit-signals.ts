import type { LedgerDb } from '#store/ledger/database.ts'
import { dwellingId } from '../bench/small-city.ts'
import type { GatewayFeed } from './feed.ts'
import type { Tally } from './tally.ts'

/**
 * Each day of history has one cold spell in each home, which raises one flag and ends it; each home that is cold now
 * has one flag below 12 °C, and these are counted in alerts once. Whatever else the watch has to say, for instance
 * about silence, it says once for one subject and time.
 */
export async function auditSignals(db: LedgerDb, feeds: readonly GatewayFeed[], count: Tally): Promise<void> {
  const rows = await db.selectFrom('signal').select(['number', 'kind', 'subject', 'at', 'key', 'payload']).execute()
  const said = new Map<string, number>()
  for (const { kind, subject, payload } of rows) {
    const rule: unknown = JSON.parse(payload).rule
    const name = `${kind} ${String(rule)} ${subject}`
    said.set(name, (said.get(name) ?? 0) + 1)
  }
  count.compare('numbers of the signal stream', Math.max(0, ...rows.map(({ number }) => number)), rows.length)
  for (const feed of feeds) {
    for (const home of feed.historyHomes) {
      for (const kind of ['flag.raised', 'flag.cleared']) {
        const found = said.get(`${kind} belowTarget ${dwellingId(home)}`) ?? 0
        count.compare(`signals ${kind} of cold spells`, feed.daysSent(), found)
      }
    }
    for (const home of feed.liveHomes) {
      count.compare('signals of homes that are cold now', 1, said.get(`flag.raised below12 ${dwellingId(home)}`) ?? 0)
    }
  }
  await auditFlags(db, feeds, count)
}

async function auditFlags(db: LedgerDb, feeds: readonly GatewayFeed[], count: Tally): Promise<void> {
  const history = feeds.reduce((sum, feed) => sum + feed.daysSent() * feed.historyHomes.length, 0)
  const live = feeds.reduce((sum, feed) => sum + feed.liveHomes.length, 0)
  const flags = await db.selectFrom('flag').select(['rule', 'alert']).execute()
  const of = (wanted: string) => flags.filter(({ rule }) => rule === wanted)
  count.compare('flags of cold spells', history, of('belowTarget').length)
  count.compare('flags of homes that are cold now', live, of('below12').length)
  count.missing('flags without an alert', of('below12').filter(({ alert }) => alert === null).length)
  const alerts = await db.selectFrom('alert').select(['id', 'flags']).execute()
  for (const { id, flags: counted } of alerts) {
    count.compare('flags that an alert counts', flags.filter(({ alert }) => alert === id).length, counted)
  }
}
