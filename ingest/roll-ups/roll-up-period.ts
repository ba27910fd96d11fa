import {
  addTally,
  clearTally,
  emptyTally,
  type HomeTally,
  tallyBinOf,
  tallyFigures,
  thousandth,
} from '#domain/home-tally.ts'
import { type LiveRollUp, type RollUpFigures, rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { plantFigures } from '#domain/plant-figures.ts'
import type { PolicyDay } from '#domain/policy.ts'
import type { RollUpLevel } from '#domain/telemetry-names.ts'
import type { Directory } from '../watch/directory.ts'
import type { Places } from '../watch/places.ts'
import { type CityPlan, nowhere, type Stretch } from './city-plan.ts'
import { placesWithFew } from './few-places.ts'
import { countFlags } from './flag-counts.ts'
import type { Frame } from './frames.ts'
import { codeHomes, tallyStretch } from './homes-of-frame.ts'
import { type Owners, ownersAt, placeOf } from './owners.ts'
import { inTurns } from './turns.ts'

type PlantLevel = 'source' | 'substation' | 'circuit'

/** What is known beside the frame of a period. All of it is asked for by the time of the period. */
export interface PeriodSurroundings {
  readonly directory: Directory
  readonly plan: CityPlan
  readonly places: Places
  readonly policyDay: PolicyDay
  /** Observed outdoor temperature by number of the district's place. */
  readonly outdoorC: ReadonlyMap<number, number>
  readonly flags: Parameters<typeof countFlags>[1]
}

/**
 * Rolls one period up: a function of the frame, the registry and the flags. Yields circuits, substations, sources,
 * firms, buildings and districts, and the city last, so that whoever finds the city finds all.
 */
export async function* rollUpPeriod(frame: Frame, surroundings: PeriodSurroundings): AsyncGenerator<LiveRollUp> {
  const counted = await countPeriod(frame, surroundings)
  yield* circuitsAndSubstations(counted)
  yield* placesSummed(counted, ['source', 'firm'])
  yield* buildings(counted)
  yield* placesSummed(counted, ['district', 'city'])
}

/** What is known of the whole city before the first place is rolled up. */
interface CountedPeriod {
  readonly plan: CityPlan
  readonly owners: Owners
  readonly turn: () => Promise<void> | undefined
  readonly outdoorC: PeriodSurroundings['outdoorC']
  /** Places that are made of others, filled on the way. */
  readonly sums: Map<number, Sum>
  tally(stretches: readonly Stretch[], into: HomeTally): void
  rollUp(place: number, homes: HomeTally, more: RollUpFigures): LiveRollUp
  plantFigures(place: number): RollUpFigures
}

/** Homes of a place, and the weather of its parts by their homes. */
interface Sum {
  readonly homes: HomeTally
  weatheredHomes: number
  warmth: number
}

async function countPeriod(frame: Frame, surroundings: PeriodSurroundings): Promise<CountedPeriod> {
  const { directory, plan, policyDay, places, outdoorC } = surroundings
  const turn = inTurns()
  const end = frame.at + rollUpPeriodMs
  const demand = policyDay.inSeason ? policyDay.rules : undefined
  const targetBin = demand === undefined ? 0 : tallyBinOf(demand.targetC)
  const codes = await codeHomes({ directory, frame, at: end, targetC: demand?.targetC, turn })
  const owners = ownersAt(plan, places, end)
  const homesMin = policyDay.rules.alert.measuredDwellingsMin
  const few = await placesWithFew({ plan, owners, codes, homesMin, turn })
  const flags = await countFlags({ plan, owners, tiers: policyDay.rules.alert.tiers, turn }, surroundings.flags)
  return {
    plan,
    owners,
    turn,
    outdoorC,
    sums: new Map(),
    tally(stretches, into) {
      for (const stretch of stretches) tallyStretch(into, plan, stretch, codes, targetBin)
    },
    rollUp: (place, homes, more) => ({
      place: placeOf(plan, owners, place),
      at: frame.at,
      few: few[place] === 1,
      figures: { ...tallyFigures(homes, demand), ...flags.of(place), ...more },
    }),
    plantFigures(place) {
      const { level, id } = plan.places[place] as { level: PlantLevel; id: string }
      const operation = places.operationAt(level, id, end)
      const observedC = outdoorC.get(plan.districtOf.get(place) ?? nowhere)
      const plant = directory.plants.find(`${level}/${id}`)
      return plantFigures(plant < 0 ? new Map() : frame.plants.valuesOf(plant), {
        rules: policyDay.rules.plant,
        ...(operation?.designSupplyC !== undefined && { designSupplyC: operation.designSupplyC }),
        ...(operation?.designReturnC !== undefined && { designReturnC: operation.designReturnC }),
        ...(observedC !== undefined && { outdoorC: observedC }),
      })
    },
  }
}

/** Adds homes, and the weather of the district where they are, to a place that they belong to. */
function addTo(counted: CountedPeriod, place: number | undefined, part: HomeTally, district: number | undefined): void {
  if (place === undefined) return
  const sum = counted.sums.get(place) ?? { homes: emptyTally(), weatheredHomes: 0, warmth: 0 }
  counted.sums.set(place, sum)
  addTally(sum.homes, part)
  const outdoorC = counted.outdoorC.get(district ?? nowhere)
  if (outdoorC === undefined) return
  sum.weatheredHomes += part.heated
  sum.warmth += part.heated * outdoorC
}

async function* circuitsAndSubstations(counted: CountedPeriod): AsyncGenerator<LiveRollUp> {
  const { plan, owners, turn } = counted
  const homes = emptyTally()
  for (const [substation, circuits] of plan.circuitsOf) {
    const ofSubstation = emptyTally()
    for (const circuit of circuits) {
      clearTally(homes)
      counted.tally(plan.fedBy.get(circuit) ?? [], homes)
      addTally(ofSubstation, homes)
      addTo(counted, owners.get(circuit), homes, plan.districtOf.get(circuit))
      yield counted.rollUp(circuit, homes, counted.plantFigures(circuit))
      await turn()
    }
    if (substation === nowhere) continue
    for (const source of plan.sourcesOf.get(substation) ?? []) addTo(counted, source, ofSubstation, undefined)
    yield counted.rollUp(substation, ofSubstation, counted.plantFigures(substation))
  }
}

async function* buildings(counted: CountedPeriod): AsyncGenerator<LiveRollUp> {
  const { plan, turn } = counted
  const { stretches } = plan
  const homes = emptyTally()
  for (let from = 0; from < stretches.length; ) {
    const { building } = stretches[from] as Stretch
    let to = from + 1
    while (stretches[to]?.building === building) to += 1
    clearTally(homes)
    counted.tally(stretches.slice(from, to), homes)
    const district = plan.districtOf.get(building)
    addTo(counted, district, homes, district)
    addTo(counted, plan.city, homes, district)
    yield counted.rollUp(building, homes, outdoorFigure(counted.outdoorC.get(district ?? nowhere)))
    from = to
    await turn()
  }
}

/** Places of some levels, in the order of the plan, from what was added to them. */
function* placesSummed(counted: CountedPeriod, levels: readonly RollUpLevel[]): Generator<LiveRollUp> {
  for (const [place, { level }] of counted.plan.places.entries()) {
    if (!levels.includes(level)) continue
    const sum = counted.sums.get(place)
    const more = level === 'source' ? counted.plantFigures(place) : outdoorFigure(outdoorOf(counted, place, sum))
    yield counted.rollUp(place, sum?.homes ?? emptyTally(), more)
  }
}

/** A district has its own weather, a firm and the city that of their homes. */
function outdoorOf({ outdoorC }: CountedPeriod, place: number, sum: Sum | undefined): number | undefined {
  return outdoorC.get(place) ?? (sum && sum.weatheredHomes > 0 ? sum.warmth / sum.weatheredHomes : undefined)
}

const outdoorFigure = (outdoorC: number | undefined): RollUpFigures =>
  outdoorC === undefined ? {} : { outdoor_temperature_c: thousandth(outdoorC) }
