import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { can } from '#domain/account.ts'
import { countNotifications } from '#store/ledger/notifications.ts'
import { countQuarantined } from '#store/ledger/quarantine.ts'
import { readerStates } from '#store/ledger/service-state.ts'
import { streamHead } from '#store/ledger/signals.ts'
import type { ApiDeps } from '../deps.ts'
import { type ApiMetrics, type Figure, figuresText } from '../metrics.ts'
import { ProblemError } from '../problems.ts'
import { bearerOf, identify } from '../security/guard.ts'

interface FiguresDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'clock'> {
  readonly metrics: ApiMetrics
}

interface MetricsDeps extends FiguresDeps {
  readonly openMetrics: boolean
  readonly wallClock: () => number
}

/** For Prometheus: this process, and what the ledger knows of the others. The edge has figures of its own. */
export const metricsRoutes: FastifyPluginAsyncZod<MetricsDeps> = async (app, deps) => {
  app.get(
    '/metrics',
    {
      config: { rateLimit: false },
      schema: {
        tags: ['service'],
        summary: 'Figures for Prometheus',
        description: 'Beyond loopback it needs the bearer token of an account with the permission `gateway.read`.',
        response: { 200: { content: { 'text/plain': { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      if (!deps.openMetrics) {
        const bearer = bearerOf(request.headers.authorization)
        const principal = await identify(deps.ledger.db, bearer === undefined ? {} : { bearer }, deps.wallClock())
        if (!principal) throw new ProblemError('unauthenticated', undefined, {}, { 'www-authenticate': 'Bearer' })
        if (!can(principal.account.role, 'gateway.read')) throw new ProblemError('forbidden')
      }
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(deps))
    },
  )
}

/** All figures in Prometheus' text format. */
export async function metricsText(deps: FiguresDeps): Promise<string> {
  return `${await deps.metrics.registry.metrics()}\n${figuresText(await ledgerFigures(deps))}`
}

async function ledgerFigures({ ledger, telemetry, clock }: FiguresDeps): Promise<Figure[]> {
  const gauge = (name: string, help: string, value: number, labels?: Figure['labels']): Figure => ({
    name: `warmcity_${name}`,
    help,
    kind: 'gauge',
    value,
    ...(labels && { labels }),
  })
  const { db } = ledger
  const readers = await readerStates(db)
  // Another machine's readings cannot be counted while it is away; the other figures are there all the same.
  const usage = await telemetry.usage().catch(() => undefined)
  const anchor = clock.anchor()
  return [
    gauge('clock_seconds', "The service's clock", clock.now() / 1_000),
    gauge('clock_speed', 'City seconds in a real second', anchor.speed),
    gauge('catching_up', '1 while history fills in', anchor.catchingUp ? 1 : 0),
    gauge('stream_head', 'Number of the newest signal', await streamHead(db)),
    ...(usage
      ? [
          gauge('telemetry_bytes', 'Disk space of the readings', usage.bytes),
          gauge('telemetry_readings', 'Readings kept', usage.readings),
        ]
      : []),
    ...readers.map(({ reader, position }) =>
      gauge('reader_position', 'Journal position of a reader', position, { reader }),
    ),
    ...readers.flatMap(({ reader, counters }) =>
      Object.entries(counters).map(([counter, value]) =>
        gauge('reader_count', 'What a journal reader counted since the beginning', value, { reader, counter }),
      ),
    ),
    ...(await countQuarantined(db)).map(({ reason, count }) =>
      gauge('quarantine', 'Deliveries kept in quarantine, by their first problem', count, { reason }),
    ),
    ...(await countNotifications(db)).map(({ channel, state, count }) =>
      gauge('notifications', 'Notifications kept, by state', count, { channel, state }),
    ),
  ]
}
