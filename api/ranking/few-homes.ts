import { can } from '#domain/account.ts'
import { placesOfFewHomes } from '#domain/few-homes.ts'
import type { FirmInput } from '#domain/ranking.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { firmProbes } from '#store/ledger/firm-probes.ts'
import { type PlaceRollUp, placeRollUps, type RollUpLevel } from '#store/ledger/place-roll-ups.ts'
import type { RankingPeriod } from '#store/ledger/ranking-inputs.ts'
import type { ListContent, RankingList } from '#store/ledger/ranking-lists.ts'
import { allRows } from '#store/ledger/registry-lookups.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'
import { probesShownMin } from './shapes.ts'

/**
 * Firms whose figures on a list speak of fewer than ten measured homes: by themselves, or because whoever also knows
 * the firm's figures in the city and its other districts could tell what these few are by subtraction.
 */
export async function firmsOfFewHomes(
  db: LedgerDb,
  list: RankingPeriod,
  inputs: readonly Pick<FirmInput, 'firm' | 'probes'>[],
): Promise<Set<string>> {
  const few = new Set(inputs.filter(({ probes }) => probes < probesShownMin).map(({ firm }) => firm))
  const probes = await firmProbes(db, list)
  for (const [firm, byDistrict] of Map.groupBy(probes, (row) => row.firm)) {
    // The whole city first, then its districts.
    const measured = [byDistrict.reduce((sum, row) => sum + row.probes, 0), ...byDistrict.map((row) => row.probes)]
    const children = byDistrict.map((_, index) => index + 1)
    const hidden = placesOfFewHomes(measured, [{ parent: 0, children }], probesShownMin)
    const own = byDistrict.findIndex(({ district }) => district === list.territory)
    if (hidden[own + 1] === 1) few.add(firm)
  }
  return few
}

/** Those of them that whoever asks may not see: a firm sees itself, and who may see homes sees its area. */
export async function hiddenFirms(
  db: LedgerDb,
  request: Parameters<See>[0],
  see: See,
  list: RankingList,
  inputs: ListContent['inputs'],
): Promise<ReadonlySet<string>> {
  const { role, scope } = principalOf(request).account
  const seesHomes = can(role, 'dwelling.read')
  if (seesHomes && (await see(request).holdsTerritory(list.territory))) return new Set()
  const few = await firmsOfFewHomes(db, list, inputs)
  if (seesHomes && scope.kind === 'firm') few.delete(scope.id)
  return few
}

/** Levels of places that those may see who may not see homes: what is smaller could be subtracted from what is larger. */
export const levelsForOthers: readonly RollUpLevel[] = [
  ...(['firm', 'estate', 'community', 'subdistrict', 'district', 'city'] as const),
]
/** Every territory node of the largest city. */
const nodesMax = 100_000

/** Rolled-up places without those that speak of fewer than ten measured homes, by themselves or by subtraction. */
export async function placesForOthers(
  db: LedgerDb,
  level: RollUpLevel,
  period: RankingPeriod,
  rows: readonly PlaceRollUp[],
): Promise<PlaceRollUp[]> {
  const measured = ({ sums, days }: PlaceRollUp) => Math.floor(sums.probes / days)
  if (level === 'firm') {
    const inputs = rows.map((row) => ({ firm: row.place, probes: measured(row) }))
    const few = await firmsOfFewHomes(db, period, inputs)
    return rows.filter(({ place }) => !few.has(place))
  }
  const nodes = await allRows(db, 'territory', { limit: nodesMax })
  const numberOf = new Map(nodes.map(({ id }, index) => [id, index]))
  const city = nodes.find(({ kind }) => kind === 'city')?.id ?? period.territory
  const homes = new Float64Array(nodes.length)
  for (const row of await placeRollUps(db, { ...period, level: 'estate', territory: city })) {
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
