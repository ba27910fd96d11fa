import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { LocalDay, LocalDays } from '#domain/season.ts'
import { hoursOf, isOpen, openHours, type SupplyHours } from '#domain/supply-hours.ts'
import { hourMs } from '#domain/time.ts'
import type { LedgerDb, LedgerTransaction } from './database.ts'
import { circuitFirms } from './ranking-roll-up.ts'
import { districtFinder } from './registry-districts.ts'
import { counts, inForce } from './registry-view.ts'
import { perStatement } from './statement-rows.ts'

export interface CircuitSupplyTables {
  /** Days of which the supply was read, and how many of their hours were over then. */
  supply_day: { day: number; hours: number; read_at: number }
  /** A watched circuit's day: hours as bits, see `SupplyHours`. */
  circuit_supply: {
    day: number
    circuit: string
    firm: string
    district: string
    homes: number
    area_tenths: number
    heard: number
    flowing: number
    warm: number
    hours: number
    open_hours: number
  }
  /** Heated area of a firm in a district that was open in each hour, as a JSON list of tenths of a square metre. */
  supply_opening: { day: number; firm: string; district: string; area_tenths: number; open_tenths: string }
}

/** A circuit with plant sensors, of its own or in its substation, and with heated homes. */
export interface WatchedCircuit {
  readonly circuit: string
  readonly firm: string
  readonly district: string
  readonly homes: number
  readonly areaTenths: number
  /** Its own sensors before those of its substation. */
  readonly devices: readonly string[]
}

/** Every watched circuit at a time, or some: those that are named, or of which a sensor that is named tells. */
export async function watchedCircuits(
  db: LedgerDb,
  at: number,
  some?: { readonly circuits: readonly string[] } | { readonly sensors: readonly string[] },
): Promise<WatchedCircuit[]> {
  const named = !some
    ? sql``
    : 'circuits' in some
      ? sql`and circuit.id in (${sql.join(some.circuits)})`
      : sql`and exists (select 1 from device_period as told where told.device in (${sql.join(some.sensors)})
          and ${inForce('device_period', 'told', at)} and (
            (told.place_kind = 'circuit' and told.place = circuit.id)
            or (told.place_kind = 'substation' and told.place = circuit.substation)))`
  const placed = await sql<{ circuit: string; territory: string | null; device: string }>`
    select circuit.id as circuit, substation.territory, period.device from circuit
    join device_period as period on (period.place_kind = 'circuit' and period.place = circuit.id)
      or (period.place_kind = 'substation' and period.place = circuit.substation)
    left join substation on substation.id = circuit.substation and ${counts('substation', 'substation')}
    where ${counts('circuit', 'circuit')} and ${inForce('device_period', 'period', at)} ${named}
    order by circuit.id, period.place_kind, period.device`.execute(db)
  const circuits = [...new Set(placed.rows.map(({ circuit }) => circuit))]
  if (circuits.length === 0) return []
  const loaded = some ? sql`and period.circuit in (${sql.join(circuits)})` : sql``
  const loads = await sql<{ circuit: string; homes: number; area: number }>`
    select period.circuit, count(*) as homes, sum(period.heated_area_m2) as area from dwelling_period as period
    where period.contract = 'heated' and ${inForce('dwelling_period', 'period', at)} ${loaded} group by period.circuit`.execute(
    db,
  )
  const loadOf = new Map(loads.rows.map((load) => [load.circuit, load]))
  const firmOf = await circuitFirms(db, at)
  const districtOf = await districtFinder(db)
  return [...Map.groupBy(placed.rows, ({ circuit }) => circuit)].flatMap(([circuit, rows]) => {
    const load = loadOf.get(circuit)
    if (!load) return []
    const district = districtOf(rows[0]?.territory ?? '')
    const areaTenths = Math.round(load.area * 10)
    const devices = rows.map(({ device }) => device)
    return [{ circuit, firm: firmOf(circuit), district, homes: load.homes, areaTenths, devices }]
  })
}

/** A circuit with the hours of a day. */
export type CircuitOfDay = WatchedCircuit & { readonly supply: SupplyHours }

/** Keeps the first `hours` hours of a day of all watched circuits, in the place of what was read of it before. */
export async function saveCircuitSupply(
  transaction: LedgerTransaction,
  day: LocalDay,
  circuits: readonly CircuitOfDay[],
  { hours, now }: { readonly hours: number; readonly now: number },
): Promise<void> {
  for (const table of ['circuit_supply', 'supply_day'] as const) {
    await transaction.deleteFrom(table).where('day', '=', day.day).execute()
  }
  await insertCircuitSupply(transaction, day.day, circuits, hours)
  await sumOpenings(transaction, day.day)
  await transaction.insertInto('supply_day').values({ day: day.day, hours, read_at: now }).execute()
}

