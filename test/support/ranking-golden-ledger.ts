import type { MetricName } from '#domain/metric.ts'
import { cityPolicies, type Policy } from '#domain/policy.ts'
import { quality } from '#domain/quality.ts'
import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import type { Ledger, LedgerTransaction } from '#store/ledger/database.ts'
import { saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { insertFlags, type StoredFlag } from '#store/ledger/flags.ts'
import { markLateSupply } from '#store/ledger/late-supply.ts'
import { recordOutages } from '#store/ledger/outages.ts'
import { bringDaysUpToDate } from '#store/ledger/ranking-days.ts'
import { decideExclusion, proposeExclusion } from '#store/ledger/ranking-exclusions.ts'
import { enterRankingFigures } from '#store/ledger/ranking-figures.ts'
import { bringVeto, confirmVeto } from '#store/ledger/ranking-vetoes.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { recordWeather } from '#store/ledger/weather.ts'
import type { SupplyDeps } from '../../api/ranking/circuit-readings.ts'
import { readSupply } from '../../api/ranking/supply-days.ts'
import { home, probe } from '../contract/registry-city.ts'
import { homeDayOf } from './ranking-city.ts'
import { type GoldenCity, type GoldenExclusion, midnight } from './ranking-golden-city.ts'

const policy = cityPolicies.harbin as Policy
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const instantOf = (minute: number) => midnight(0) + minute * minuteMs

/** Of a circuit that begins late, so that it matters there, too. */
const resizedHome = 'C1-3'

type Rows = { [T in RegistryTable]?: RegistryRow<T>[] }

/**
 * Lives through a season as the service does: days are closed a first time when it is a little more than half over;
 * after that the registry learns who took plants over and how large a home is, exclusions are decided, and the readings of a home come late;
 * when it is over, those of a plant.
 */
export async function liveThrough(ledger: Ledger, city: GoldenCity): Promise<void> {
  const { firstDay, lastDay } = city
  const pause = firstDay + Math.ceil((lastDay - firstDay) / 2) + 10
  const write = (work: (transaction: LedgerTransaction) => Promise<unknown>) => ledger.write(work)
  const learn = async (rows: Rows) => {
    const imported = await importRegistry(ledger, { rows }, { actor: 'test', now: () => midnight(firstDay) })
    if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
  }
  let told: PlantTold = 'inTime'
  const close = async (now: number) => {
    await readSupply({ ledger, policy, telemetry: plantTelemetry(city, () => told) }, now)
    await bringDaysUpToDate({ ledger, policy, now }, { fromDay: firstDay, toDay: lastDay })
  }
  const late = city.homes[3]?.id

  const { dwelling_period: homes = [], ...registry } = registryOf(city)
  const sized = homes.map((row) => (row.dwelling === resizedHome ? { ...row, heated_area_m2: 200 } : row))
  await learn({ ...registry, dwelling_period: sized })
  await write((transaction) => insertFlags(transaction, flagsOf(city)))
  await write((transaction) => recordOutages(transaction, city.down.map(toOutage)))
  await write((transaction) => recordWeather(transaction, weatherOf(city), midnight(lastDay)))
  const [early, afterwards] = [city.exclusions.slice(0, 1), city.exclusions.slice(1)]
  await write((transaction) => bringExclusions(transaction, early, midnight(pause)))
  await write((transaction) => saveHomes(transaction, city, city.beganOn, pause, (id) => id !== late))
  await close(midnight(pause + 1))

  const resized = registryOf(city).dwelling_period?.filter(({ dwelling }) => dwelling === resizedHome)
  await learn({ plant_period: takeOvers(city), dwelling_period: resized ?? [] })
  await write((transaction) => bringExclusions(transaction, afterwards, midnight(pause)))
  await write((transaction) =>
    saveHomes(transaction, city, city.beganOn, lastDay, (id, day) => id === late || day > pause),
  )
  await write((transaction) => bringFigures(transaction, city))
  await close(midnight(lastDay + 5))
  told = 'late'
  await write((transaction) => markLateSupply(transaction, lateOf(city)))
  await close(midnight(lastDay + 6))
}

function registryOf({ circuits, homes, firms, firstDay, lastDay }: GoldenCity): Rows {
  const from = midnight(firstDay - 60)
  const districts = ['nangang', 'daowai']
  return {
    territory: [
      { id: 'harbin', kind: 'city', name: 'harbin' },
      ...districts.flatMap((district): RegistryRow<'territory'>[] => [
        { id: district, kind: 'district', parent: 'harbin', name: district },
        { id: `${district}-street`, kind: 'subdistrict', parent: district, name: 'street' },
        { id: `${district}-community`, kind: 'community', parent: `${district}-street`, name: 'community' },
        { id: `${district}-estate`, kind: 'estate', parent: `${district}-community`, name: 'estate' },
      ]),
    ],
    firm: [
      ...firms.map((id) => ({ id, name: id, role: 'supplier' as const })),
      { id: 'X', name: 'heats and sells to suppliers', role: 'source' },
    ],
    substation: circuits.map(({ id, district }) => ({ id: `T-${id}`, territory: `${district}-estate`, name: id })),
    circuit: circuits.map(({ id }) => ({ id, substation: `T-${id}`, zone: 'low', pumps: 2, name: id })),
    plant_period: circuits.map(({ id, firmOn }) => ({
      ...{ plant_kind: 'substation', plant: `T-${id}`, firm: firmOn(firstDay), valid_from: from },
    })),
    building: circuits.map(({ id, district }) => ({
      id: `B-${id}`,
      estate: `${district}-estate`,
      name: id,
      floors: 9,
    })),
    entrance: circuits.map(({ id }) => ({ id: `E-${id}`, building: `B-${id}`, name: '1' })),
    dwelling: homes.map(({ id, circuit }) => ({ id, entrance: `E-${circuit}`, door: id })),
    dwelling_period: homes.flatMap(({ id, circuit, areaM2, heatedOn }) => {
      const begins = (day: number) => day === firstDay || heatedOn(day) !== heatedOn(day - 1)
      const days = Array.from({ length: lastDay - firstDay + 1 }, (_, index) => firstDay + index).filter(begins)
      return days.map((day) => {
        const contract = heatedOn(day) ? ('heated' as const) : ('suspended' as const)
        return home(id, circuit, {
          ...{ valid_from: day === firstDay ? from : midnight(day), heated_area_m2: areaM2, contract },
        })
      })
    }),
    gateway: [{ id: 'GW-1', territory: 'harbin' }],
    device: [
      ...homes.flatMap(({ id, probes }) =>
        probes.map((_, room) => ({ id: `P-${id}-${room}`, kind: 'probe' as const })),
      ),
      ...circuits.flatMap(({ id, watched }) => (watched ? [{ id: `S-${id}`, kind: 'plantSensor' as const }] : [])),
    ],
    device_period: [
      ...homes.flatMap(({ id, probes }) =>
        probes.map(({ keeper }, room) => probe(`P-${id}-${room}`, id, { valid_from: from, keeper })),
      ),
      ...circuits.flatMap(({ id, watched }) => (watched ? [sensorOf(id, from)] : [])),
    ],
  }
}

/** One of them stands in the substation, and tells of the circuit that hangs on it. */
const sensorOf = (circuit: string, from: number) =>
  circuit === 'A2'
    ? probe(`S-${circuit}`, `T-${circuit}`, { place_kind: 'substation', valid_from: from })
    : probe(`S-${circuit}`, circuit, { place_kind: 'circuit', valid_from: from })

/** Who took plants over, as the registry learns it afterwards: a substation for good, a circuit for some weeks. */
function takeOvers({ circuits, firstDay, lastDay }: GoldenCity): RegistryRow<'plant_period'>[] {
  return circuits.flatMap(({ id, firmOn }): RegistryRow<'plant_period'>[] => {
    const changes: number[] = []
    for (let day = firstDay + 1; day <= lastDay; day += 1) if (firmOn(day) !== firmOn(day - 1)) changes.push(day)
    const [first, second] = changes
    if (first === undefined) return []
    const taken = { firm: firmOn(first), valid_from: midnight(first) }
    return second === undefined
      ? [{ plant_kind: 'substation', plant: `T-${id}`, ...taken }]
      : [{ plant_kind: 'circuit', plant: id, ...taken, valid_to: midnight(second) }]
  })
}

/** Days of homes as the watch sums them up, hour by hour. */
async function saveHomes(
  transaction: LedgerTransaction,
  { homes }: GoldenCity,
  fromDay: number,
  toDay: number,
  isTheirs: (home: string, day: number) => boolean,
): Promise<void> {
  for (let day = fromDay; day <= toDay; day += 1) {
    const closed = homes
      .filter(({ id }) => isTheirs(id, day))
      .flatMap(({ id, probes }) =>
        homeDayOf(probes.map(({ hours }) => hours(day))).probes.map((sums, room) => ({
          ...{ deficit16Kh: 0, ...sums, dwelling: id, device: `P-${id}-${room}`, day },
        })),
      )
    await saveDwellingDays(transaction, closed)
  }
}

/** What the watch of the plants told, to the minute. */
function flagsOf({ circuits }: GoldenCity): StoredFlag[] {
  return circuits.flatMap(({ id, watched, still, silent, late }) => {
    if (!watched) return []
    const subject =
      id === 'A2' ? { subjectKind: 'substation', subject: `T-${id}` } : { subjectKind: 'circuit', subject: id }
    const flag = (rule: 'noFlow' | 'plantSilent') => (lasting: { from: number; to: number }) => {
      const since = instantOf(lasting.from)
      return {
        ...{ ...subject, rule, since, raisedAt: since, clearedAt: instantOf(lasting.to) },
        ...{ key: `${id}/${rule}/${since}`, history: false, ofDwelling: false, where: { territory: [] } },
      } as StoredFlag
    }
    return [...still.map(flag('noFlow')), ...[...silent, ...late].map(flag('plantSilent'))]
  })
}

/** Whether gateways have sent what they kept. */
type PlantTold = 'inTime' | 'late'

/** Days of which plants told late, as the watch marks them. */
const lateOf = ({ circuits, lastDay }: GoldenCity) =>
  circuits.flatMap(({ id, late }) =>
    late.map(({ from }) => ({ day: Math.floor(from / 1440), device: `S-${id}`, markedAt: midnight(lastDay + 5) })),
  )

/** A reading of flow and one of supply temperature every quarter of an hour, from the noon on which all began. */
function plantTelemetry(city: GoldenCity, told: () => PlantTold): SupplyDeps['telemetry'] {
  const oldestAt = midnight(city.beganOn) + dayMs / 2
  const bySensor = new Map(city.circuits.map((circuit) => [`S-${circuit.id}`, circuit]))
  const within = (stretches: readonly { from: number; to: number }[], minute: number) =>
    stretches.some(({ from, to }) => from <= minute && minute < to)
  return {
    usage: async () => ({ bytes: 1, readings: 1, oldestAt }),
    async readings(device: string, metric: MetricName, from: number, to: number) {
      const circuit = bySensor.get(device)
      const found: { at: number; value: number; quality: typeof quality.good }[] = []
      if (!circuit) return found
      for (let at = from; at < to; at += 15 * minuteMs) {
        const minute = (at - midnight(0)) / minuteMs
        if (at < oldestAt || within(circuit.silent, minute)) continue
        if (told() === 'inTime' && within(circuit.late, minute)) continue
        if (metric === 'secondary_flow_m3h') {
          found.push({ at, value: within(circuit.still, minute) ? 0 : 40, quality: quality.good })
        } else if (metric === 'secondary_supply_temperature_c') {
          const value = circuit.supplyC(Math.floor(minute / 1440), Math.floor(minute / 60) % 24)
          found.push({ at, value, quality: quality.good })
        }
      }
      return found
    },
  }
}

const toOutage = ({ from, to }: { from: number; to: number }) => ({
  ...{ kind: 'down' as const, beganAt: instantOf(from), endedAt: instantOf(to) },
})

const weatherOf = ({ firstDay, lastDay, outdoorC }: GoldenCity) =>
  Array.from({ length: lastDay - firstDay + 1 }, (_, index) => firstDay + index).flatMap((day) =>
    ['nangang', 'daowai'].flatMap((district) => {
      const outdoorTemperatureC = outdoorC(day, district)
      return outdoorTemperatureC === undefined
        ? []
        : [{ district, kind: 'observed' as const, at: midnight(day) + dayMs / 2, source: 'test', outdoorTemperatureC }]
    }),
  )

async function bringExclusions(
  transaction: LedgerTransaction,
  exclusions: readonly GoldenExclusion[],
  at: number,
): Promise<void> {
  for (const { confirmed, ...place } of exclusions) {
    const proposed = await proposeExclusion(transaction, {
      ...{ ...place, kind: 'plannedWork', evidence: 'notice', proposedBy: 'firm', proposedAt: at },
    })
    if (confirmed) {
      await decideExclusion(transaction, proposed, { state: 'confirmed', by: 'city', at, decision: 'seen' })
    }
  }
}

async function bringFigures(transaction: LedgerTransaction, city: GoldenCity): Promise<void> {
  const { firstDay: fromDay, lastDay: toDay } = city
  const by = { actor: 'city', at: midnight(toDay + 1) }
  const enter = (territory: string, figures: GoldenCity['figures'], at: number) =>
    enterRankingFigures(transaction, { territory, fromDay, toDay, evidence: 'file', figures }, { ...by, at })
  // What is entered later corrects; figures of other days or places count for nothing here.
  await enter(
    'harbin',
    city.figures.map((figure) => ({ ...figure, value: figure.value / 2 })),
    by.at,
  )
  await enter('harbin', city.figures, by.at + 1)
  const elsewhere = { territory: 'harbin', fromDay, toDay: toDay - 1, evidence: 'file', figures: city.figures }
  await enterRankingFigures(transaction, elsewhere, { ...by, at: by.at + 2 })
  for (const { firm, kind, state, document } of city.vetoes) {
    const id = await bringVeto(transaction, { firm, kind, state, evidence: 'file', fromDay, toDay }, by)
    if (document !== undefined) await confirmVeto(transaction, id, { document, by: 'city', at: by.at })
  }
}
