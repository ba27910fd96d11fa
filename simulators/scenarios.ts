import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import type { City } from './city.ts'
import type { Fault, FaultKind } from './faults.ts'
import { createRandom, type Random } from './random.ts'

/** Ready-made stories of what goes wrong, as faults for a simulation. */

interface Candidates {
  readonly circuits: readonly string[]
  /** Circuits with radiators: heated floors keep a home warm for half a day, which is no story. */
  readonly radiatorCircuits: readonly string[]
  readonly sources: readonly string[]
  readonly substations: readonly string[]
  readonly buildings: readonly string[]
  readonly risers: readonly string[]
  readonly dwellings: readonly string[]
  readonly probes: readonly string[]
  readonly probeGateways: readonly string[]
  /** Homes whose probe measures every five minutes: there an open window shows. */
  readonly watchedHomes: readonly string[]
}

/** Below this a place has too few homes for a fault to be seen. */
const homesToNotice = 8

/** How long a rule needs to tell an open window from a cold home is minutes; slower probes cannot. */
const windowSamplingMsMax = 5 * minuteMs

function candidatesOf(city: City): Candidates {
  const homesOf = (key: (home: City['dwellings'][number]) => string | number | undefined) =>
    Map.groupBy(city.dwellings, key)
  const crowded = [...homesOf(({ circuit }) => circuit)]
    .filter(([, homes]) => homes.length >= homesToNotice)
    .flatMap(([index]) => city.circuits[index as number] ?? [])
  const circuits = crowded.length > 0 ? crowded : city.circuits
  const radiators = circuits.filter(({ floorHeating }) => !floorHeating)
  const probes = city.devices.filter(({ kind }) => kind === 'probe')
  const gateways = [...new Set(probes.map(({ gateway }) => gateway))]
  const watched = probes.filter(({ samplingMs }) => samplingMs <= windowSamplingMsMax)
  const idsOf = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)
  const keys = (groups: ReadonlyMap<string | number | undefined, unknown>) =>
    [...groups.keys()].filter((key) => key !== undefined).map(String)
  return {
    circuits: idsOf(circuits),
    radiatorCircuits: idsOf(radiators.length > 0 ? radiators : circuits),
    sources: idsOf(city.sources.filter(({ kind }) => kind !== 'peakBoiler')),
    substations: idsOf(city.substations),
    buildings: keys(homesOf(({ building }) => building)),
    risers: keys(homesOf(({ riser }) => riser)),
    dwellings: idsOf(city.dwellings.filter(({ contract }) => contract === 'heated')),
    probes: idsOf(probes),
    probeGateways: gateways.map((index) => city.gateways[index]?.id ?? ''),
    watchedHomes: (watched.length > 0 ? watched : probes).map(({ place }) => city.dwellings[place]?.id ?? ''),
  }
}

/**
 * What went wrong in the demo's past: a pump trip that was repaired, a building that gets too little water to this
 * day, probes and gateways with their usual ailments. `opensAt` is when the demo begins to be live.
 */
export function demoFaults(city: City, opensAt: number): Fault[] {
  const random = createRandom(city.seed).fork('demo faults')
  const among = candidatesOf(city)
  const pick = (list: readonly string[], label: string) => random.fork(label).pick(list)
  const before = (hours: number) => opensAt - hours * hourMs
  const later = opensAt + 60 * dayMs
  const ailing = shuffled(among.probes, random.fork('probes'))
  const gateways = shuffled(among.probeGateways, random.fork('gateways'))
  const window = pick(among.watchedHomes, 'window')
  const building = pick(among.buildings, 'imbalance')
  const otherRisers = among.risers.filter((riser) => !riser.startsWith(`${building}-`))
  const faults: Fault[] = [
    { kind: 'pumpTrip', subject: pick(among.radiatorCircuits, 'pump'), from: before(40), to: before(33.5) },
    { kind: 'imbalance', subject: building, from: before(52), to: later },
    {
      kind: 'airLock',
      subject: pick(otherRisers.length > 0 ? otherRisers : among.risers, 'air'),
      from: before(30),
      to: before(9),
    },
    { kind: 'openWindow', subject: window, from: before(7), to: before(6.3) },
  ]
  const probeFaults: readonly (readonly [FaultKind, number, number])[] = [
    ['probeStuck', before(60), later],
    ['probeDrift', before(72), later],
    ['probeSilent', before(20), later],
    ['probeErrorValue', before(48), later],
    ['probeMoved', before(26), later],
  ]
  const gatewayFaults: readonly (readonly [FaultKind, number, number])[] = [
    ['gatewayOffline', before(46), before(41)],
    ['gatewayDuplicates', before(60), before(50)],
    ['gatewayClockSkew', before(15), before(13)],
  ]
  for (const [index, [kind, from, to]] of probeFaults.entries()) {
    const subject = ailing[index]
    if (subject !== undefined) faults.push({ kind, subject, from, to })
  }
  for (const [index, [kind, from, to]] of gatewayFaults.entries()) {
    const subject = gateways[index]
    if (subject !== undefined) faults.push({ kind, subject, from, to })
  }
  return faults
}

