import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { listServiceNotices } from '#store/ledger/service-notices.ts'
import type { ApiDeps } from '../deps.ts'
import { instantOut, limitQuery } from '../schemas.ts'

const serviceNoticeSchema = z
  .object({
    key: z.string(),
    source: z.string().describe('The monitor that tells it'),
    rule: z.string(),
    summary: z.string(),
    labels: z.record(z.string(), z.string()),
    beganAt: z.number().int().describe("Real time, by the monitor's clock"),
    endedAt: z.number().int().optional().describe('Absent while it lasts'),
    toldAt: instantOut,
    lastToldAt: instantOut,
    timesTold: z.number().int(),
  })
  .meta({ id: 'ServiceNotice' })

export const serviceNoticeRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  app.get(
    '/service-notices',
    {
      config: { access: 'gateway.read' },
      schema: {
        tags: ['service'],
        summary: 'What monitors outside tell of the service itself, the newest first',
        querystring: z.object({ only: z.enum(['open', 'all']).default('open'), limit: limitQuery }),
        response: { 200: z.object({ items: z.array(serviceNoticeSchema) }) },
      },
    },
    async (request) => ({
      items: await listServiceNotices(ledger.db, request.query.only, request.query.limit),
    }),
  )
}
