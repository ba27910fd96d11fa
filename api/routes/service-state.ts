import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { countNotifications } from '#store/ledger/notifications.ts'
import { readerStates } from '#store/ledger/service-state.ts'
import { streamHead } from '#store/ledger/signals.ts'
import type { ApiDeps } from '../deps.ts'
import { notReadyReasons } from '../readiness.ts'

const count = z.number().int()

const stateSchema = z
  .object({
    version: z.string(),
    notReady: z.array(z.string()).readonly().describe('Why the service cannot do all of its work; empty where it can'),
    streamHead: count.describe('Number of the newest signal'),
    telemetry: z.object({ readings: count, bytes: count }).optional().describe('Absent while its store is away'),
    readers: z
      .array(z.object({ reader: z.string(), position: z.number(), counters: z.record(z.string(), z.number()) }))
      .readonly(),
    notifications: z.array(z.object({ channel: z.string(), state: z.string(), count })).readonly(),
    edge: z
      .record(z.string(), z.number())
      .optional()
      .describe("The edge's own figures by their names in its metrics; absent where it does not answer"),
  })
  .meta({ id: 'ServiceState' })

interface ServiceStateDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'notReady' | 'edgeFigures'> {
  readonly options: { readonly version: string }
}

/** What somebody who looks after the service wants to see at a glance; Prometheus has it in full. */
export const serviceStateRoutes: FastifyPluginAsyncZod<ServiceStateDeps> = async (app, deps) => {
  app.get(
    '/service-state',
    {
      config: { access: 'gateway.read' },
      schema: { tags: ['service'], summary: 'How the service itself is', response: { 200: stateSchema } },
    },
    async () => {
      const { db } = deps.ledger
      const [notReady, head, usage, readers, notifications, edge] = await Promise.all([
        notReadyReasons(deps),
        streamHead(db),
        deps.telemetry.usage().catch(() => undefined),
        readerStates(db),
        countNotifications(db),
        deps.edgeFigures?.(),
      ])
      return {
        version: deps.options.version,
        notReady,
        streamHead: head,
        ...(usage && { telemetry: { readings: usage.readings, bytes: usage.bytes } }),
        readers,
        notifications,
        ...(edge && { edge }),
      }
    },
  )
}
