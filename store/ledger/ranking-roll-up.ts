import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Policy, policyAt } from '#domain/policy.ts'
import { type ProbeDay, rollUpHomeDay, silentProbeDay, sumRollUps } from '#domain/roll-up.ts'
import { localDayBounds } from '#domain/season.ts'
import { hourMs } from '#domain/time.ts'
import type { LedgerDb } from './database.ts'
import { listOutages } from './outages.ts'
import type { Measured } from './ranking-days.ts'
import { exclusionsOn } from './ranking-records.ts'
import { counts, inForce } from './registry-view.ts'

export interface RolledUpPlace {
  readonly circuit: string
  readonly building: string
  readonly estate: string
  readonly firm: string
  readonly measured: Measured
}

/** A day of the whole city, by circuit and building, and by firm and district. */
export interface RolledUp {
  readonly places: readonly RolledUpPlace[]
  readonly firms: readonly { readonly firm: string; readonly district: string; readonly measured: Measured }[]
  readonly outdoorC?: number
}

/** Homes whose circuit nobody is registered to operate. */
export const nobody = '-'
/** So many homes are read at a time: a few milliseconds. */
const homesPerPage = 2_000
/**
 * Gateways keep what they measure for some hours while the service is down. A day with a longer outage of ours is no
 * evidence against anybody and is left out whole, so that it cannot matter which of its readings arrived.
 */
const ownOutageMsMax = 4 * hourMs
const outagesPerDayMax = 500

/** Rolls up a local day from the dwelling-days and the registry as it stood at the day's middle. */
export async function rollUpDay(db: LedgerDb, policy: Policy, day: number): Promise<RolledUp> {
  const bounds = localDayBounds(policy.season.zone, day)
  const noon = (bounds.beginsAt + bounds.endsAt) / 2
  const { rules } = policyAt(policy, noon)
  const firmOf = await circuitFirms(db, noon)
  const districtOf = await estateDistricts(db)
  const watched = await watchedCircuits(db, noon)
  const isExcluded = await excludedOn(db, day, bounds)
  const places = new Map<string, RolledUpPlace & { readonly parts: Measured[] }>()
  for (let after = ''; ; ) {
    const homes = await heatedHomes(db, noon, after)
    const probes = await probeDays(
      db,
      day,
      noon,
      homes.map(({ dwelling }) => dwelling),
    )
    for (const home of homes) {
      const { circuit, building, estate } = home
      const ofHome = probes.get(home.dwelling)
      const rollUp = ofHome
        ? rollUpHomeDay({
            heatedAreaM2: home.heated_area_m2,
            targetC: rules.targetC,
            dayMs: bounds.endsAt - bounds.beginsAt,
            probes: ofHome,
            excluded: isExcluded(home),
          })
        : sumRollUps([])
      const key = `${circuit}/${building}`
      const place = places.get(key) ?? {
        circuit,
        building,
        estate,
        firm: firmOf(circuit),
        measured: sumMeasured([]),
        parts: [],
      }
      const areaTenths = Math.round(home.heated_area_m2 * 10)
      const isWatched = watched.has(circuit)
      place.parts.push({
        rollUp,
        homes: 1,
        probes: ofHome ? 1 : 0,
        areaTenths,
        watchedHomes: isWatched ? 1 : 0,
        watchedAreaTenths: isWatched ? areaTenths : 0,
      })
      places.set(key, place)
    }
    const last = homes.at(-1)
    if (!last || homes.length < homesPerPage) break
    after = last.dwelling
    await nextTurn()
  }
  const summed = [...places.values()].map(({ parts, ...place }) => ({ ...place, measured: sumMeasured(parts) }))
  const outdoorC = await outdoorMean(db, bounds.beginsAt, bounds.endsAt)
  return { places: summed, firms: byFirmAndDistrict(summed, districtOf), ...(outdoorC !== undefined && { outdoorC }) }
}

function sumMeasured(parts: readonly Measured[]): Measured {
  const total = (of: (part: Measured) => number) => parts.reduce((sum, part) => sum + of(part), 0)
  return {
    rollUp: sumRollUps(parts.map(({ rollUp }) => rollUp)),
    homes: total(({ homes }) => homes),
    probes: total(({ probes }) => probes),
    areaTenths: total(({ areaTenths }) => areaTenths),
    watchedHomes: total(({ watchedHomes }) => watchedHomes),
    watchedAreaTenths: total(({ watchedAreaTenths }) => watchedAreaTenths),
  }
}

function byFirmAndDistrict(places: readonly RolledUpPlace[], districtOf: (estate: string) => string) {
  const groups = new Map<string, { firm: string; district: string; parts: Measured[] }>()
  for (const { firm, estate, measured } of places) {
    const district = districtOf(estate)
    const group = groups.get(`${firm}/${district}`) ?? { firm, district, parts: [] }
    group.parts.push(measured)
    groups.set(`${firm}/${district}`, group)
  }
  return [...groups.values()].map(({ parts, ...group }) => ({ ...group, measured: sumMeasured(parts) }))
}

