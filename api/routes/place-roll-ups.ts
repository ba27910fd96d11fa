import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { can } from '#domain/account.ts'
import { idSchema } from '#domain/registry.ts'
import { type PlaceRollUp, rollUpLevels } from '#store/ledger/place-roll-ups.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { ProblemError } from '../problems.ts'
import { isForOthers } from '../ranking/few-homes.ts'
import { checkPeriod, dateIn } from '../ranking/shapes.ts'
import { principalOf } from '../security/guard.ts'
import type { RankingDeps } from './rankings.ts'

/** Buildings of a large city over more days than this are tens of millions of rows. */
const daysMax = 31

const placeSchema = z
  .object({
    place: z.string(),
    days: z.number().int(),
    homes: z.number().describe('Connected, on an average day'),
    probes: z.number().describe('Homes with a registered probe, on an average day'),
    heatedAreaM2: z.number(),
    homeDays: z.number().int(),
    excludedHomeDays: z.number().int(),
    passedHomeDays: z.number().int(),
    shareAtTarget: z.number().optional(),
    shareBelow16: z.number().optional(),
    shareBelow12: z.number().optional(),
    depthK: z.number().optional(),
    coveredShare: z.number().optional(),
  })
  .meta({ id: 'PlaceRollUp' })

/** Days of homes rolled up to whatever they lie in, hang on or are heated by. */
export const placeRollUpRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, { ledger, see, ranking }) => {
  app.get(
    '/dwelling-day-roll-ups',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['ranking'],
        summary:
          'Days of homes by building, circuit, substation, source, firm, estate, community, subdistrict, district or city',
        description:
          'Of the days that are sealed. Those who may not see homes of the area get firms of the city or of a district, and territories that lie in the one asked for, with at least ten probes, also by subtraction.',
        querystring: z.object({
          level: z.enum(rollUpLevels),
          territory: idSchema.describe('Only homes below this territory node'),
          from: dateIn,
          to: dateIn,
        }),
        response: { 200: z.object({ items: z.array(placeSchema) }) },
      },
    },
    async (request) => {
      const { level, territory, from, to } = request.query
      const days = checkPeriod({ from, to }, 'querystring', daysMax)
      const { account } = principalOf(request)
      const visibility = see(request)
      const isFirm = account.scope.kind === 'firm'
      const isOwn = isFirm || (await visibility.holdsTerritory(territory))
      const node = await currentRow(ledger.db, 'territory', territory)
      if (!node) throw new ProblemError('not_found')
      const forOthers = !(isOwn && can(account.role, 'dwelling.read'))
      if (forOthers && !isForOthers(level, node.kind)) {
        throw new ProblemError('forbidden', 'Places of this size speak of homes')
      }
      const rows = await ranking.placeRollUps({
        ...{ level, territory, ...days, forOthers },
        ...(account.scope.kind === 'firm' && { firm: account.scope.id }),
      })
      return { items: rows.map(shown) }
    },
  )
}

function shown({ place, days, sums }: PlaceRollUp): z.infer<typeof placeSchema> {
  const perDay = (total: number) => Math.round((total / days) * 100) / 100
  const share = (part: number) => part / sums.area_minutes
  return {
    ...{ place, days, homes: perDay(sums.homes), probes: perDay(sums.probes) },
    heatedAreaM2: perDay(sums.area_tenths / 10),
    homeDays: sums.home_days,
    excludedHomeDays: sums.excluded_home_days,
    passedHomeDays: sums.passed_home_days,
    ...(sums.area_minutes > 0 && {
      shareAtTarget: share(sums.area_minutes_at_target),
      shareBelow16: share(sums.area_minutes_below_16),
      shareBelow12: share(sums.area_minutes_below_12),
      depthK: share(sums.area_shortfall * 6),
      coveredShare: share(sums.area_minutes_covered),
    }),
  }
}
