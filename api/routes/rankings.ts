import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { can } from '#domain/account.ts'
import { rankingMethodSchema } from '#domain/ranking-method.ts'
import { findMethod, rankingMethods } from '#domain/ranking-methods/index.ts'
import { idSchema, instantSchema } from '#domain/registry.ts'
import { outageIndices } from '#domain/supply-outage.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { homeEvidence } from '#store/ledger/ranking-evidence.ts'
import {
  draftList,
  findList,
  listContent,
  openObjections,
  publishList,
  type RankingList,
  rankingLists,
} from '#store/ledger/ranking-lists.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { attachment, csvContentType, csvText } from '../csv.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import type { RankingDays } from '../ranking/days.ts'
import {
  checkPeriod,
  dateIn,
  firmParams,
  itemSchema,
  listParams,
  listSchema,
  placedFirmSchema,
  placedFirms,
  probesShownMin,
  shownList,
} from '../ranking/shapes.ts'
import { cursorParts, makePage, pageOf, pageQuery } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

/** Enough to see what was wrong; the rest is in the readings of the days and plants that are named. */
const evidenceRowsMax = 100

const evidenceSchema = z.object({
  date: z.string(),
  circuit: z.string(),
  building: z.string(),
  homes: z.number().int(),
  probes: z.number().int(),
  shareAtTarget: z.number(),
  excludedHomeDays: z.number().int(),
})

const outageSchema = z
  .object({
    saidiHours: z.number(),
    saifi: z.number(),
    caidiHours: z.number().optional(),
    interruptions: z.number().int(),
    interruptionsOver8h: z.number().int(),
    interruptionsOver48h: z.number().int(),
  })
  .describe('Of circuits with a plant sensor, by IEEE 1366; absent where the firm has none')

export interface RankingDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
  readonly rankingDays: RankingDays
  readonly options: Pick<ApiOptions, 'policy'>
}