/** A scenario for watching: faults, and the speed at which they are worth watching. */
export interface Scenario {
  readonly faults: readonly Fault[]
  readonly speed: number
}

/** Homes take hours to cool; at this speed five minutes are ten hours. */
const coldWaveSpeed = 120

/**
 * A cold wave and a boiler that trips in it, with one pump that stands still at once: plants raise flags within
 * seconds of watching, homes within five minutes.
 */
export function coldWaveInFiveMinutes(city: City, from: number): Scenario {
  const among = candidatesOf(city)
  const random = createRandom(city.seed).fork('cold wave')
  const fed = (source: number) => city.substations.filter(({ sources }) => sources[0] === source).length
  const largest = city.sources
    .map((place, index) => ({ id: place.id, fed: fed(index) }))
    .sort((a, b) => b.fed - a.fed)[0]
  return {
    speed: coldWaveSpeed,
    faults: [
      { kind: 'coldWave', subject: 'city', from, to: from + 30 * hourMs, size: 12 },
      { kind: 'boilerTrip', subject: largest?.id ?? '', from: from + 5 * minuteMs, to: from + 14 * hourMs },
      {
        kind: 'pumpTrip',
        subject: random.pick(among.radiatorCircuits),
        from: from + 2 * minuteMs,
        to: from + 8 * hourMs,
      },
    ],
  }
}

interface Rarity {
  readonly kind: FaultKind
  readonly among: keyof Candidates
  /** How many begin a day in a city of 1,200 homes. */
  readonly perDay: number
  readonly hours: readonly [number, number]
}

/** What goes wrong in a well-run city on its own. The frequencies are ours, to have something to see each hour. */
const rarities: readonly Rarity[] = [
  { kind: 'openWindow', among: 'watchedHomes', perDay: 3, hours: [0.3, 1.2] },
  { kind: 'probeSilent', among: 'probes', perDay: 0.4, hours: [4, 60] },
  { kind: 'probeErrorValue', among: 'probes', perDay: 0.3, hours: [2, 30] },
  { kind: 'probeStuck', among: 'probes', perDay: 0.2, hours: [20, 100] },
  { kind: 'probeDrift', among: 'probes', perDay: 0.1, hours: [48, 200] },
  { kind: 'probeMoved', among: 'probes', perDay: 0.2, hours: [24, 100] },
  { kind: 'gatewayOffline', among: 'probeGateways', perDay: 0.6, hours: [0.4, 6] },
  { kind: 'gatewayDuplicates', among: 'probeGateways', perDay: 0.3, hours: [1, 8] },
  { kind: 'gatewayClockSkew', among: 'probeGateways', perDay: 0.05, hours: [1, 6] },
  { kind: 'airLock', among: 'risers', perDay: 0.15, hours: [8, 30] },
  { kind: 'pumpTrip', among: 'circuits', perDay: 0.1, hours: [1.5, 7] },
  { kind: 'powerLoss', among: 'substations', perDay: 0.05, hours: [0.5, 4] },
  { kind: 'stuckValve', among: 'circuits', perDay: 0.04, hours: [4, 16] },
  { kind: 'zoneClosed', among: 'circuits', perDay: 0.03, hours: [2, 8] },
  { kind: 'burst', among: 'circuits', perDay: 0.03, hours: [3, 10] },
  { kind: 'imbalance', among: 'buildings', perDay: 0.03, hours: [40, 200] },
  { kind: 'boilerTrip', among: 'sources', perDay: 0.02, hours: [2, 8] },
]

/** A day with more than this of one kind is no normal day, however big the city. */
const beginningsPerDayMax = 200

/** Faults of the ordinary kind that begin between two times; the same day has the same faults in every run. */
export function rareFaults(city: City, from: number, to: number): Fault[] {
  const random = createRandom(city.seed).fork('rare faults')
  const among = candidatesOf(city)
  const faults: Fault[] = []
  for (let day = Math.floor(from / dayMs); day * dayMs < to; day++) {
    for (const rarity of rarities) {
      const own = random.fork(rarity.kind).fork(day)
      const expected = Math.min(beginningsPerDayMax, (rarity.perDay * city.dwellings.length) / 1200)
      const count = Math.floor(expected) + (own.chance(expected % 1) ? 1 : 0)
      const subjects = among[rarity.among]
      for (let index = 0; index < count && subjects.length > 0; index++) {
        const begins = day * dayMs + own.below(dayMs)
        const hours = own.between(rarity.hours[0], rarity.hours[1])
        const fault = { kind: rarity.kind, subject: own.pick(subjects), from: begins, to: begins + hours * hourMs }
        if (begins >= from && begins < to) faults.push(fault)
      }
    }
  }
  return faults.sort((a, b) => a.from - b.from)
}

function shuffled(list: readonly string[], random: Random): string[] {
  return list
    .map((id) => ({ id, rank: random.uint32() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ id }) => id)
}
