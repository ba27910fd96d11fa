import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'

/** A store that takes longer to answer one look-up is of no use to anybody who waits. */
const checkMsMax = 3_000

/** For load balancers and supervisors: whether the process lives, and whether it can do its work. */
export const healthRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'telemetry' | 'notReady'>> = async (
  app,
  { ledger, telemetry, notReady },
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
      const reasons = (
        await Promise.all([
          check('ledger', () => ledger.db.selectFrom('stream').select('head').executeTakeFirstOrThrow()),
          check('telemetry', () => telemetry.usage()),
          notReady?.() ?? [],
        ])
      ).flat()
      if (reasons.length > 0) throw new ProblemError('unavailable', 'Not ready', { reasons })
      return { status: 'ok' as const }
    },
  )
}

async function check(name: string, look: () => Promise<unknown>): Promise<string[]> {
  const { promise: late, resolve } = Promise.withResolvers<string[]>()
  const timer = setTimeout(() => resolve([`${name}: no answer in ${checkMsMax} ms`]), checkMsMax)
  try {
    return await Promise.race([late, look().then(() => [])])
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`]
  } finally {
    clearTimeout(timer)
  }
}
