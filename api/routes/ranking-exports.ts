import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type Compared, type ComparedList, comparedLists } from '#store/ledger/ranking-comparison.ts'
import { frozenList, type RankingList } from '#store/ledger/ranking-lists.ts'
import { listRecord } from '#store/ledger/ranking-record.ts'
import { attachment, csvResponse, sendCsv } from '../csv.ts'
import { ProblemError } from '../problems.ts'
import { listReader } from '../ranking/list-reader.ts'
import {
  fileName,
  itemSchema,
  listParams,
  listSchema,
  placedFirmSchema,
  placedFirms,
  recordSchema,
  shownItems,
  shownList,
} from '../ranking/shapes.ts'
import type { See } from '../scope/see.ts'
import { xlsxContentType, xlsxFile } from '../xlsx.ts'
import type { RankingDeps } from './rankings.ts'

const standingBefore = z
  .object({
    rank: z.number().int().optional(),
    standing: placedFirmSchema.shape.standing,
    scaled: z.number().optional(),
    scaledChange: z.number().optional().describe('Now minus then'),
    rankChange: z.number().int().optional().describe('Places gained'),
  })
  .describe('Absent where the firm was not on that list')

const comparisonSchema = z
  .object({
    lastBatch: listSchema.optional().describe('The newest published list of the territory that had ended before'),
    lastSeason: listSchema.optional().describe('The published list for the same days of the season before'),
    firms: z.array(
      z.object({
        firm: z.string(),
        name: z.string().optional(),
        nameEn: z.string().optional(),
        lastBatch: standingBefore.optional(),
        lastSeason: standingBefore.optional(),
      }),
    ),
  })
  .meta({ id: 'RankingComparison' })

type PlacedFirm = z.infer<typeof placedFirmSchema>

/** Lists as files, and beside earlier ones. */
export const rankingExportRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, deps) => {
  const { ledger, options, ranking } = deps
  const { readList, hiddenFirms } = listReader(deps)
  const tags = ['ranking']
  const read = { access: 'plant.read' } as const

  /** An earlier list without what speaks of few homes. */
  async function asSeen(request: Parameters<See>[0], earlier: ComparedList): Promise<ComparedList> {
    const hidden = await hiddenFirms(request, earlier.list, earlier.inputs)
    const scores = [...earlier.scores.values()].map(({ scaled, ...score }) => ({
      ...score,
      ...(scaled !== undefined && !hidden.has(score.firm) && { scaled }),
    }))
    return { ...earlier, scores: new Map(scores.map((score) => [score.firm, score])) }
  }

  async function table(request: Parameters<See>[0], list: RankingList) {
    const content = await ranking.listContent(list)
    const hidden = await hiddenFirms(request, list, content.inputs)
    const firms = await placedFirms(ledger.db, content.scores, hidden)
    const known = await comparedLists(ledger.db, options.policy, list)
    const compared: Compared = {
      ...(known.lastBatch && { lastBatch: await asSeen(request, known.lastBatch) }),
      ...(known.lastSeason && { lastSeason: await asSeen(request, known.lastSeason) }),
    }
    return { content, hidden, firms, compared, rows: firms.map((firm) => cellsOf(firm, compared)) }
  }
  app.get(
    '/rankings/:id/csv',
    {
      config: read,
      schema: {
        tags,
        summary: 'A list as CSV, safe to open in a spreadsheet',
        params: listParams,
        response: csvResponse,
      },
    },
    async (request, reply) => {
      const list = await readList(request, request.params.id)
      const { rows } = await table(request, list)
      async function* all() {
        yield rows
      }
      return sendCsv(reply, `${fileName(list)}.csv`, columns, all())
    },
  )

  app.get(
    '/rankings/:id/xlsx',
    {
      config: read,
      schema: {
        tags,
        summary: 'A list as a workbook; no cell is a formula',
        params: listParams,
        response: { 200: { content: { [xlsxContentType]: { schema: z.any().describe('A file') } } } },
      },
    },
    async (request, reply) => {
      const list = await readList(request, request.params.id)
      const { rows } = await table(request, list)
      const { territoryName = list.territory } = await shownList(ledger.db, list)
      reply.type(xlsxContentType).headers(attachment(`${fileName(list)}.xlsx`))
      return xlsxFile(sheetName(territoryName), columns, rows)
    },
  )

  app.get(
    '/rankings/:id/json',
    {
      config: read,
      schema: {
        tags,
        summary: 'A list as one JSON file: firms with their items, and how they stood before',
        description: 'Items of firms with fewer than ten probes stay folded.',
        params: listParams,
        response: {
          200: z.object({
            list: listSchema,
            firms: z.array(placedFirmSchema.extend({ items: z.array(itemSchema) })),
            comparison: comparisonSchema,
          }),
        },
      },
    },
    async (request, reply) => {
      const list = await readList(request, request.params.id)
      const { content, hidden, firms, compared } = await table(request, list)
      const shown = firms.map((firm) => {
        const items = content.scores.find((score) => score.firm === firm.firm)?.items ?? []
        return { ...firm, items: hidden.has(firm.firm) ? [] : shownItems(content.method, items) }
      })
      reply.headers(attachment(`${fileName(list)}.json`))
      return {
        list: await shownList(ledger.db, list),
        firms: shown,
        comparison: await shownComparison(firms, compared),
      }
    },
  )

  app.get(
    '/rankings/:id/record',
    {
      config: read,
      schema: { tags, ...recordSchema },
    },
    async (request, reply) => {
      const list = await readList(request, request.params.id)
      if (list.state !== 'frozen') throw new ProblemError('conflict', 'Only a published list has a record')
      const { frozen, scores } = await frozenList(ledger.db, list.id)
      reply.headers(attachment(`${fileName(list)}-record.json`))
      return listRecord(frozen, scores, await hiddenFirms(request, list, frozen.inputs))
    },
  )

  app.get(
    '/rankings/:id/comparison',
    {
      config: read,
      schema: {
        tags,
        summary: 'How the firms of a list stood in the last batch and in the last season',
        params: listParams,
        response: { 200: comparisonSchema },
      },
    },
    async (request) => {
      const { firms, compared } = await table(request, await readList(request, request.params.id))
      return shownComparison(firms, compared)
    },
  )

  async function shownComparison(firms: readonly PlacedFirm[], { lastBatch, lastSeason }: Compared) {
    return {
      ...(lastBatch && { lastBatch: await shownList(ledger.db, lastBatch.list) }),
      ...(lastSeason && { lastSeason: await shownList(ledger.db, lastSeason.list) }),
      firms: firms.map((now) => {
        const [batch, season] = [standingThen(now, lastBatch), standingThen(now, lastSeason)]
        const { firm, name, nameEn } = now
        return {
          firm,
          ...(name !== undefined && { name }),
          ...(nameEn !== undefined && { nameEn }),
          ...(batch && { lastBatch: batch }),
          ...(season && { lastSeason: season }),
        }
      }),
    }
  }
}

