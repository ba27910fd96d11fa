import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { listOutages } from '#store/ledger/outages.ts'
import type { ApiDeps } from '../deps.ts'
import { instantOut, instantQuery, limitQuery } from '../schemas.ts'

/** A season and the summer around it. */
const lookBackMs = 366 * 86_400_000

export const outageRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'clock'>> = async (app, deps) => {
  app.get(
    '/outages',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['service'],
        summary: 'When the service itself did not watch, the last first',
        description: "Nobody's silence: such times are left out of coverage.",
        querystring: z.object({ from: instantQuery.optional(), to: instantQuery.optional(), limit: limitQuery }),
        response: {
          200: z.object({
            items: z.array(
              z.object({ kind: z.enum(['down', 'catchingUp']), beganAt: instantOut, endedAt: instantOut }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const to = request.query.to ?? deps.clock.now() + 1
      const from = request.query.from ?? to - lookBackMs
      return { items: await listOutages(deps.ledger.db, from, to, request.query.limit) }
    },
  )
}
