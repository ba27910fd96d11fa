import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { can } from '#domain/account.ts'
import type { FirmScore } from '#domain/ranking.ts'
import { outageIndices } from '#domain/supply-outage.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { type HomeMeasure, homeEvidence } from '#store/ledger/ranking-evidence.ts'
import { rankingFigures } from '#store/ledger/ranking-figures.ts'
import { districtsOf } from '#store/ledger/ranking-inputs.ts'
import type { ListContent, RankingList } from '#store/ledger/ranking-lists.ts'
import { interruptionsOfFirm, shutAtEdges } from '#store/ledger/ranking-supply.ts'
import { ProblemError } from '../problems.ts'
import { listReader } from '../ranking/list-reader.ts'
import {
  firmParams,
  itemSchema,
  listSchema,
  placedFirmSchema,
  placedFirms,
  probesShownMin,
  shownItems,
  shownList,
} from '../ranking/shapes.ts'
import { instantOut } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'
import type { RankingDeps } from './rankings.ts'

/** Enough to see what was wrong; the rest is in the readings of the days and plants that are named. */
const evidenceRowsMax = 100

const dayFigures = {
  date: z.string(),
  homes: z.number().int(),
  probes: z.number().int(),
  shareAtTarget: z.number(),
  depthK: z.number(),
  coveredShare: z.number(),
  excludedHomeDays: z.number().int(),
}
const placeEvidenceSchema = z.object({ ...dayFigures, circuit: z.string(), building: z.string() })

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

const evidenceSchema = z
  .object({
    days: z.array(z.object(dayFigures)).optional().describe('The ten days that cost most, the worst first'),
    places: z.array(placeEvidenceSchema).optional().describe('Circuits and buildings on those days, the worst first'),
    interruptions: z
      .array(z.object({ circuit: z.string(), homes: z.number().int(), beganAt: instantOut, endedAt: instantOut }))
      .optional()
      .describe('Times without flow or useful supply temperature, those that cost most dwelling-hours first'),
    circuits: z
      .array(
        z.object({
          circuit: z.string(),
          homes: z.number().int(),
          heatedAreaM2: z.number(),
          hours: z.number().int(),
          openHours: z.number().int(),
        }),
      )
      .optional()
      .describe("Circuits that were late or stopped early in the season's first and last days"),
    figures: z
      .array(z.object({ value: z.number(), evidence: z.string(), enteredBy: z.string(), enteredAt: instantOut }))
      .optional()
      .describe('What was imported, with where it is from'),
  })
  .meta({ id: 'RankingEvidence' })

