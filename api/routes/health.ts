import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { notReadyReasons } from '../readiness.ts'

/** For load balancers and supervisors: whether the process lives, and whether it can do its work. */
export const healthRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'telemetry' | 'notReady'>> = async (
  app,
  deps,
) => {
  const config = { rateLimit: false } as const
  const response = { 200: z.object({ status: z.literal('ok') }) }

  app.get('/healthz', { config, schema: { tags: ['service'], summary: 'The process lives', response } }, async () => ({
    status: 'ok' as const,
  }))

  app.get(
    '/readyz',
    {
      config,
      schema: {
        tags: ['service'],
        summary: 'The service can do its work',
        description: 'Answers 503 with the reasons when it cannot.',
        response,
      },
    },
    async () => {
      const reasons = await notReadyReasons(deps)
      if (reasons.length > 0) throw new ProblemError('unavailable', 'Not ready', { reasons })
      return { status: 'ok' as const }
    },
  )
}
