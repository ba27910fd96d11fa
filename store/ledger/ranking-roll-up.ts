import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Policy, policyAt } from '#domain/policy.ts'
import { type HomeDay, type ProbeDay, rollUpHomeDay, silentProbeDay } from '#domain/roll-up.ts'
import { type LocalDay, localDayNumbered } from '#domain/season.ts'
import type { LedgerDb } from './database.ts'
import { type DayFigures, readEntries } from './dwelling-day-page.ts'
import { pagesOf } from './dwelling-days.ts'
import { exclusionsOn } from './ranking-exclusions.ts'
import { daysForNobody } from './ranking-left-out.ts'
import { addRollUp, emptySums, type SumColumns } from './ranking-sums.ts'
import { counts, inForce } from './registry-view.ts'

/** A circuit's homes in one building on one day: the smallest unit that is kept. */
export interface PlaceDay extends SumColumns {
  readonly day: number
  readonly circuit: string
  readonly building: string
  readonly estate: string
  readonly firm: string
}

/** Some buildings with their roll-ups; a building without heated homes has none. */
export interface RolledUpBuildings {
  readonly buildings: readonly string[]
  readonly places: readonly PlaceDay[]
}

/** Homes whose circuit nobody is registered to operate. */
export const nobody = '-'
/** Buildings that are read at a time, some thousand homes: tens of milliseconds. */
const buildingsPerRead = 40
/** A statement holds so many values beside the rest. */
const dwellingsPerStatementMax = 2_000
/**
 * Rolls up a local day from the dwelling-days and the registry as it stood at the day's middle, some buildings at a
 * time: all, or those that are named.
 */
export async function* rollUpBuildings(
  db: LedgerDb,
  policy: Policy,
  day: number,
  named?: readonly string[],
): AsyncGenerator<RolledUpBuildings> {
  const context = await dayContext(db, policy, day)
  if (named) {
    for (let start = 0; start < named.length; start += buildingsPerRead) {
      yield await rollUpSome(db, context, named.slice(start, start + buildingsPerRead))
      await nextTurn()
    }
    return
  }
  for (let after = ''; ; ) {
    const found = await sql<{ id: string }>`select id from building where building.id > ${after}
      and ${counts('building', 'building')} order by id limit ${sql.lit(buildingsPerRead)}`.execute(db)
    const last = found.rows.at(-1)
    if (!last) return
    yield await rollUpSome(
      db,
      context,
      found.rows.map(({ id }) => id),
    )
    after = last.id
    await nextTurn()
  }
}

/** What holds for every home on a day. */
interface DayContext extends LocalDay {
  readonly noon: number
  readonly targetC: number
  readonly firmOf: (circuit: string) => string
  readonly watched: ReadonlySet<string>
  readonly isExcluded: (home: HeatedHome) => boolean
}

async function dayContext(db: LedgerDb, policy: Policy, day: number): Promise<DayContext> {
  const bounds = localDayNumbered(policy.season.zone, day)
  const noon = noonOf(bounds)
  return {
    ...bounds,
    noon,
    targetC: policyAt(policy, noon).rules.targetC,
    firmOf: await circuitFirms(db, noon),
    watched: await watchedCircuits(db, noon),
    isExcluded: await excludedOn(db, policy.season.zone, day),
  }
}

/** What the registry says in the middle of a day holds for the whole of it. */
export const noonOf = ({ beginsAt, endsAt }: LocalDay): number => (beginsAt + endsAt) / 2

async function rollUpSome(db: LedgerDb, context: DayContext, buildings: readonly string[]): Promise<RolledUpBuildings> {
  const { day, beginsAt, endsAt, targetC } = context
  const homes = await heatedHomes(db, context.noon, buildings)
  const probes = await probeDays(
    db,
    context,
    homes.map(({ dwelling }) => dwelling),
  )
  const places = new Map<string, PlaceDay>()
  for (const home of homes) {
    const { circuit, building, estate } = home
    const key = `${circuit}/${building}`
    let place = places.get(key)
    if (!place) {
      place = { day, circuit, building, estate, firm: context.firmOf(circuit), ...emptySums }
      places.set(key, place)
    }
    const ofHome = probes.get(home.dwelling)
    const areaTenths = Math.round(home.heated_area_m2 * 10)
    place.homes += 1
    place.area_tenths += areaTenths
    if (context.watched.has(circuit)) {
      place.watched_homes += 1
      place.watched_area_tenths += areaTenths
    }
    if (!ofHome) continue
    place.probes += 1
    const homeDay: HomeDay = {
      heatedAreaM2: home.heated_area_m2,
      targetC,
      dayMs: endsAt - beginsAt,
      probes: ofHome,
      excluded: context.isExcluded(home),
    }
    addRollUp(place, rollUpHomeDay(homeDay))
  }
  return { buildings, places: [...places.values()] }
}

interface HeatedHome {
  readonly dwelling: string
  readonly circuit: string
  readonly building: string
  readonly estate: string
  readonly heated_area_m2: number
}