/** One firm of a list, unfolded: items, and what is behind each. */
export const rankingFirmRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, deps) => {
  const { ledger, see, options, ranking } = deps
  const { policy } = options
  const { readList, hiddenFirms } = listReader(deps)
  const tags = ['ranking']
  const read = { access: 'plant.read' } as const
  const withinPage =
    'Without the right to see homes, and outside of your area, buildings and firms with fewer than ten probes stay folded.'

  interface FirmOfList {
    readonly list: RankingList
    readonly content: ListContent
    readonly score: FirmScore
    readonly input: ListContent['inputs'][number]
    /** Figures of fewer probes are not for whoever asks. */
    readonly probesMin: number
    /** Nor those of the firm as a whole. */
    readonly hidden: ReadonlySet<string>
  }

  async function firmOfList(request: Parameters<See>[0], id: string, firm: string): Promise<FirmOfList> {
    const list = await readList(request, id)
    const content = await ranking.listContent(list)
    const score = content.scores.find((one) => one.firm === firm)
    const input = content.inputs.find((one) => one.firm === firm)
    if (!score || !input) throw new ProblemError('not_found')
    const { account } = principalOf(request)
    const isOwn = account.scope.kind === 'firm' && account.scope.id === firm
    const seesHomes =
      can(account.role, 'dwelling.read') && (isOwn || (await see(request).holdsTerritory(list.territory)))
    const hidden = await hiddenFirms(request, list, content.inputs)
    return { list, content, score, input, hidden, probesMin: seesHomes ? 0 : probesShownMin }
  }

  async function homes({ list, probesMin }: FirmOfList, firm: string, measure: HomeMeasure) {
    const found = await homeEvidence(ledger.db, firm, list, { measure, probesMin, limit: evidenceRowsMax })
    const dated = <Row extends { readonly day: number }>({ day, ...row }: Row) => ({ date: dayText(day), ...row })
    return { days: found.days.map(dated), places: found.places.map(dated) }
  }

  app.get(
    '/rankings/:id/firms/:firm',
    {
      config: read,
      schema: {
        tags,
        summary: "One firm's points unfolded to items, with the days, circuits and buildings that cost most",
        description: withinPage,
        params: firmParams,
        response: {
          200: z.object({
            list: listSchema,
            firm: placedFirmSchema,
            items: z.array(itemSchema),
            days: z.number().int(),
            daysInPeriod: z.number().int(),
            probes: z.number().int(),
            connectedHomes: z.number().int(),
            heatedAreaM2: z.number(),
            outage: outageSchema.optional(),
            evidence: z.array(placeEvidenceSchema),
          }),
        },
      },
    },
    async (request) => {
      const { id, firm } = request.params
      const found = await firmOfList(request, id, firm)
      const { list, content, score, input, hidden } = found
      const [placed] = await placedFirms(ledger.db, [score], hidden)
      if (!placed) throw new ProblemError('not_found')
      const { days, probes, connectedHomes, heatedAreaM2 } = input
      const indices = input.outage && outageIndices(input.outage)
      const outage = indices && { ...input.outage, ...indices }
      return {
        list: await shownList(ledger.db, list),
        firm: placed,
        items: hidden.has(firm) ? [] : shownItems(content.method, score.items),
        ...{ days, daysInPeriod: content.daysInPeriod, probes, connectedHomes, heatedAreaM2 },
        evidence: hidden.has(firm) ? [] : (await homes(found, firm, 'shareAtTarget')).places,
        ...(outage && { outage }),
      }
    },
  )

  app.get(
    '/rankings/:id/firms/:firm/items/:item/evidence',
    {
      config: read,
      schema: {
        tags,
        summary:
          'What is behind one item of a firm: days, buildings, circuits, interruptions, or where it was imported from',
        description: `${withinPage} It is what the stores hold today; verify-list tells whether that is what was frozen.`,
        params: firmParams.extend({ item: z.string().max(60) }),
        response: { 200: z.object({ item: itemSchema, evidence: evidenceSchema }) },
      },
    },
    async (request) => {
      const { id, firm, item: itemId } = request.params
      const found = await firmOfList(request, id, firm)
      const { list, content, score, hidden } = found
      const items = hidden.has(firm) ? [] : shownItems(content.method, score.items)
      const item = items.find((one) => one.item === itemId)
      const measure = score.items.find((one) => one.item === itemId)?.measure
      if (!item || !measure) throw new ProblemError('not_found')
      const districts = await districtsOf(ledger.db, list.territory)
      switch (measure) {
        case 'shareAtTarget':
        case 'depthK':
        case 'steadyShare':
        case 'coveredShare':
          return { item, evidence: await homes(found, firm, measure) }
        case 'outageHoursPerHome':
        case 'outagesPerHome': {
          const asked = { districts, firm, limit: evidenceRowsMax }
          const interruptions = await interruptionsOfFirm(ledger.db, policy, list, asked)
          return { item, evidence: { interruptions: interruptions.map(shownInterruption) } }
        }
        case 'punctualShare': {
          const circuits = await shutAtEdges(ledger.db, policy, list, { districts, firm, limit: evidenceRowsMax })
          return { item, evidence: { circuits } }
        }
        default: {
          const figures = (await rankingFigures(ledger.db, list.territory, list)).filter(
            (figure) => figure.firm === firm && figure.measure === measure,
          )
          return { item, evidence: { figures } }
        }
      }
    },
  )
}

const shownInterruption = ({ from, to, ...row }: { from: number; to: number; circuit: string; homes: number }) => ({
  ...row,
  beganAt: from,
  endedAt: to,
})
