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
import type { Directory } from '../watch/directory.ts'
import type { Places } from '../watch/places.ts'
import { type CityPlan, nowhere, type Stretch } from './city-plan.ts'
import { placesWithFew } from './few-places.ts'
import { countFlags } from './flag-counts.ts'
import type { Frame } from './frames.ts'
import { codeHomes, tallyStretch } from './homes-of-frame.ts'
import { ownersAt, placeOf } from './owners.ts'
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
  const { directory, plan, policyDay } = surroundings
  const turn = inTurns()
  const end = frame.at + rollUpPeriodMs
  const demand = policyDay.inSeason ? policyDay.rules : undefined
  const targetBin = demand === undefined ? 0 : tallyBinOf(demand.targetC)
  const codes = await codeHomes({ directory, frame, at: end, targetC: demand?.targetC, turn })
  const owners = ownersAt(plan, surroundings.places, end)
  const few = await placesWithFew({ plan, owners, codes, homesMin: policyDay.rules.alert.measuredDwellingsMin, turn })
  const flags = await countFlags({ plan, owners, tiers: policyDay.rules.alert.tiers, turn }, surroundings.flags)

  const rollUpOf = (place: number, homes: HomeTally, more: RollUpFigures = {}): LiveRollUp => ({
    place: placeOf(plan, owners, place),
    at: frame.at,
    few: few[place] === 1,
    figures: { ...tallyFigures(homes, demand), ...flags.of(place), ...more },
  })
  const plantOf = (place: number, homes: HomeTally) => rollUpOf(place, homes, plantPart(place))

  function plantPart(place: number): RollUpFigures {
    const { level, id } = plan.places[place] as { level: PlantLevel; id: string }
    const operation = surroundings.places.operationAt(level, id, end)
    const outdoorC = surroundings.outdoorC.get(plan.districtOf.get(place) ?? nowhere)
    const plant = directory.plants.find(`${level}/${id}`)
    return plantFigures(plant < 0 ? new Map() : frame.plants.valuesOf(plant), {
      rules: policyDay.rules.plant,
      ...(operation?.designSupplyC !== undefined && { designSupplyC: operation.designSupplyC }),
      ...(operation?.designReturnC !== undefined && { designReturnC: operation.designReturnC }),
      ...(outdoorC !== undefined && { outdoorC }),
    })
  }

  const sums = new Map<number, HomeTally>()
  function addTo(place: number | undefined, part: HomeTally): void {
    if (place === undefined) return
    const sum = sums.get(place) ?? emptyTally()
    sums.set(place, sum)
    addTally(sum, part)
  }

  /** Of a firm or the city: that of its districts, each by its homes. */
  const outdoorSums = new Map<number, { homes: number; warmth: number }>()
  function addOutdoor(place: number | undefined, district: number | undefined, homes: number): void {
    const outdoorC = surroundings.outdoorC.get(district ?? nowhere)
    if (place === undefined || outdoorC === undefined || homes === 0) return
    const sum = outdoorSums.get(place) ?? { homes: 0, warmth: 0 }
    outdoorSums.set(place, { homes: sum.homes + homes, warmth: sum.warmth + homes * outdoorC })
  }
  function meanOutdoorC(place: number): number | undefined {
    const sum = outdoorSums.get(place)
    return sum && sum.warmth / sum.homes
  }

  const tally = emptyTally()
  for (const [substation, circuits] of plan.circuitsOf) {
    const ofSubstation = emptyTally()
    for (const circuit of circuits) {
      clearTally(tally)
      for (const stretch of plan.fedBy.get(circuit) ?? []) tallyStretch(tally, plan, stretch, codes, targetBin)
      addTally(ofSubstation, tally)
      addTo(owners.get(circuit), tally)
      addOutdoor(owners.get(circuit), plan.districtOf.get(circuit), tally.heated)
      yield plantOf(circuit, tally)
      await turn()
    }
    for (const source of plan.sourcesOf.get(substation) ?? []) addTo(source, ofSubstation)
    if (substation >= 0) yield plantOf(substation, ofSubstation)
  }
  for (const [number, { level }] of plan.places.entries()) {
    if (level === 'source') yield plantOf(number, sums.get(number) ?? emptyTally())
    if (level === 'firm') yield rollUpOf(number, sums.get(number) ?? emptyTally(), outdoorFigure(meanOutdoorC(number)))
  }
  const { stretches } = plan
  for (let from = 0; from < stretches.length; ) {
    const building = (stretches[from] as Stretch).building
    clearTally(tally)
    for (; stretches[from]?.building === building; from += 1)
      tallyStretch(tally, plan, stretches[from] as Stretch, codes, targetBin)
    const district = plan.districtOf.get(building)
    addTo(district, tally)
    addTo(plan.city, tally)
    addOutdoor(plan.city, district, tally.heated)
    yield rollUpOf(building, tally, outdoorFigure(surroundings.outdoorC.get(district ?? nowhere)))
    await turn()
  }
  for (const [number, { level }] of plan.places.entries()) {
    if (level !== 'district') continue
    yield rollUpOf(number, sums.get(number) ?? emptyTally(), outdoorFigure(surroundings.outdoorC.get(number)))
  }
  yield rollUpOf(plan.city, sums.get(plan.city) ?? emptyTally(), outdoorFigure(meanOutdoorC(plan.city)))
}

const outdoorFigure = (outdoorC: number | undefined): RollUpFigures =>
  outdoorC === undefined ? {} : { outdoor_temperature_c: thousandth(outdoorC) }
