import { type AlertTier, alertTiers } from '#domain/alert.ts'
import type { FlagRule } from '#domain/flag.ts'
import type { RollUpFigures } from '#domain/live-roll-up.ts'
import type { Rules } from '#domain/policy.ts'
import type { CountedFlag } from '#store/ledger/roll-up-homes.ts'
import { type CityPlan, nowhere } from './city-plan.ts'
import type { Owners } from './owners.ts'

interface FlaggedCity {
  readonly plan: CityPlan
  readonly owners: Owners
  /** Which rules count, and as what. */
  readonly tiers: Rules['alert']['tiers']
  turn(): Promise<void> | undefined
}

interface FlagCounts {
  of(place: number): RollUpFigures
}

/** Counts open flags by tier for every place: a home's in its building and circuit, a plant's own, and all above. */
export async function countFlags(city: FlaggedCity, pages: AsyncIterable<readonly CountedFlag[]>): Promise<FlagCounts> {
  const { plan, tiers, turn } = city
  const tierCount = alertTiers.length
  const counts = new Uint32Array(plan.places.length * tierCount)
  for await (const page of pages) {
    for (const flag of page) {
      const tier = tiers[flag.rule as FlagRule]
      if (tier === undefined) continue
      for (const place of placesOf(flag, city)) {
        const cell = place * tierCount + alertTiers.indexOf(tier)
        counts[cell] = (counts[cell] as number) + 1
      }
    }
    await turn()
  }
  const count = (place: number, tier: AlertTier) => counts[place * tierCount + alertTiers.indexOf(tier)] as number
  return {
    of: (place) => ({
      flags_notice: count(place, 'notice'),
      flags_warning: count(place, 'warning'),
      flags_serious: count(place, 'serious'),
      flags_danger: count(place, 'danger'),
    }),
  }
}

/** Every place that a flag counts in, each once. */
function placesOf(flag: CountedFlag, { plan, owners }: FlaggedCity): Set<number> {
  const building = flag.building === null ? undefined : plan.numberOf('building', flag.building)
  const level = flag.subject_kind
  const isPlant = level === 'circuit' || level === 'substation' || level === 'source'
  const plant = isPlant
    ? plan.numberOf(level, flag.subject)
    : flag.circuit === null
      ? undefined
      : plan.numberOf('circuit', flag.circuit)
  const substation = level === 'substation' ? plant : plan.substationOf.get(plant ?? nowhere)
  const found = [
    building,
    plant,
    substation,
    ...(plan.sourcesOf.get(substation ?? nowhere) ?? []),
    owners.get(plant ?? nowhere),
    plan.districtOf.get(building ?? plant ?? nowhere),
    plan.city,
  ]
  return new Set(found.filter((place) => place !== undefined))
}
