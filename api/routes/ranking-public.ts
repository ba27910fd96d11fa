import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  findList,
  frozenList,
  listsOpenToObjections,
  type RankingList,
  rankingLists,
} from '#store/ledger/ranking-lists.ts'
import { listRecord } from '#store/ledger/ranking-record.ts'
import { sealsLogged } from '#store/ledger/ranking-seals.ts'
import { buildingSuppliers } from '#store/ledger/ranking-suppliers.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { attachment } from '../csv.ts'
import { ProblemError } from '../problems.ts'
import { publishedListReader } from '../ranking/published.ts'
import {
  fileName,
  listParams,
  listSchema,
  placedFirmSchema,
  placedFirms,
  recordSchema,
  shownList,
} from '../ranking/shapes.ts'
import {
  idParams,
  instantOut,
  makePage,
  newestFirstAfter,
  newestFirstText,
  numberCursor,
  pageOf,
  pageQuery,
} from '../schemas.ts'
import type { RankingDeps } from './rankings.ts'

const publicListSchema = listSchema.omit({ draftedBy: true, publishedBy: true }).meta({ id: 'PublicRankingList' })

const objectionPeriodSchema = listSchema
  .pick({ id: true, territory: true, territoryName: true, territoryNameEn: true, from: true, to: true })
  .extend({ until: instantOut })
  .meta({ id: 'ObjectionPeriod' })
/** A list of the city and one of each district, twice over. */
const objectionPeriodsMax = 50

const sealSchema = z
  .object({
    date: z.string(),
    sealedAt: instantOut,
    root: z.string(),
    leaves: z.number().int(),
    changesRoot: z.string().describe('Over what late readings changed since the seal before'),
    changesUpTo: z.number().int(),
    entry: z.number().int().describe('Number in the audit log'),
    entryHash: z.string(),
  })
  .meta({ id: 'RankingSeal' })

interface PublicDeps extends RankingDeps {
  readonly wallClock: () => number
}

/** What anybody may know: published lists, and whom to call. Nothing here is about a home. */
export const rankingPublicRoutes: FastifyPluginAsyncZod<PublicDeps> = async (app, deps) => {
  const { ledger, clock, ranking, wallClock } = deps
  const readPublished = publishedListReader(ranking, wallClock)
  const tags = ['public']
  const config = { access: 'public' } as const
  const shown = async (list: RankingList): Promise<z.infer<typeof publicListSchema>> => {
    const { draftedBy: _drafted, publishedBy: _published, ...open } = await shownList(ledger.db, list)
    return open
  }

  async function publishedList(id: string): Promise<RankingList> {
    const list = await findList(ledger.db, id)
    if (list?.state !== 'frozen') throw new ProblemError('not_found')
    return list
  }

  app.get(
    '/public/rankings',
    {
      config,
      schema: {
        tags,
        summary: 'Published lists of heating firms, the newest first',
        querystring: pageQuery,
        response: { 200: pageOf(publicListSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const rows = await rankingLists(ledger.db, { onlyFrozen: true, ...newestFirstAfter(cursor) }, limit + 1)
      const page = makePage(rows, limit, (last) => newestFirstText({ at: last.draftedAt, key: last.id }))
      return { ...page, items: await Promise.all(page.items.map(shown)) }
    },
  )

  app.get(
    '/public/rankings/:id',
    {
      config,
      schema: {
        tags,
        summary: 'A published list with its firms in order',
        params: listParams,
        response: { 200: z.object({ list: publicListSchema, firms: z.array(placedFirmSchema) }) },
      },
    },
    async (request) => {
      const list = await publishedList(request.params.id)
      const { scores, hidden } = await readPublished(list)
      return { list: await shown(list), firms: await placedFirms(ledger.db, scores, hidden) }
    },
  )

  app.get(
    '/public/rankings/:id/record',
    {
      config,
      schema: { tags, ...recordSchema },
    },
    async (request, reply) => {
      const list = await publishedList(request.params.id)
      const { hidden } = await readPublished(list)
      reply.headers(attachment(`${fileName(list)}-record.json`))
      const { frozen, scores } = await frozenList(ledger.db, list.id)
      return listRecord(frozen, scores, hidden)
    },
  )

  app.get(
    '/public/objection-periods',
    {
      config,
      schema: {
        tags,
        summary: 'Lists that residents may object to now, without what is in them: that is published later',
        response: { 200: z.object({ items: z.array(objectionPeriodSchema) }) },
      },
    },
    async () => {
      const lists = await listsOpenToObjections(ledger.db, clock.now(), objectionPeriodsMax)
      const items = await Promise.all(
        lists.map(async (list) => {
          const { id, territory, territoryName, territoryNameEn, from, to } = await shownList(ledger.db, list)
          const until = list.objectionsUntil ?? 0
          return { id, territory, territoryName, territoryNameEn, from, to, until }
        }),
      )
      return { items }
    },
  )

  app.get(
    '/public/ranking-seals',
    {
      config,
      schema: {
        tags,
        summary: 'Seals of days, the newest first: keep them, and nobody can rewrite or cut the history unseen',
        description:
          'A seal is the Merkle root over a day of all homes and over what came late since the seal before. It is an entry of the audit log, each of which has the hash of the one before.',
        querystring: pageQuery,
        response: { 200: pageOf(sealSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const before = numberCursor(cursor, Number.MAX_SAFE_INTEGER)
      return makePage(await sealsLogged(ledger.db, before, limit + 1), limit, (last) => String(last.entry))
    },
  )

  app.get(
    '/public/buildings/:id/heating',
    {
      config,
      schema: {
        tags,
        summary: 'Who heats a building, and whom to call',
        params: idParams,
        response: {
          200: z.object({
            building: z.string(),
            name: z.string(),
            firms: z.array(z.object({ firm: z.string(), name: z.string(), phone: z.string().optional() })),
          }),
        },
      },
    },
    async (request) => {
      const building = await currentRow(ledger.db, 'building', request.params.id)
      if (!building) throw new ProblemError('not_found')
      const firms: { firm: string; name: string; phone?: string }[] = []
      for (const id of await buildingSuppliers(ledger.db, building.id, clock.now())) {
        const firm = await currentRow(ledger.db, 'firm', id)
        if (firm) firms.push({ firm: id, name: firm.name, ...(firm.phone !== undefined && { phone: firm.phone }) })
      }
      return { building: building.id, name: building.name, firms }
    },
  )
}