async function heatedHomes(db: LedgerDb, at: number, buildings: readonly string[]): Promise<HeatedHome[]> {
  const found = await sql<HeatedHome>`
    select period.dwelling, period.circuit, period.heated_area_m2, building.id as building, building.estate
    from building
    join entrance on entrance.building = building.id and ${counts('entrance', 'entrance')}
    join dwelling on dwelling.entrance = entrance.id and ${counts('dwelling', 'dwelling')}
    join dwelling_period as period on period.dwelling = dwelling.id and ${inForce('dwelling_period', 'period', at)}
    where building.id in (${sql.join(buildings)}) and ${counts('building', 'building')}
      and period.contract = 'heated'`.execute(db)
  return found.rows
}

interface RegisteredProbe {
  readonly place: string
  readonly keeper: string | null
  readonly page: number | null
  readonly slot: number | null
}

/** Every registered probe of the homes with its day; one that told nothing has an empty day. */
async function probeDays(
  db: LedgerDb,
  { day, noon }: DayContext,
  dwellings: readonly string[],
): Promise<Map<string, ProbeDay[]>> {
  const found = new Map<string, ProbeDay[]>()
  for (let start = 0; start < dwellings.length; start += dwellingsPerStatementMax) {
    const some = dwellings.slice(start, start + dwellingsPerStatementMax)
    const registered = await sql<RegisteredProbe>`
      select period.place, period.keeper, home_probe.page, home_probe.slot from device_period as period
      left join home_probe on home_probe.dwelling = period.place and home_probe.device = period.device
      where period.place in (${sql.join(some)}) and period.place_kind = 'dwelling'
        and ${inForce('device_period', 'period', noon)}`.execute(db)
    const numbers = new Set(registered.rows.map(({ page }) => page).filter((page) => page !== null))
    const pages = new Map<number, Map<number, DayFigures>>()
    for (const [page, entries] of await pagesOf(db, day, [...numbers])) pages.set(page, readEntries(entries))
    for (const { place, keeper, page, slot } of registered.rows) {
      const figures = page === null || slot === null ? undefined : pages.get(page)?.get(slot)
      const probe: ProbeDay = figures ?? silentProbeDay
      const ofHome = found.get(place) ?? []
      ofHome.push(keeper === null || keeper === 'firm' ? probe : { ...probe, keptByOthers: true })
      found.set(place, ofHome)
    }
  }
  return found
}

/** Who operates each circuit at a time; a circuit without an entry of its own has its substation's. */
export async function circuitFirms(db: LedgerDb, at: number): Promise<(circuit: string) => string> {
  const operated = await sql<{ plant_kind: string; plant: string; firm: string }>`
    select plant_kind, plant, firm from plant_period as period
    where ${inForce('plant_period', 'period', at)}`.execute(db)
  const firms = new Map(operated.rows.map(({ plant_kind, plant, firm }) => [`${plant_kind}/${plant}`, firm]))
  const circuits = await sql<{ id: string; substation: string }>`
    select id, substation from circuit where ${counts('circuit', 'circuit')}`.execute(db)
  const substations = new Map(circuits.rows.map(({ id, substation }) => [id, substation]))
  return (circuit) => firms.get(`circuit/${circuit}`) ?? firms.get(`substation/${substations.get(circuit)}`) ?? nobody
}

/** Circuits with a plant sensor, of their own or in their substation. */
async function watchedCircuits(db: LedgerDb, at: number): Promise<Set<string>> {
  const found = await sql<{ id: string }>`
    select circuit.id from circuit where ${counts('circuit', 'circuit')} and exists (
      select 1 from device_period as period where ${inForce('device_period', 'period', at)} and (
        (period.place_kind = 'circuit' and period.place = circuit.id)
        or (period.place_kind = 'substation' and period.place = circuit.substation)))`.execute(db)
  return new Set(found.rows.map(({ id }) => id))
}

async function excludedOn(db: LedgerDb, zone: string, day: number): Promise<(home: HeatedHome) => boolean> {
  const days = { fromDay: day, toDay: day }
  if ((await daysForNobody(db, zone, days)).has(day)) return () => true
  const exclusions = await exclusionsOn(db, days, 'confirmed')
  const places = new Set(exclusions.map(({ placeKind, place }) => `${placeKind}/${place}`))
  return ({ dwelling, building, circuit }) =>
    places.has(`dwelling/${dwelling}`) || places.has(`building/${building}`) || places.has(`circuit/${circuit}`)
}

/** Mean outdoor temperature of the city over a time, in hundredths; undefined where nobody observed any. */
export async function outdoorMean(db: LedgerDb, { beginsAt, endsAt }: LocalDay): Promise<number | undefined> {
  const row = await db
    .selectFrom('weather')
    .select(({ fn }) => fn.avg<number | null>('outdoor_temperature_c').as('mean'))
    .where('kind', '=', 'observed')
    .where('at', '>=', beginsAt)
    .where('at', '<', endsAt)
    .executeTakeFirst()
  return row?.mean == null ? undefined : Math.round(row.mean * 100) / 100
}
