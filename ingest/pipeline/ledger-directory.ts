import { sql } from 'kysely'
import type { LedgerDb } from '#store/ledger/database.ts'
import { counts } from '#store/ledger/registry-view.ts'
import { perStatement } from '#store/ledger/statement-rows.ts'
import type { DevicePeriod } from '../registered-devices.ts'
import type { DeviceDirectory } from './registrations.ts'

/** A change by hand, or of an estate: 5 MB of ids. Of a larger one each device is asked for until memory holds it. */
const changedDevicesMax = 50_000

/** Answers the decoder's questions about devices from the ledger. */
export function ledgerDirectory(db: LedgerDb): DeviceDirectory {
  return {
    async periods(devices, version) {
      const periods = new Map<string, DevicePeriod[]>()
      for (const some of perStatement(devices)) {
        const rows = await db
          .selectFrom('device_period as period')
          .select(['device', 'gateway', 'valid_from', 'valid_to'])
          .where('device', 'in', some)
          .where(sql<boolean>`${counts('device_period', 'period', sql`${version}`)}`)
          .orderBy('device')
          .orderBy('valid_from')
          .execute()
        for (const { device, gateway, valid_from, valid_to } of rows) {
          const list = periods.get(device) ?? []
          list.push({ gateway, from: valid_from, to: valid_to ?? undefined })
          periods.set(device, list)
        }
      }
      return periods
    },
    async changedDevices(after, through) {
      const rows = await db
        .selectFrom('device_period')
        .select(['device', 'batch'])
        .where('batch', '>', after)
        .where('batch', '<=', through)
        .limit(changedDevicesMax + 1)
        .execute()
      if (rows.length > changedDevicesMax) return undefined
      const first = new Map<string, number>()
      for (const { device, batch } of rows) first.set(device, Math.min(batch, first.get(device) ?? batch))
      return first
    },
    async seen(devices) {
      const seen = new Set<string>()
      for (const some of perStatement(devices)) {
        const rows = await db.selectFrom('device_seen').select('device').where('device', 'in', some).execute()
        for (const { device } of rows) seen.add(device)
      }
      return seen
    },
    async unregisteredSeen(gateways, version) {
      const found = new Map<string, number>()
      for (const some of perStatement(gateways)) {
        const rows = await db
          .selectFrom('device_seen as seen')
          .select(['gateway', (expression) => expression.fn.countAll<number>().as('devices')])
          .where('gateway', 'in', some)
          .where(
            sql<boolean>`not exists (select 1 from device_period as period
              where period.device = seen.device and period.batch <= ${version})`,
          )
          .groupBy('gateway')
          .execute()
        for (const { gateway, devices } of rows) found.set(gateway, Number(devices))
      }
      return found
    },
  }
}
