import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LiveRollUp } from '#domain/live-roll-up.ts'
import { cityPolicies, type Policy, policyAt } from '#domain/policy.ts'
import { minuteMs } from '#domain/time.ts'
import { openLedger } from '#store/ledger/database.ts'
import { openSqliteRollUps } from '#store/telemetry/sqlite/roll-ups.ts'
import { type Option, positiveInteger } from '../../commands/options.ts'
import type { CityPlan, PlannedPlace, Stretch } from '../../ingest/roll-ups/city-plan.ts'
import { createFrames } from '../../ingest/roll-ups/frames.ts'
import { createPlantPoints } from '../../ingest/roll-ups/plant-frame.ts'
import { rollUpPeriod } from '../../ingest/roll-ups/roll-up-period.ts'
import { createDirectory } from '../../ingest/watch/directory.ts'
import { loadPlaces } from '../../ingest/watch/places.ts'
import { createRandom } from '../../simulators/random.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { rounded } from './measure.ts'

/**
 * Rolling a period of a whole city up, in one thread, with a probe in every home: what a reading, the closing and the
 * rolling up cost, the longest stretch in which nothing else has its turn, and what is held in memory. Times are
 * those of the processor, because others may use the machine. One JSON line.
 */
const { dwellings } = optionsOrExit({
  dwellings: {
    env: 'WARMCITY_BENCH_ROLL_UP_DWELLINGS',
    default: 2_500_000,
    schema: positiveInteger('the number of dwellings', 5_000_000),
    help: 'homes, each with a probe',
  } satisfies Option<number>,
})
const homesPerBuilding = 60
const buildingsPerCircuit = 10
const circuitsPerFirm = 70
const districts = 18
const from = Date.parse('2025-10-01T00:00:00+08:00')
const openAt = Date.parse('2026-01-15T12:00:00+08:00')

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const megabytes = () => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return (arrayBuffers + heapUsed) / 1e6
}

function fillDirectory() {
  const directory = createDirectory()
  for (let first = 0; first < dwellings; first += 10_000) {
    const homes = Array.from({ length: Math.min(10_000, dwellings - first) }, (_, index) => first + index)
    directory.addContracts(
      homes.map((home) => ({ dwelling: `D-${home}`, valid_from: from, valid_to: null, contract: 'heated' })),
    )
    directory.addPlacements(
      homes.map((home) => ({
        device: `P-${home}`,
        gateway: `G-${Math.floor(home / 500)}`,
        place_kind: 'dwelling',
        place: `D-${home}`,
        valid_from: from,
        valid_to: null,
        sampling_interval_s: 600,
        reporting_interval_s: 600,
        tolerance_k: 0.3,
        batch: 1,
      })),
      () => openAt,
    )
  }
  directory.finishLoad()
  return directory
}

/** The plan that the registry of such a city would give. */
function planOf(): CityPlan {
  const buildings = Math.ceil(dwellings / homesPerBuilding)
  const circuits = Math.ceil(buildings / buildingsPerCircuit)
  const firms = Math.ceil(circuits / circuitsPerFirm)
  const numbers = new Map<string, number>()
  const places: PlannedPlace[] = []
  const add = (level: PlannedPlace['level'], count: number) => {
    const first = places.length
    for (let index = 0; index < count; index += 1) {
      const id = `${level}-${index}`
      numbers.set(`${level}/${id}`, places.length)
      places.push({ level, id, name: `${id} 号` })
    }
    return first
  }
  add('building', buildings)
  const firstCircuit = add('circuit', circuits)
  const firstSubstation = add('substation', circuits)
  add('firm', firms)
  const firstDistrict = add('district', districts)
  const city = add('city', 1)
  const circuitOf = (building: number) => firstCircuit + Math.floor(building / buildingsPerCircuit)
  const stretches: Stretch[] = Array.from({ length: buildings }, (_, building) => ({
    building,
    circuit: circuitOf(building),
    from: building * homesPerBuilding,
    to: Math.min(dwellings, (building + 1) * homesPerBuilding),
  }))
  const fedBy = new Map<number, Stretch[]>()
  for (const stretch of stretches) fedBy.set(stretch.circuit, [...(fedBy.get(stretch.circuit) ?? []), stretch])
  const circuitNumbers = Array.from({ length: circuits }, (_, index) => firstCircuit + index)
  return {
    version: 1,
    builtAt: openAt,
    places,
    numberOf: (level, id) => numbers.get(`${level}/${id}`),
    homes: Uint32Array.from({ length: dwellings }, (_, home) => home),
    stretches,
    fedBy,
    circuitOf: new Map(stretches.map(({ building, circuit }) => [building, circuit])),
    circuitsOfBuilding: new Map(stretches.map(({ building }) => [building, 1])),
    circuitsOf: new Map(circuitNumbers.map((circuit) => [circuit - firstCircuit + firstSubstation, [circuit]])),
    substationOf: new Map(circuitNumbers.map((circuit) => [circuit, circuit - firstCircuit + firstSubstation])),
    sourcesOf: new Map(),
    districtOf: new Map(stretches.map(({ building }) => [building, firstDistrict + (building % districts)])),
    city,
    families: stretches.map(({ building, circuit }) => ({ parent: circuit, children: [building] })),
  }
}