/** Adds circuits to a day of which so many hours were read. */
export async function insertCircuitSupply(
  transaction: LedgerTransaction,
  day: number,
  circuits: readonly CircuitOfDay[],
  hours: number,
): Promise<void> {
  const rows = circuits.map(({ circuit, firm, district, homes, areaTenths, supply }) => ({
    ...{ day, circuit, firm, district, homes, area_tenths: areaTenths, ...supply, hours },
    open_hours: openHours(supply, hours),
  }))
  for (const some of perStatement(rows)) {
    await transaction.insertInto('circuit_supply').values(some).execute()
  }
}

/** Adds a day's circuits up by firm and district. */
export async function sumOpenings(transaction: LedgerTransaction, day: number): Promise<void> {
  await transaction.deleteFrom('supply_opening').where('day', '=', day).execute()
  const circuits = await transaction
    .selectFrom('circuit_supply')
    .selectAll()
    .where('day', '=', day)
    .where('area_tenths', '>', 0)
    .execute()
  for (const ofGroup of Map.groupBy(circuits, ({ firm, district }) => `${firm}/${district}`).values()) {
    const [one] = ofGroup
    if (!one) continue
    const { firm, district, hours } = one
    const area = (some: typeof circuits) => some.reduce((sum, { area_tenths }) => sum + area_tenths, 0)
    const open = Array.from({ length: hours }, (_, hour) => area(ofGroup.filter((supply) => isOpen(supply, hour))))
    await transaction
      .insertInto('supply_opening')
      .values({ day, firm, district, area_tenths: area(ofGroup), open_tenths: JSON.stringify(open) })
      .execute()
  }
}

/** Hours of a day that are over at a time. */
export const hoursOver = (day: LocalDay, now: number): number =>
  Math.max(0, Math.min(hoursOf(day).toString(2).length, Math.floor((now - day.beginsAt) / hourMs)))

/** How many hours of each day were read. */
export async function supplyDaysRead(db: LedgerDb, fromDay: number, toDay: number): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('supply_day')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .execute()
  return new Map(rows.map(({ day, hours }) => [day, hours]))
}

/** Opening of firms in districts, day by day. */
export async function supplyOpenings(
  db: LedgerDb,
  { fromDay, toDay, districts }: LocalDays & { readonly districts: readonly string[] },
): Promise<{ day: number; firm: string; district: string; areaTenths: number; openTenths: number[] }[]> {
  const rows = await db
    .selectFrom('supply_opening')
    .selectAll()
    .where('day', '>=', fromDay)
    .where('day', '<=', toDay)
    .where('district', 'in', districts)
    .orderBy('day')
    .orderBy('firm')
    .orderBy('district')
    .execute()
  return rows.map(({ day, firm, district, area_tenths, open_tenths }) => ({
    ...{ day, firm, district, areaTenths: area_tenths, openTenths: JSON.parse(open_tenths) },
  }))
}

/** A circuit that was shut in hours of a period in which it should have heated. */
export interface LateCircuit {
  readonly circuit: string
  readonly firm: string
  readonly district: string
  readonly heatedAreaM2: number
  readonly homes: number
  readonly hours: number
  readonly openHours: number
}

/** Circuits that were not open all the time, by the area and the hours that were missing, the most first. */
export async function shutCircuits(
  db: LedgerDb,
  period: LocalDays & {
    readonly districts: readonly string[]
    readonly firm?: string
    /** Which rows of `circuit_supply` count; all where it is absent. */
    readonly counts?: RawBuilder<SqlBool>
  },
  limit: number,
): Promise<LateCircuit[]> {
  const ofFirm = period.firm === undefined ? sql`` : sql`and firm = ${period.firm}`
  const found = await sql<Omit<LateCircuit, 'heatedAreaM2'> & { area: number }>`
    select circuit, firm, district, max(homes) as homes, max(area_tenths) as area, sum(hours) as hours,
      sum(open_hours) as "openHours" from circuit_supply
    where day >= ${period.fromDay} and day <= ${period.toDay} and district in (${sql.join(period.districts)}) ${ofFirm}
      and area_tenths > 0 and ${period.counts ?? sql`true`}
    group by circuit, firm, district having sum(open_hours) < sum(hours)
    order by max(area_tenths) * (sum(hours) - sum(open_hours)) desc, circuit, firm limit ${sql.lit(limit)}`.execute(db)
  return found.rows.map(({ area: areaTenths, ...row }) => ({ ...row, heatedAreaM2: areaTenths / 10 }))
}

/** Hours in which the water of circuits was proven to be too cold to heat, as hours of the local day. */
export async function coldSupply(
  db: LedgerDb,
  { fromDay, toDay }: LocalDays,
): Promise<{ readonly day: number; readonly circuit: string; readonly heard: number; readonly warm: number }[]> {
  const found = await sql<{ day: number; circuit: string; heard: number; warm: number }>`
    select day, circuit, heard, warm from circuit_supply
    where day >= ${fromDay} and day <= ${toDay} and (heard & ~warm) <> 0 order by circuit, day`.execute(db)
  return found.rows
}
