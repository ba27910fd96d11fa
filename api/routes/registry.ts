import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Permission } from '#domain/account.ts'
import { idSchema, territoryKinds } from '#domain/registry.ts'
import { registryVersion } from '#store/ledger/registry-batches.ts'
import { currentRow, type DatedTable, entriesOf, listRows, type ThingTable } from '#store/ledger/registry-lookups.ts'
import {
  dwellingWhereabouts,
  gatewayWhereabouts,
  type NamedWhereabouts,
  plantWhereabouts,
  territoryPath,
} from '#store/ledger/registry-places.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { type AnsweredRow, answeredRowSchemas } from '../registry/row-schemas.ts'
import { idParams, makePage, namedWhereaboutsSchema, pageOf, pageQuery, shownWhereabouts } from '../schemas.ts'
import { filteredPage } from '../scope/filtered-page.ts'
import type { See } from '../scope/see.ts'
import type { Visibility } from '../scope/visibility.ts'

interface RegistryDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

interface ThingRoutes {
  /** What the things are called in the summary. */
  readonly plural: string
  readonly access: Permission
  /** What `parent` names; absent where nothing stands above. */
  readonly parent?: string
  /** True where things lie in the territory. */
  readonly located: boolean
  /** Dated tables that tell about one thing, with the subject's columns before its id. */
  readonly entries: readonly DatedTable[]
}

const things: { readonly [T in ThingTable]: ThingRoutes } = {
  territory: { plural: 'Territory nodes', access: 'plant.read', parent: 'territory', located: true, entries: [] },
  firm: { plural: 'Firms', access: 'plant.read', located: false, entries: [] },
  source: {
    plural: 'Heat sources',
    access: 'plant.read',
    parent: 'district',
    located: true,
    entries: ['plant_period'],
  },
  substation: {
    plural: 'Substations',
    access: 'plant.read',
    parent: 'territory',
    located: true,
    entries: ['plant_period'],
  },
  circuit: {
    plural: 'Circuits',
    access: 'plant.read',
    parent: 'substation',
    located: true,
    entries: ['plant_period'],
  },
  building: { plural: 'Buildings', access: 'plant.read', parent: 'estate', located: true, entries: [] },
  entrance: { plural: 'Entrances', access: 'plant.read', parent: 'building', located: true, entries: [] },
  riser: { plural: 'Risers', access: 'plant.read', parent: 'entrance', located: true, entries: [] },
  dwelling: {
    plural: 'Homes',
    access: 'dwelling.read',
    parent: 'entrance',
    located: true,
    entries: ['dwelling_period'],
  },
  gateway: { plural: 'Gateways', access: 'gateway.read', parent: 'territory', located: true, entries: [] },
  device: { plural: 'Devices', access: 'gateway.read', located: false, entries: ['device_period'] },
  payload_mapping: { plural: 'Mappings of payloads', access: 'gateway.read', located: false, entries: [] },
}

type App = Parameters<typeof registryRoutes>[0]

/** Entries about one thing; a plant changes hands a few times in its life, a probe its place. */
const entriesShownMax = 200

export const registryRoutes: FastifyPluginAsyncZod<RegistryDeps> = async (app, deps) => {
  app.get(
    '/registry',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['registry'],
        summary: 'Version of the registry',
        response: { 200: z.object({ version: z.number().int() }) },
      },
    },
    async () => ({ version: await registryVersion(deps.ledger.db) }),
  )
  for (const table of Object.keys(things) as ThingTable[]) registerThing(app, deps, table)
}

function registerThing(app: App, deps: RegistryDeps, table: ThingTable): void {
  const { plural, access, parent, located, entries } = things[table]
  const config = { access } as const
  const tags = ['registry']
  const row = answeredRowSchemas[table]

  app.get(
    `/registry/${table}`,
    {
      config,
      schema: {
        tags,
        summary: plural,
        description: 'A page may have fewer rows than asked for; go on while there is `next`.',
        querystring: pageQuery.extend({
          search: z.string().trim().min(1).max(60).optional().describe('Part of a name, or the beginning of an id'),
          ...(parent !== undefined && { parent: idSchema.optional().describe(`Only of this ${parent}`) }),
          ...(table === 'territory' && { kind: z.enum(territoryKinds).optional() }),
          ...(located && { territory: idSchema.optional().describe('Only in this territory node or below it') }),
        }),
        response: { 200: pageOf(row) },
      },
    },
    async (request) => {
      const query = request.query as z.infer<typeof pageQuery> & {
        search?: string
        parent?: string
        territory?: string
        kind?: string
      }
      return listThings(deps, deps.see(request), table, query)
    },
  )

  app.get(
    `/registry/${table}/:id`,
    {
      config,
      schema: {
        tags,
        summary: `${plural}: one`,
        params: idParams,
        response: {
          200: z.object({
            row,
            ...(located && {
              where: namedWhereaboutsSchema.optional().describe('Where it is, and who operates what feeds it'),
            }),
            ...Object.fromEntries(entries.map((name) => [name, z.array(answeredRowSchemas[name])])),
          }),
        },
      },
    },
    async (request) => {
      const { id } = request.params
      const see = deps.see(request)
      const found = await currentRow(deps.ledger.db, table, id)
      if (!found || !(await see.seesThing(table, id))) throw new ProblemError('not_found')
      const where = located ? await whereIs(deps, table, id) : undefined
      const about = await Promise.all(
        entries.map(async (name) => [name, await entriesAbout(deps, see, name, table, id)]),
      )
      return { row: found as AnsweredRow, ...(where && { where }), ...Object.fromEntries(about) }
    },
  )
}

