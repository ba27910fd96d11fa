import type { Whereabouts } from '#domain/account.ts'
import type { RollUpPlace } from '#domain/live-roll-up.ts'
import type { RegistryRow, RegistryTable } from '#domain/registry.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { allRows, keyOf } from '#store/ledger/registry-lookups.ts'

/** A place of the overview, and where it is, for deciding who sees it. */
export interface OverviewPlace extends RollUpPlace {
  readonly where: Whereabouts
}

/** Plants change hands by date as well as by import. */
const keptMs = 10 * 60_000
const rowsPerPage = 2_000

/** Every place above the buildings, as the registry has it at a time; from memory where nothing changed since. */
export function makeOverviewPlaces(db: LedgerDb): (at: number) => Promise<readonly OverviewPlace[]> {
  let kept: { version: number; at: number; places: Promise<readonly OverviewPlace[]> } | undefined
  return async (at) => {
    const version = await registryVersion(db)
    if (kept?.version === version && Math.abs(at - kept.at) < keptMs) return kept.places
    const places = loadPlaces(db, at)
    kept = { version, at, places }
    places.catch(() => {
      kept = undefined
    })
    return places
  }
}

async function everyRow<T extends RegistryTable>(db: LedgerDb, table: T, at: number): Promise<RegistryRow<T>[]> {
  const rows: RegistryRow<T>[] = []
  for (;;) {
    const last = rows.at(-1)
    const page = await allRows(db, table, { limit: rowsPerPage, ...(last && { after: keyOf(table, last) }) }, { at })
    rows.push(...page)
    if (page.length < rowsPerPage) return rows
  }
}

async function loadPlaces(db: LedgerDb, at: number): Promise<OverviewPlace[]> {
  const territory = new Map((await everyRow(db, 'territory', at)).map((node) => [node.id, node]))
  const firms = await everyRow(db, 'firm', at)
  const sources = await everyRow(db, 'source', at)
  const substations = new Map((await everyRow(db, 'substation', at)).map((one) => [one.id, one]))
  const circuits = await everyRow(db, 'circuit', at)
  const operators = new Map<string, string>()
  for (const row of await everyRow(db, 'plant_period', at)) operators.set(`${row.plant_kind}/${row.plant}`, row.firm)
  const feeding = new Map<string, string>()
  for (const { substation, source } of await everyRow(db, 'substation_source', at)) {
    const first = feeding.get(substation)
    if (first === undefined || source < first) feeding.set(substation, source)
  }

  function pathOf(node: string | undefined): string[] {
    const path: string[] = []
    for (let next = node; next !== undefined && !path.includes(next); next = territory.get(next)?.parent) {
      path.unshift(next)
    }
    return path
  }
  const districtIn = (path: readonly string[]) => path.find((node) => territory.get(node)?.kind === 'district')

  type Named = { readonly id: string; readonly name: string; readonly name_en?: string | undefined }
  type Belongs = Pick<RollUpPlace, 'source' | 'substation'>
  const named = ({ id, name, name_en }: Named) => ({ id, name, ...(name_en !== undefined && { nameEn: name_en }) })
  function plant(
    level: 'source' | 'substation' | 'circuit',
    row: Named,
    node: string | undefined,
    belongs: Belongs = {},
  ) {
    const path = pathOf(node)
    const district = districtIn(path)
    const above = level === 'circuit' ? operators.get(`substation/${belongs.substation}`) : undefined
    const firm = operators.get(`${level}/${row.id}`) ?? above
    return {
      level,
      ...named(row),
      ...(district !== undefined && { district }),
      ...(firm !== undefined && { firm }),
      ...belongs,
      where: { territory: path, ...(firm !== undefined && { firm }) },
    }
  }
  const fedBy = (substation: string): Belongs => {
    const source = feeding.get(substation)
    return source === undefined ? {} : { source }
  }
  const nodes = (kind: 'city' | 'district') =>
    [...territory.values()]
      .filter((node) => node.kind === kind)
      .map((node) => ({ level: kind, ...named(node), where: { territory: pathOf(node.id) } }))
  return [
    ...nodes('city'),
    ...nodes('district'),
    ...firms.map((firm) => ({ level: 'firm' as const, ...named(firm), where: { territory: [], firm: firm.id } })),
    ...sources.map((source) => plant('source', source, source.district)),
    ...[...substations.values()].map((one) => plant('substation', one, one.territory, fedBy(one.id))),
    ...circuits.map((circuit) =>
      plant('circuit', circuit, substations.get(circuit.substation)?.territory, {
        substation: circuit.substation,
        ...fedBy(circuit.substation),
      }),
    ),
  ]
}