function standingThen(now: PlacedFirm, compared: ComparedList | undefined) {
  const then = compared?.scores.get(now.firm)
  if (!then) return undefined
  const { rank, standing, scaled } = then
  return {
    standing,
    ...(rank !== undefined && { rank }),
    ...(scaled !== undefined && { scaled }),
    ...(scaled !== undefined && now.scaled !== undefined && { scaledChange: hundredth(now.scaled - scaled) }),
    ...(rank !== undefined && now.rank !== undefined && { rankChange: rank - now.rank }),
  }
}

const hundredth = (value: number) => Math.round(value * 100) / 100

const columns = [
  ...['rank', 'firm', 'name', 'name_en', 'standing', 'score', 'assessed_points', 'total_points', 'assessed_share'],
  ...['scaled', 'interval_low', 'interval_high', 'provisional', 'excluded_share', 'vetoes'],
  ...['last_batch_rank', 'last_batch_scaled', 'last_batch_standing'],
  ...['last_season_rank', 'last_season_scaled', 'last_season_standing'],
]

function cellsOf(firm: PlacedFirm, { lastBatch, lastSeason }: Compared): (string | number | undefined)[] {
  const [batch, season] = [lastBatch?.scores.get(firm.firm), lastSeason?.scores.get(firm.firm)]
  const share = (value: number) => Math.round(value * 10_000) / 10_000
  const vetoes = firm.vetoes.filter(({ state, document }) => state === 'proven' && document !== undefined)
  return [
    ...[firm.rank, firm.firm, firm.name, firm.nameEn, firm.standing, firm.score, firm.assessedPoints],
    ...[firm.totalPoints, share(firm.assessedShare), firm.scaled, firm.interval?.[0], firm.interval?.[1]],
    ...[
      firm.provisional.join(' '),
      firm.excludedShare === undefined ? undefined : share(firm.excludedShare),
      vetoes.map(({ kind }) => kind).join(' '),
    ],
    ...[batch?.rank, batch?.scaled, batch?.standing, season?.rank, season?.scaled, season?.standing],
  ]
}

/** A sheet's name has 31 characters at most, and none of these. */
const sheetName = (name: string) => name.replaceAll(/[\\/*?:[\]]/g, ' ').slice(0, 31) || 'ranking'
