import { placesOfFewHomes } from '#domain/few-homes.ts'
import type { FirmInput } from '#domain/ranking.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { firmProbes } from '#store/ledger/firm-probes.ts'
import { type PlaceRollUp, placeRollUps, type RollUpLevel } from '#store/ledger/place-roll-ups.ts'
import type { RankingPeriod } from '#store/ledger/ranking-inputs.ts'
import { allRows } from '#store/ledger/registry-lookups.ts'
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
 * Firms whose figures on a list speak of fewer than ten measured homes: by themselves, or because whoever also knows
 * the firm's figures in the city and its other districts could tell what these few are by subtraction.
 */
export async function firmsOfFewHomes(db: LedgerDb, { period, firms }: FirmsAsked): Promise<Set<string>> {
  const few = new Set(firms.filter(({ probes }) => probes < probesShownMin).map(({ firm }) => firm))
  const probes = await firmProbes(db, period)
  for (const [firm, byDistrict] of Map.groupBy(probes, (row) => row.firm)) {
    // The whole city first, then its districts.
    const measured = [byDistrict.reduce((sum, row) => sum + row.probes, 0), ...byDistrict.map((row) => row.probes)]
    const children = byDistrict.map((_, index) => index + 1)
    const hidden = placesOfFewHomes(measured, [{ parent: 0, children }], probesShownMin)
    const own = byDistrict.findIndex(({ district }) => district === period.territory)
    if (hidden[own + 1] === 1) few.add(firm)
  }
  return few
}

/** Levels of places that those may see who may not see homes: what is smaller could be subtracted from what is larger. */
export const levelsForOthers: readonly RollUpLevel[] = [
  ...(['firm', 'estate', 'community', 'subdistrict', 'district', 'city'] as const),
]
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
  { level, ...period }: Omit<PlacesAsked, 'forOthers'>,
  rows: readonly PlaceRollUp[],
): Promise<PlaceRollUp[]> {
  const measured = ({ sums, days }: PlaceRollUp) => Math.floor(sums.probes / days)
  if (level === 'firm') {
    const firms = rows.map((row) => ({ firm: row.place, probes: measured(row) }))
    const few = await firmsOfFewHomes(db, { period, firms })
    return rows.filter(({ place }) => !few.has(place))
  }
  const nodes = await allRows(db, 'territory', { limit: nodesMax })
  const numberOf = new Map(nodes.map(({ id }, index) => [id, index]))
  const city = nodes.find(({ kind }) => kind === 'city')?.id ?? period.territory
  const homes = new Float64Array(nodes.length)
  const { fromDay, toDay } = period
  for (const row of await placeRollUps(db, { fromDay, toDay, level: 'estate', territory: city })) {
    for (let node = numberOf.get(row.place); node !== undefined; ) {
      homes[node] = (homes[node] ?? 0) + measured(row)
      const parent = nodes[node]?.parent
      node = parent === undefined ? undefined : numberOf.get(parent)
    }
  }
  const below = Map.groupBy(nodes.keys(), (index) => numberOf.get(nodes[index]?.parent ?? ''))
  const families = [...below].flatMap(([parent, children]) => (parent === undefined ? [] : [{ parent, children }]))
  const few = placesOfFewHomes(homes, families, probesShownMin)
  return rows.filter(({ place }) => few[numberOf.get(place) ?? -1] === 0)
}
