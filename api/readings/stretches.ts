import { sql } from 'kysely'
import type { RegistryRow } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { entriesOf } from '#store/ledger/registry-lookups.ts'

/** A device stood at a place from <= t < to. */
export interface Stretch {
  readonly device: string
  readonly from: number
  readonly to: number
}

/** Devices that ever stood at one place; a plant has dozens of sensors, a home one or two probes after another. */
const devicesPerPlaceMax = 200
/** Moves of one device; it is carried between places by hand. */
const entriesPerDeviceMax = 500

type PlaceKind = RegistryRow<'device_period'>['place_kind']

/** Which devices stood at a place when, within from <= t < to: a moved probe's readings stay with the old place. */
export async function stretchesAt(
  db: LedgerDb,
  kind: PlaceKind,
  place: string,
  from: number,
  to: number,
): Promise<Stretch[]> {
  const found = await sql<{ device: string }>`
    select distinct t.device from device_period as t
    where t.place = ${place} and t.place_kind = ${kind} and t.valid_from < ${to}
      and t.batch <= (select version from ledger_version where name = 'registry')
    order by t.device limit ${devicesPerPlaceMax}`.execute(db)
  const stretches: Stretch[] = []
  for (const { device } of found.rows) {
    const entries = await entriesOf(db, 'device_period', [device], { limit: entriesPerDeviceMax })
    const lasting = entries.filter((entry) => entry.valid_to !== entry.valid_from)
    for (const [index, entry] of lasting.entries()) {
      if (entry.place !== place || entry.place_kind !== kind) continue
      const end = Math.min(entry.valid_to ?? Infinity, lasting[index + 1]?.valid_from ?? Infinity)
      const stretch = { device, from: Math.max(from, entry.valid_from), to: Math.min(to, end) }
      if (stretch.from < stretch.to) stretches.push(stretch)
    }
  }
  return stretches
}
