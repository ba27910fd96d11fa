import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { signalSchema } from '#domain/signal.ts'
import { signalsAfter, streamExtent } from '#store/ledger/signals.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { limitQuery } from '../schemas.ts'
import { audienceOf, principalOf } from '../security/guard.ts'
import { resynchroniseReason } from '../stream-feed.ts'

const signalPageSchema = z
  .object({
    streamId: z.string().describe('Another id means another stream: numbers of the old one mean nothing in it'),
    signals: z.array(signalSchema),
    through: z.number().int().describe('Everything up to this number was considered: go on after it'),
    head: z.number().int().describe('Newest number of the stream'),
  })
  .meta({ id: 'SignalPage' })

export const signalRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  app.get(
    '/signals',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['signals'],
        summary: 'Signals after a number, in order',
        description:
          'What this account may not see is left out; `through` tells how far the answer reaches. Answers 410 with ' +
          'the code `resynchronise` when the number is older than what is kept, or belongs to another stream: load ' +
          'the lists anew and go on after `head`.',
        querystring: z.object({
          after: z.coerce.number().int().min(0).default(0),
          streamId: z.string().max(80).optional().describe('The stream that `after` is a number of'),
          limit: limitQuery,
        }),
        response: { 200: signalPageSchema },
      },
    },
    async (request) => {
      const { after, streamId, limit } = request.query
      const extent = await streamExtent(ledger.db)
      const reason = resynchroniseReason(extent, after, streamId)
      if (reason) throw new ProblemError('resynchronise', undefined, { reason, ...extent })
      return signalsAfter(ledger.db, after, audienceOf(principalOf(request).account), limit)
    },
  )
}