export const rankingRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, deps) => {
  const { ledger, clock, see, options, rankingDays } = deps
  const { policy } = options
  const tags = ['ranking']
  const read = { access: 'plant.read' } as const
  const publish = { access: 'ranking.publish' } as const
  type Request = Parameters<See>[0]

  /** Drafts are for those who make lists; what is open for objections or published, for everybody. */
  async function mayRead(request: Request, list: RankingList): Promise<boolean> {
    if (list.state !== 'draft') return true
    return can(principalOf(request).account.role, 'ranking.publish') && see(request).holdsTerritory(list.territory)
  }

  async function readList(request: Request, id: string): Promise<RankingList> {
    const list = await findList(ledger.db, id)
    if (!list || !(await mayRead(request, list))) throw new ProblemError('not_found')
    return list
  }

  async function ownList(request: Request, id: string): Promise<RankingList> {
    const list = await findList(ledger.db, id)
    if (!list || !(await see(request).holdsTerritory(list.territory))) throw new ProblemError('not_found')
    return list
  }

  app.get(
    '/ranking-methods',
    {
      config: read,
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
      const [at, id] = cursorParts(cursor)
      const before: [number, string] | undefined = at === undefined ? undefined : [at, id]
      const rows = await rankingLists(ledger.db, { onlyFrozen: false, ...(before && { before }) }, limit + 1)
      const page = makePage(rows, limit, (last) => `${last.draftedAt},${last.id}`)
      const items: z.infer<typeof listSchema>[] = []
      for (const list of page.items) if (await mayRead(request, list)) items.push(shownList(list))
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
      const days = checkPeriod({ from, to })
      const node = await currentRow(ledger.db, 'territory', territory)
      const ranked = node?.kind === 'city' || node?.kind === 'district'
      if (!ranked || !(await see(request).holdsTerritory(territory))) throw new ProblemError('not_found')
      const method = findMethod(methodId, version)
      if (!method) {
        const errors = [{ where: 'body/method', reason: 'is no method and version that is here' }]
        throw new ProblemError('validation', undefined, { errors })
      }
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      await rankingDays.bringUpToDate({ ...days, now: by.at })
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
      return reply.code(201).send(shownList(list))
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
      const { scores } = await listContent(ledger.db, policy, list)
      return { list: shownList(list), firms: await placedFirms(ledger.db, scores) }
    },
  )

  app.get(
    '/rankings/:id/csv',
    {
      config: read,
      schema: {
        tags,
        summary: 'A list as CSV, safe to open in a spreadsheet',
        params: listParams,
        response: { 200: { content: { 'text/csv': { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      const list = await readList(request, request.params.id)
      const { scores } = await listContent(ledger.db, policy, list)
      const firms = await placedFirms(ledger.db, scores)
      async function* rows() {
        yield firms.map((firm) => [
          firm.rank,
          firm.firm,
          firm.name,
          firm.standing,
          firm.score,
          firm.assessedPoints,
          firm.totalPoints,
          firm.scaled,
          firm.interval?.[0],
          firm.interval?.[1],
          firm.provisional.join(' '),
          Math.round(firm.excludedShare * 10_000) / 10_000,
        ])
      }
      const columns = ['rank', 'firm', 'name', 'standing', 'score', 'assessed_points', 'total_points', 'scaled']
      columns.push('interval_low', 'interval_high', 'provisional', 'excluded_share')
      reply.type(csvContentType).headers(attachment(`ranking-${list.id}.csv`))
      // Typed as text for the description of the api; it is sent as it is made.
      return Readable.from(csvText(columns, rows())) as unknown as string
    },
  )

  app.get(
    '/rankings/:id/firms/:firm',
    {
      config: read,
      schema: {
        tags,
        summary: "One firm's points unfolded to items, with the days, circuits and buildings that cost most",
        description:
          'Without the right to see homes, and outside of your area, buildings and firms with fewer than ten probes stay folded.',
        params: firmParams,
        response: {
          200: z.object({
            firm: placedFirmSchema,
            items: z.array(itemSchema).readonly(),
            days: z.number().int(),
            probes: z.number().int(),
            connectedHomes: z.number().int(),
            heatedAreaM2: z.number(),
            outage: outageSchema.optional(),
            evidence: z.array(evidenceSchema),
          }),
        },
      },
    },
    async (request) => {
      const list = await readList(request, request.params.id)
      const { firm } = request.params
      const { scores, inputs } = await listContent(ledger.db, policy, list)
      const score = scores.find((one) => one.firm === firm)
      const input = inputs.find((one) => one.firm === firm)
      const [placed] = await placedFirms(ledger.db, score ? [score] : [])
      if (!score || !input || !placed) throw new ProblemError('not_found')
      const { account } = principalOf(request)
      const isOwn = account.scope.kind === 'firm' && account.scope.id === firm
      const seesHomes =
        can(account.role, 'dwelling.read') && (isOwn || (await see(request).holdsTerritory(list.territory)))
      const { places } = await homeEvidence(ledger.db, firm, list, {
        measure: 'shareAtTarget',
        probesMin: seesHomes ? 0 : probesShownMin,
        limit: evidenceRowsMax,
      })
      const items = seesHomes || input.probes >= probesShownMin ? score.items : []
      const { days, probes, connectedHomes, heatedAreaM2 } = input
      const indices = input.outage && outageIndices(input.outage)
      const outage = indices && { ...input.outage, ...indices }
      const evidence = places.map(({ day, ...row }) => ({ date: dayText(day), ...row }))
      return {
        firm: placed,
        items,
        days,
        probes,
        connectedHomes,
        heatedAreaM2,
        evidence,
        ...(outage && { outage }),
      }
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
      return shownList(await ownList(request, id))
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
      await rankingDays.bringUpToDate({ fromDay: list.fromDay, toDay: list.toDay, now: by.at })
      const published = await publishList(ledger, policy, list, by)
      if (!published.ok) throw new ProblemError('conflict', refusalText[published.reason])
      return shownList(await ownList(request, list.id))
    },
  )
}

const refusalText = {
  notOpenForObjection: 'The list was not opened for objections, or is published already',
  objectionsStillOpen: 'The time for objections is not over',
  objectionsUndecided: 'Objections wait for a decision',
} as const
