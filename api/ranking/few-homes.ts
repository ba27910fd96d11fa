import { placesOfFewHomes } from '#domain/few-homes.ts'
import type { FirmInput } from '#domain/ranking.ts'
import { type Territory, territoryKinds } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { firmProbes } from '#store/ledger/firm-probes.ts'
import { type PlaceRollUp, placeRollUps, type RollUpLevel } from '#store/ledger/place-roll-ups.ts'
import type { RankingPeriod } from '#store/ledger/ranking-inputs.ts'
import { allRows } from '#store/ledger/registry-lookups.ts'
import { hideFewHomes } from './firm-cells.ts'
import { probesShownMin } from './shapes.ts'

/** Firms with their measured homes in a place over some days. */
export interface FirmsAsked {
  readonly period: RankingPeriod
  readonly firms: readonly Pick<FirmInput, 'firm' | 'probes'>[]
}

/** Of a list and what its points follow from, only what the question needs. */
export const askedOfFew = (
  { territory, fromDay, toDay }: RankingPeriod,
  inputs: readonly Pick<FirmInput, 'firm' | 'probes'>[],
): FirmsAsked => ({
  period: { territory, fromDay, toDay },
  firms: inputs.map(({ firm, probes }) => ({ firm, probes })),
})

/**
 * Firms whose figures in a city or a district speak of fewer than ten measured homes: by themselves, or because whoever
 * also knows other figures of the firm, and of others there, could tell what these few are by subtraction.
 */
export async function firmsOfFewHomes(db: LedgerDb, { period, firms }: FirmsAsked): Promise<Set<string>> {
  const few = firms.filter(({ probes }) => probes < probesShownMin).map(({ firm }) => firm)
  const cells = await firmProbes(db, period)
  const { inCity, inDistrict } = hideFewHomes(cells, probesShownMin)
  const inTerritory = [...inDistrict].filter(({ district }) => district === period.territory)
  const isDistrict = cells.some(({ district }) => district === period.territory)
  return new Set([...few, ...(isDistrict ? inTerritory.map(({ firm }) => firm) : inCity)])
}

/**
 * Whether those may see places of a level in a territory who may not see homes: what is smaller could be subtracted
 * from what is larger, and so could firms in territories other than those that lists are made of.
 */
export const isForOthers = (level: RollUpLevel, territory: Territory['kind']): boolean =>
  level === 'firm' ? territory === 'city' || territory === 'district' : territoryKinds.some((kind) => kind === level)

/** Every territory node of the largest city. */
const nodesMax = 100_000

export interface PlacesAsked extends RankingPeriod {
  readonly level: RollUpLevel
  /** Only homes that this firm heated. */
  readonly firm?: string
  /** Whoever asks may not see homes. */
  readonly forOthers: boolean
}

/** Rolled-up places, as far as whoever asks may see them. */
export async function shownPlaces(db: LedgerDb, { forOthers, ...asked }: PlacesAsked): Promise<readonly PlaceRollUp[]> {
  const rows = await placeRollUps(db, asked)
  return forOthers ? placesForOthers(db, asked, rows) : rows
}

/** Rolled-up places without those that speak of fewer than ten measured homes, by themselves or by subtraction. */
async function placesForOthers(
  db: LedgerDb,
  asked: Omit<PlacesAsked, 'forOthers'>,
  rows: readonly PlaceRollUp[],
): Promise<PlaceRollUp[]> {
  const measured = ({ sums, days }: PlaceRollUp) => Math.floor(sums.probes / days)
  if (asked.level === 'firm') {
    const firms = rows.map((row) => ({ firm: row.place, probes: measured(row) }))
    const few = await firmsOfFewHomes(db, { period: asked, firms })
    return rows.filter(({ place }) => !few.has(place))
  }
  const nodes = await allRows(db, 'territory', { limit: nodesMax })
  const numberOf = new Map(nodes.map(({ id }, index) => [id, index]))
  /** A node and those above it, by number. */
  function* upwards(id: string | undefined) {
    for (let node = numberOf.get(id ?? ''); node !== undefined; node = numberOf.get(nodes[node]?.parent ?? ''))
      yield node
  }
  const city = nodes.find(({ kind }) => kind === 'city')?.id ?? asked.territory
  const homes = new Float64Array(nodes.length)
  for (const row of await placeRollUps(db, { ...asked, level: 'estate', territory: city })) {
    for (const node of upwards(row.place)) homes[node] = (homes[node] ?? 0) + measured(row)
  }
  const below = Map.groupBy(nodes.keys(), (index) => numberOf.get(nodes[index]?.parent ?? ''))
  const families = [...below].flatMap(([parent, children]) => (parent === undefined ? [] : [{ parent, children }]))
  const few = placesOfFewHomes(homes, families, probesShownMin)
  // Of a place around the territory, the rows hold only the part that lies in it.
  const within = numberOf.get(asked.territory)
  return rows.filter(
    ({ place }) => few[numberOf.get(place) ?? -1] === 0 && upwards(place).some((node) => node === within),
  )
}