const folder = await mkdtemp(join(tmpdir(), 'bench-roll-ups-'))
const ledger = await openLedger(':memory:')
const directory = fillDirectory()
const before = megabytes()
const frames = createFrames({ points: createPlantPoints(), speaksFor: () => 2, onEvicted: () => {} })
frames.reserve(dwellings)
for (let period = 6; period >= 0; period -= 1) frames.advance(openAt - period * 10 * minuteMs)
const plan = planOf()
const held = megabytes() - before

const random = createRandom(1)
const order = Uint32Array.from({ length: dwellings }, () => random.below(dwellings))
const readingsBegan = cpuMs()
for (const slot of order) frames.probe(slot, openAt + 5 * minuteMs, 18 + (slot % 60) / 10)
const readingNs = ((cpuMs() - readingsBegan) * 1e6) / dwellings

const closeBegan = cpuMs()
frames.advance(openAt + 11 * minuteMs)
const closeMs = cpuMs() - closeBegan

const frame = frames.held().find(({ at }) => at === openAt)
if (!frame) throw new Error('the period is not there')
const store = openSqliteRollUps({ directory: folder })
const surroundings = {
  directory,
  plan,
  places: await loadPlaces(ledger.db),
  policyDay: policyAt(cityPolicies.harbin as Policy, openAt),
  outdoorC: new Map<number, number>(),
}
async function* noFlags() {}

/** Looks at the processor's clock at every turn of the loop. */
function watchStretches() {
  let last = cpuMs()
  let longestMs = 0
  let watching = true
  const look = () => {
    const now = cpuMs()
    longestMs = Math.max(longestMs, now - last)
    last = now
    if (watching) setImmediate(look)
  }
  setImmediate(look)
  return () => {
    look()
    watching = false
    return longestMs
  }
}

/** Rolls the period up; `write` takes the pieces. */
async function roll(write: (rollUps: readonly LiveRollUp[]) => Promise<void>) {
  const longest = watchStretches()
  const began = cpuMs()
  let batch: LiveRollUp[] = []
  let count = 0
  let heldMbMax = 0
  for await (const rollUp of rollUpPeriod(frame as NonNullable<typeof frame>, { ...surroundings, flags: noFlags() })) {
    count += 1
    if (batch.push(rollUp) < 1_000) continue
    await write(batch)
    batch = []
    await nextTurn()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    heldMbMax = Math.max(heldMbMax, (arrayBuffers + heapUsed) / 1e6)
  }
  await write(batch)
  return { count, ms: cpuMs() - began, longestMs: longest(), heldMbMax }
}

await roll(async () => {})
const computing = await roll(async () => {})
const writing = await roll((rollUps) => store.writeRollUps(rollUps))
const readBegan = cpuMs()
const overview = await store.rollUpsAt(['city', 'district', 'firm', 'source', 'substation', 'circuit'], openAt)
const overviewMs = cpuMs() - readBegan
await store.close()
await ledger.close()
await rm(folder, { recursive: true })

console.log(
  JSON.stringify({
    dwellings,
    rollUps: computing.count,
    readingNs: rounded(readingNs),
    closeMs: rounded(closeMs),
    computeMs: rounded(computing.ms),
    longestStretchMs: rounded(computing.longestMs),
    writeMs: rounded(writing.ms - computing.ms),
    longestWriteMs: rounded(writing.longestMs),
    heldMb: rounded(held),
    transientMb: rounded(computing.heldMbMax - before - held),
    overviewPlaces: overview.length,
    overviewMs: rounded(overviewMs),
  }),
)