interface HeatedHome {
  readonly dwelling: string
  readonly circuit: string
  readonly building: string
  readonly estate: string
  readonly heated_area_m2: number
}

async function heatedHomes(db: LedgerDb, at: number, after: string): Promise<HeatedHome[]> {
  const found = await sql<HeatedHome>`
    select period.dwelling, period.circuit, period.heated_area_m2, building.id as building, building.estate
    from dwelling_period as period
    join dwelling on dwelling.id = period.dwelling and ${counts('dwelling', 'dwelling')}
    join entrance on entrance.id = dwelling.entrance and ${counts('entrance', 'entrance')}
    join building on building.id = entrance.building and ${counts('building', 'building')}
    where period.dwelling > ${after} and period.contract = 'heated' and ${inForce('dwelling_period', 'period', at)}
    order by period.dwelling limit ${homesPerPage}`.execute(db)
  return found.rows
}

/** Every registered probe of the homes with its day; one that told nothing has an empty day. */
async function probeDays(
  db: LedgerDb,
  day: number,
  at: number,
  dwellings: readonly string[],
): Promise<Map<string, ProbeDay[]>> {
  const found = new Map<string, ProbeDay[]>()
  if (dwellings.length === 0) return found
  const registered = await sql<{ place: string; device: string }>`
    select period.place, period.device from device_period as period
    where period.place_kind = 'dwelling' and period.place in (${sql.join(dwellings)})
      and ${inForce('device_period', 'period', at)} order by period.device`.execute(db)
  const days = await db
    .selectFrom('dwelling_day')
    .selectAll()
    .where('day', '=', day)
    .where('dwelling', 'in', dwellings)
    .execute()
  const measured = new Map(
    days.map((row): [string, ProbeDay] => [
      `${row.dwelling}/${row.device}`,
      {
        coveredMs: row.covered_ms,
        belowTargetMs: row.below_target_ms,
        below16Ms: row.below_16_ms,
        below12Ms: row.below_12_ms,
        deficitTargetKh: row.deficit_target_kh,
        deficit12Kh: row.deficit_12_kh,
      },
    ]),
  )
  for (const { place, device } of registered.rows) {
    const ofHome = found.get(place) ?? []
    ofHome.push(measured.get(`${place}/${device}`) ?? silentProbeDay)
    found.set(place, ofHome)
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

/** The district that an estate lies in. */
async function estateDistricts(db: LedgerDb): Promise<(estate: string) => string> {
  const nodes = await sql<{ id: string; kind: string; parent: string | null }>`
    select id, kind, parent from territory where ${counts('territory', 'territory')}`.execute(db)
  const byId = new Map(nodes.rows.map((node) => [node.id, node]))
  return (estate) => {
    let node = byId.get(estate)
    while (node && node.kind !== 'district') node = node.parent === null ? undefined : byId.get(node.parent)
    return node?.id ?? nobody
  }
}

async function excludedOn(
  db: LedgerDb,
  day: number,
  { beginsAt, endsAt }: { readonly beginsAt: number; readonly endsAt: number },
): Promise<(home: HeatedHome) => boolean> {
  const outages = await listOutages(db, beginsAt, endsAt, outagesPerDayMax)
  const downMs = outages
    .filter(({ kind }) => kind === 'down')
    .reduce((sum, { beganAt, endedAt }) => sum + Math.min(endedAt, endsAt) - Math.max(beganAt, beginsAt), 0)
  if (downMs > ownOutageMsMax || day <= (await firstMeasuredDay(db))) return () => true
  const exclusions = await exclusionsOn(db, { fromDay: day, toDay: day }, 'confirmed')
  const places = new Set(exclusions.map(({ placeKind, place }) => `${placeKind}/${place}`))
  return ({ dwelling, building, circuit }) =>
    places.has(`dwelling/${dwelling}`) || places.has(`building/${building}`) || places.has(`circuit/${circuit}`)
}

/** The service began some time in this day: what is missing before is nobody's fault. */
export async function firstMeasuredDay(db: LedgerDb): Promise<number> {
  const first = await db
    .selectFrom('dwelling_day')
    .select(({ fn }) => fn.min<number | null>('day').as('day'))
    .executeTakeFirst()
  return first?.day ?? Number.MAX_SAFE_INTEGER
}

/** Mean outdoor temperature of the city over a time, in hundredths; undefined where nobody observed any. */
async function outdoorMean(db: LedgerDb, from: number, to: number): Promise<number | undefined> {
  const row = await db
    .selectFrom('weather')
    .select(({ fn }) => fn.avg<number | null>('outdoor_temperature_c').as('mean'))
    .where('kind', '=', 'observed')
    .where('at', '>=', from)
    .where('at', '<', to)
    .executeTakeFirst()
  return row?.mean == null ? undefined : Math.round(row.mean * 100) / 100
}
