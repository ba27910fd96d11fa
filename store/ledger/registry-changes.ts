import { type RawBuilder, sql } from 'kysely'
import type { LedgerDb } from './database.ts'
import { counts } from './registry-view.ts'

/** What of the registry changed between two of its versions, as far as roll-ups follow from it. */
export interface RegistryChanges {
  /** More than can be looked at one by one, or what decides about everything. */
  readonly everything: boolean
  /** Districts of estates may be others. */
  readonly territory: boolean
  /** Circuits that may be operated by somebody else, each with the time from which on. */
  readonly circuits: ReadonlyMap<string, number>
  /** Circuits whose plant sensors may have changed. */
  readonly watched: ReadonlyMap<string, number>
  /** Buildings whose homes or probes changed. */
  readonly buildings: ReadonlyMap<string, number>
}

/** With more rows than this, to look at each takes as long as to roll everything up again. */
const changedRowsMax = 20_000

type Sql = RawBuilder<unknown>

/** Compares two versions of the registry. Places are named too often rather than too seldom. */
export async function registryChanges(db: LedgerDb, from: number, to: number): Promise<RegistryChanges> {
  const changed = (alias: string): Sql =>
    sql`${sql.ref(`${alias}.batch`)} > ${from} and ${sql.ref(`${alias}.batch`)} <= ${to}`
  const rows = await changedRows(db, changed)
  const none: RegistryChanges = {
    everything: false,
    territory: rows.get('territory') !== 0,
    circuits: new Map(),
    watched: new Map(),
    buildings: new Map(),
  }
  const total = [...rows.values()].reduce((sum, count) => sum + count, 0)
  if (total > changedRowsMax) return { ...none, everything: true }
  return {
    ...none,
    circuits: await earliest(
      db,
      sql`select circuit.id as place, period.valid_from as since from plant_period as period
          join circuit on (period.plant_kind = 'circuit' and circuit.id = period.plant)
            or (period.plant_kind = 'substation' and circuit.substation = period.plant)
          where ${changed('period')} and ${counts('circuit', 'circuit')}
        union all select circuit.id, 0 from circuit where ${changed('circuit')}`,
    ),
    watched: await earliest(
      db,
      sql`select circuit.id as place, moved.valid_from as since from device_period as moved
          join device_period as placed on placed.device = moved.device
          join circuit on (placed.place_kind = 'circuit' and circuit.id = placed.place)
            or (placed.place_kind = 'substation' and circuit.substation = placed.place)
          where ${changed('moved')}
        union all select circuit.id, 0 from circuit where ${changed('circuit')}`,
    ),
    buildings: await earliest(
      db,
      sql`select entrance.building as place, period.valid_from as since from dwelling_period as period
          join dwelling on dwelling.id = period.dwelling join entrance on entrance.id = dwelling.entrance
          where ${changed('period')}
        union all select entrance.building, moved.valid_from from device_period as moved
          join device_period as placed on placed.device = moved.device and placed.place_kind = 'dwelling'
          join dwelling on dwelling.id = placed.place join entrance on entrance.id = dwelling.entrance
          where ${changed('moved')}
        union all select entrance.building, 0 from dwelling as changed
          join dwelling on dwelling.id = changed.id join entrance on entrance.id = dwelling.entrance
          where ${changed('changed')}
        union all select entrance.building, 0 from entrance as changed join entrance on entrance.id = changed.id
          where ${changed('changed')}
        union all select building.id, 0 from building where ${changed('building')}`,
    ),
  }
}

const lookedAt = [
  'territory',
  'circuit',
  'plant_period',
  'building',
  'entrance',
  'dwelling',
  'dwelling_period',
  'device_period',
] as const

async function changedRows(db: LedgerDb, changed: (alias: string) => Sql): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const table of lookedAt) {
    const counted = await sql<{ rows: number }>`select count(*) as rows from (
      select 1 as one from ${sql.table(table)} as t where ${changed('t')} limit ${sql.lit(changedRowsMax + 1)}) as part`.execute(
      db,
    )
    found.set(table, counted.rows[0]?.rows ?? 0)
  }
  return found
}

async function earliest(db: LedgerDb, places: Sql): Promise<Map<string, number>> {
  const found = await sql<{ place: string; since: number }>`
    select place, min(since) as since from (${places}) as found group by place`.execute(db)
  return new Map(found.rows.map(({ place, since }) => [place, since]))
}
