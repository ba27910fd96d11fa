import { sql } from 'kysely'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { counts, inForce, presentVersion } from './registry-view.ts'
import { perStatement } from './statement-rows.ts'

export interface CommissioningTables {
  /** The first reading of each device, whether the registry knows the device or not. */
  device_seen: { device: string; gateway: string; first_reading_at: number }
  gateway_seen: {
    gateway: string
    first_reading_at: number
    devices: number
    /** Devices that came after the list of their gateway was full. */
    devices_not_listed: number
  }
}

export interface FirstReading {
  readonly device: string
  readonly gateway: string
  /** Event time of the device's first reading. */
  readonly at: number
}

/** More than any gateway carries; a gateway that makes up device ids must not fill the ledger. */
const devicesPerGatewayMax = 20_000

/** Notes devices that were heard for the first time. A device that is noted already keeps its entry. */
export async function recordFirstReadings(
  transaction: LedgerTransaction,
  readings: readonly FirstReading[],
): Promise<void> {
  for (const [gateway, some] of Map.groupBy(readings, (reading) => reading.gateway)) {
    const known = await transaction
      .selectFrom('gateway_seen')
      .select('devices')
      .where('gateway', '=', gateway)
      .executeTakeFirst()
    const room = Math.max(0, devicesPerGatewayMax - (known?.devices ?? 0))
    const listed = some.slice(0, room)
    let added = 0
    for (const rows of perStatement(listed)) {
      const inserted = await transaction
        .insertInto('device_seen')
        .values(rows.map(({ device, at }) => ({ device, gateway, first_reading_at: at })))
        .onConflict((conflict) => conflict.column('device').doNothing())
        .executeTakeFirst()
      added += Number(inserted.numInsertedOrUpdatedRows ?? 0n)
    }
    await countDevices(transaction, gateway, some, added, some.length - listed.length)
  }
}

async function countDevices(
  transaction: LedgerTransaction,
  gateway: string,
  readings: readonly FirstReading[],
  devices: number,
  notListed: number,
): Promise<void> {
  const firstAt = readings.reduce((earliest, { at }) => Math.min(earliest, at), Number.POSITIVE_INFINITY)
  await transaction
    .insertInto('gateway_seen')
    .values({ gateway, first_reading_at: firstAt, devices, devices_not_listed: notListed })
    .onConflict((conflict) =>
      conflict.column('gateway').doUpdateSet((expression) => ({
        devices: expression('gateway_seen.devices', '+', devices),
        devices_not_listed: expression('gateway_seen.devices_not_listed', '+', notListed),
      })),
    )
    .execute()
}

/** How far a gateway has come: registered, connected once, something arrived but could not be read, readings stored. */
type CommissioningState = 'neverSeen' | 'connected' | 'quarantined' | 'firstReading'

export interface CommissioningEntry {
  readonly gateway: string
  readonly state: CommissioningState
  readonly name?: string
  /** Territory node; absent for an identity whose gateway the registry does not know. */
  readonly territory?: string
  /** False where nobody made credentials for it, or they were revoked. */
  readonly hasIdentity: boolean
  readonly online: boolean
  readonly firstOnlineAt?: number
  readonly firstReadingAt?: number
  readonly devicesSeen: number
  readonly quarantined: number
  readonly lastQuarantinedAt?: number
  readonly refused: number
  readonly lastRefusedAt?: number
}

interface CommissioningRow {
  gateway: string
  name: string | null
  territory: string | null
  identity: string | null
  state: string | null
  first_online_at: number | null
  first_reading_at: number | null
  devices: number | null
  quarantined: number | null
  quarantined_at: number | null
  refused: number | null
  refused_at: number | null
}

/** Gateways of the registry and those with an identity, in the order of their ids after `after`. */
export async function commissioningList(
  db: LedgerDb,
  page: { readonly after?: string; readonly limit: number },
): Promise<CommissioningEntry[]> {
  const found = await sql<CommissioningRow>`
    select ids.id as gateway, registered.name, registered.territory, identity.id as identity,
      presence.state, presence.first_online_at, seen.first_reading_at, seen.devices,
      quarantined.total as quarantined, quarantined.last_at as quarantined_at,
      refused.total as refused, refused.last_at as refused_at
    from (
      select id from gateway where batch <= ${presentVersion}
      union
      select id from mqtt_identity where kind = 'gateway' and revoked_at is null
    ) as ids
    left join gateway as registered on registered.id = ids.id and ${counts('gateway', 'registered')}
    left join mqtt_identity as identity on identity.id = ids.id and identity.revoked_at is null
    left join presence on presence.id = ids.id
    left join gateway_seen as seen on seen.gateway = ids.id
    left join quarantine_gateway as quarantined on quarantined.gateway = ids.id
    left join refusal_client as refused on refused.client_id = ids.id
    where ids.id > ${page.after ?? ''} order by ids.id limit ${page.limit}`.execute(db)
  return found.rows.map(toEntry)
}

function toEntry(row: CommissioningRow): CommissioningEntry {
  return {
    gateway: row.gateway,
    state: stateOf(row),
    name: row.name ?? undefined,
    territory: row.territory ?? undefined,
    hasIdentity: row.identity !== null,
    online: row.state === 'online',
    firstOnlineAt: row.first_online_at ?? undefined,
    firstReadingAt: row.first_reading_at ?? undefined,
    devicesSeen: row.devices ?? 0,
    quarantined: row.quarantined ?? 0,
    lastQuarantinedAt: row.quarantined_at ?? undefined,
    refused: row.refused ?? 0,
    lastRefusedAt: row.refused_at ?? undefined,
  }
}

function stateOf(row: CommissioningRow): CommissioningState {
  if (row.first_reading_at !== null) return 'firstReading'
  if (row.quarantined !== null && row.quarantined > 0) return 'quarantined'
  return row.first_online_at === null ? 'neverSeen' : 'connected'
}

export interface UnassignedDevice {
  readonly device: string
  readonly gateway: string
  readonly firstReadingAt: number
}

type SeenRow = CommissioningTables['device_seen']

/** True for devices that stand nowhere at a time. */
const isUnassigned = (at: number) => sql<boolean>`not exists (
  select 1 from device_period as period
  where period.device = seen.device and ${inForce('device_period', 'period', at)})`

/** Devices that are heard and stand nowhere at a time: their readings are stored, and wait for a place. */
export async function unassignedDevices(
  db: LedgerDb,
  at: number,
  page: { readonly after?: string; readonly limit: number },
): Promise<UnassignedDevice[]> {
  const found = await sql<SeenRow>`
    select seen.* from device_seen as seen where seen.device > ${page.after ?? ''} and ${isUnassigned(at)}
    order by seen.device limit ${page.limit}`.execute(db)
  return found.rows.map(fromSeen)
}

/** One of them; undefined where the device was never heard, or stands somewhere. */
export async function unassignedDevice(
  db: LedgerDb,
  at: number,
  device: string,
): Promise<UnassignedDevice | undefined> {
  const found = await sql<SeenRow>`
    select seen.* from device_seen as seen where seen.device = ${device} and ${isUnassigned(at)}`.execute(db)
  return found.rows.map(fromSeen).at(0)
}

const fromSeen = ({ device, gateway, first_reading_at }: SeenRow): UnassignedDevice => ({
  device,
  gateway,
  firstReadingAt: first_reading_at,
})
