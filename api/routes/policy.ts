import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { policyAt } from '#domain/policy.ts'
import { seasonOn } from '#domain/season.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'

const policySchema = z
  .object({
    season: z
      .object({
        year: z.number().int().describe('Year of its autumn'),
        firstDay: z.iso.date(),
        lastDay: z.iso.date(),
      })
      .optional()
      .describe('The heating season that today lies in; outside of it nothing is demanded'),
    targetC: z.number().describe('What bedrooms and living rooms must have all day, in the season'),
    coldLimitsC: z.object({ below16: z.number(), below12: z.number(), below5: z.number() }),
    designOutdoorC: z.number().describe('Outdoor temperature at which heating curves end'),
    curveIndoorC: z.number().describe('Indoor temperature for which heating curves are made'),
  })
  .meta({ id: 'Policy' })

interface PolicyDeps extends Pick<ApiDeps, 'clock'> {
  readonly options: Pick<ApiOptions, 'policy'>
}

export const policyRoutes: FastifyPluginAsyncZod<PolicyDeps> = async (app, { clock, options }) => {
  app.get(
    '/policy',
    {
      config: { access: 'plant.read' },
      schema: { tags: ['service'], summary: 'What the city demands today', response: { 200: policySchema } },
    },
    async () => {
      const { rules, day } = policyAt(options.policy, clock.now())
      const season = seasonOn(options.policy.season, day)
      return {
        ...(season && {
          season: { year: season.season, firstDay: dayText(season.firstDay), lastDay: dayText(season.lastDay) },
        }),
        targetC: rules.targetC,
        coldLimitsC: {
          below16: rules.below16.limitC,
          below12: rules.below12.limitC,
          below5: rules.below5.limitC,
        },
        designOutdoorC: rules.plant.designOutdoorC,
        curveIndoorC: rules.plant.curveIndoorC,
      }
    },
  )
}
