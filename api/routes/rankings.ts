import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { rankingMethodSchema } from '#domain/ranking-method.ts'
import { findMethod, rankingMethods } from '#domain/ranking-methods/index.ts'
import { idSchema, instantSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { draftList, findList, openObjections, type RankingList, rankingLists } from '#store/ledger/ranking-lists.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { invalid, ProblemError } from '../problems.ts'
import { listReader } from '../ranking/list-reader.ts'
import type { Ranking } from '../ranking/ranking.ts'
import {
  checkPeriod,
  dateIn,
  listParams,
  listSchema,
  placedFirmSchema,
  placedFirms,
  shownList,
} from '../ranking/shapes.ts'
import { makePage, newestFirstAfter, newestFirstText, pageOf, pageQuery } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

export interface RankingDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
  readonly ranking: Ranking
  readonly options: Pick<ApiOptions, 'policy'>
}

export const rankingRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, deps) => {
  const { ledger, clock, see, ranking } = deps
  const tags = ['ranking']
  const read = { access: 'plant.read' } as const
  const publish = { access: 'ranking.publish' } as const
  type Request = Parameters<See>[0]

  const { mayRead, readList, hiddenFirms } = listReader(deps)

  async function ownList(request: Request, id: string): Promise<RankingList> {
    const list = await findList(ledger.db, id)
    if (!list || !(await see(request).holdsTerritory(list.territory))) throw new ProblemError('not_found')
    return list
  }

  app.get(
    '/ranking-methods',
    {
      // Whoever is ranked, and whoever reads the list, may know how.
      config: { access: 'public' },
      schema: {
        tags,
        summary: 'How points are given: every method and version, each number with its source or marked as ours',
        response: { 200: z.object({ items: z.array(rankingMethodSchema).readonly() }) },
      },
    },
    async () => ({ items: rankingMethods }),
  )

  app.get(
    '/rankings',
    {
      config: read,
      schema: {
        tags,
        summary: 'Lists of firms, the newest first',
        description: 'A page may have fewer rows than asked for; go on while there is `next`.',
        querystring: pageQuery,
        response: { 200: pageOf(listSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const rows = await rankingLists(ledger.db, { onlyFrozen: false, ...newestFirstAfter(cursor) }, limit + 1)
      const page = makePage(rows, limit, (last) => newestFirstText({ at: last.draftedAt, key: last.id }))
      const items: z.infer<typeof listSchema>[] = []
      for (const list of page.items) if (await mayRead(request, list)) items.push(await shownList(ledger.db, list))
      return { ...page, items }
    },
  )

  app.post(
    '/rankings',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Draft a list of a city or a district for some days',
        description:
          'Seals the days that are over and rolls them up. The draft follows the figures until it is published.',
        body: z.strictObject({
          territory: idSchema,
          from: dateIn,
          to: dateIn,
          method: z.string().max(60).default('heilongjiang-200'),
          version: z.number().int().positive().default(1),
        }),
        response: { 201: listSchema },
      },
    },
    async (request, reply) => {
      const { territory, from, to, method: methodId, version } = request.body
      const days = checkPeriod({ from, to }, 'body')
      const node = await currentRow(ledger.db, 'territory', territory)
      const ranked = node?.kind === 'city' || node?.kind === 'district'
      if (!ranked || !(await see(request).holdsTerritory(territory))) throw new ProblemError('not_found')
      const method = findMethod(methodId, version)
      if (!method) throw invalid({ where: 'body/method', reason: 'is no method and version that is here' })
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      await ranking.bringUpToDate({ ...days, now: by.at })
      const list = await ledger.write(async (transaction) => {
        const drafted = await draftList(transaction, { territory, ...days }, method, by)
        const detail = { territory, from: dayText(from), to: dayText(to), method: methodId, version }
        await appendAudit(transaction, {
          ...by,
          action: 'ranking.draft',
          subject: `ranking-list/${drafted.id}`,
          detail,
        })
        return drafted
      })
      return reply.code(201).send(await shownList(ledger.db, list))
    },
  )

  app.get(
    '/rankings/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'A list with its firms in order',
        params: listParams,
        response: { 200: z.object({ list: listSchema, firms: z.array(placedFirmSchema) }) },
      },
    },
    async (request) => {
      const list = await readList(request, request.params.id)
      const { scores, inputs } = await ranking.listContent(list)
      const hidden = await hiddenFirms(request, list, inputs)
      return { list: await shownList(ledger.db, list), firms: await placedFirms(ledger.db, scores, hidden) }
    },
  )

  app.post(
    '/rankings/:id/objection-period',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Open a draft for objections until a time',
        params: listParams,
        body: z.strictObject({ until: instantSchema }),
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const { id } = await ownList(request, request.params.id)
      const { until } = request.body
      const opened = await ledger.write(async (transaction) => {
        if (!(await openObjections(transaction, id, until))) return false
        const by = { actor: principalOf(request).account.id, at: clock.now() }
        const subject = `ranking-list/${id}`
        await appendAudit(transaction, { ...by, action: 'ranking.openObjections', subject, detail: { until } })
        return true
      })
      if (!opened) throw new ProblemError('conflict', 'The list is no draft any more')
      return shownList(ledger.db, await ownList(request, id))
    },
  )

  app.post(
    '/rankings/:id/publication',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Publish a list: freeze its inputs under a digest',
        description: 'Refused before the time for objections is over, and while one is not decided.',
        params: listParams,
        response: { 200: listSchema },
      },
    },
    async (request) => {
      const list = await ownList(request, request.params.id)
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      await ranking.bringUpToDate({ fromDay: list.fromDay, toDay: list.toDay, now: by.at })
      const published = await ranking.publishList({ list, by })
      if (!published.ok) throw new ProblemError('conflict', refusalText[published.reason])
      return shownList(ledger.db, await ownList(request, list.id))
    },
  )
}

const refusalText = {
  notOpenForObjection: 'The list was not opened for objections, or is published already',
  objectionsStillOpen: 'The time for objections is not over',
  objectionsUndecided: 'Objections wait for a decision',
} as const