async function listThings(
  { ledger }: RegistryDeps,
  see: Visibility,
  table: ThingTable,
  query: z.infer<typeof pageQuery> & { search?: string; parent?: string; territory?: string; kind?: string },
) {
  const { limit, cursor, search, parent, kind } = query
  const territory = await territoryWithin(see, table, query.territory)
  if (territory === null) return { items: [] }
  const filter = {
    ...(search !== undefined && { search }),
    ...(parent !== undefined && { parent }),
    ...(territory !== undefined && { territory }),
    ...(kind !== undefined && { kind }),
  }
  const read = (after: string | undefined, rows: number) =>
    listRows(ledger.db, table, filter, { limit: rows, ...(after !== undefined && { after: [after] }) })
  const decided = see.account.scope.kind === 'city' || (see.account.scope.kind === 'territory' && things[table].located)
  const page = decided
    ? makePage(await read(cursor, limit + 1), limit, (last) => last.id)
    : await filteredPage(
        cursor,
        limit,
        read,
        ({ id }) => id,
        ({ id }) => see.seesThing(table, id),
      )
  return { ...page, items: page.items as unknown as AnsweredRow[] }
}

/** The territory to look in: what was asked for, cut to the scope; null where the two have nothing in common. */
async function territoryWithin(
  see: Visibility,
  table: ThingTable,
  wanted: string | undefined,
): Promise<string | undefined | null> {
  const { scope } = see.account
  if (scope.kind !== 'territory' || !things[table].located) return wanted
  if (wanted === undefined) return scope.id
  if (await see.holdsTerritory(wanted)) return wanted
  return (await see.seesThing('territory', wanted)) ? scope.id : null
}

async function entriesAbout(deps: RegistryDeps, see: Visibility, name: DatedTable, table: ThingTable, id: string) {
  const subject = name === 'plant_period' ? [table, id] : [id]
  const found = await entriesOf(deps.ledger.db, name, subject, { limit: entriesShownMax })
  if (name !== 'device_period') return found
  // A probe that was moved here may have stood in a home that is none of this account's business.
  const seen = await Promise.all(found.map((entry) => 'place' in entry && see.seesPlace(entry.place_kind, entry.place)))
  return found.filter((_entry, index) => seen[index])
}

async function whereIs({ ledger, clock }: RegistryDeps, table: ThingTable, id: string) {
  const named = await whereaboutsOf(ledger.db, table, id, clock.now())
  return named && shownWhereabouts(named)
}

async function whereaboutsOf(
  db: RegistryDeps['ledger']['db'],
  table: ThingTable,
  id: string,
  at: number,
): Promise<NamedWhereabouts | undefined> {
  if (table === 'source' || table === 'substation' || table === 'circuit') return plantWhereabouts(db, table, id, at)
  if (table === 'dwelling') return dwellingWhereabouts(db, id, at)
  if (table === 'gateway') return gatewayWhereabouts(db, id)
  const node = await nodeOf(db, table, id)
  if (node === undefined) return undefined
  const path = await territoryPath(db, node)
  return { territory: path.map((step) => step.id), territoryNames: path.map((step) => step.name) }
}

/** The territory node that a thing hangs on in the end. */
async function nodeOf(db: RegistryDeps['ledger']['db'], table: ThingTable, id: string): Promise<string | undefined> {
  if (table === 'territory') return id
  if (table === 'building') return (await currentRow(db, 'building', id))?.estate
  if (table === 'entrance') {
    const entrance = await currentRow(db, 'entrance', id)
    return entrance && nodeOf(db, 'building', entrance.building)
  }
  const riser = await currentRow(db, 'riser', id)
  return riser && nodeOf(db, 'entrance', riser.entrance)
}
