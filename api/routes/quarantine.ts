import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { listQuarantine, quarantineTotals, readQuarantined } from '#store/ledger/quarantine.ts'
import { exportQuarantine, gatewaysOfDeliveries, requestReplay } from '#store/ledger/quarantine-replay.ts'
import { attachment } from '../csv.ts'
import type { ApiDeps } from '../deps.ts'
import { payloadView } from '../payload-view.ts'
import { ProblemError } from '../problems.ts'
import { instantOut, numberCursor, pageOf, pageQuery } from '../schemas.ts'
import { filteredPage } from '../scope/filtered-page.ts'
import type { See } from '../scope/see.ts'
import { principalOf, wholeCityAccount } from '../security/guard.ts'

/** One transaction, and one look at what is sent again. */
const replaysPerRequestMax = 1_000

const entrySchema = z
  .object({
    id: z.number().int(),
    gateway: z.string(),
    receivedAt: instantOut,
    topic: z.string(),
    payloadBytes: z.number().int(),
    storedReadings: z.number().int().describe('Good readings of the same delivery that were stored all the same'),
    problems: z.array(z.object({ code: z.string(), path: z.string(), detail: z.string() })).readonly(),
    problemCount: z.number().int(),
    replayRequestedAt: instantOut.optional(),
    replayRequestedBy: z.string().optional(),
    replayedAt: instantOut.optional(),
  })
  .meta({ id: 'QuarantineEntry' })

interface QuarantineDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

export const quarantineRoutes: FastifyPluginAsyncZod<QuarantineDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['quarantine']
  const read = { access: 'quarantine.read' } as const
  const filter = z.object({ gateway: idSchema.optional(), code: z.string().max(60).optional() })

  app.get(
    '/quarantine',
    {
      config: read,
      schema: {
        tags,
        summary: 'Deliveries that could not be taken whole, newest first',
        description: 'A page may have fewer rows than asked for; go on while there is `next`.',
        querystring: pageQuery.extend(filter.shape),
        response: { 200: pageOf(entrySchema) },
      },
    },
    async (request) => {
      const { limit, cursor, ...wanted } = request.query
      const visibility = see(request)
      return filteredPage(
        cursor,
        limit,
        (after, rows) =>
          listQuarantine(ledger.db, wanted, {
            limit: rows,
            ...(after !== undefined && { before: numberCursor(after, 0) }),
          }),
        ({ id }) => String(id),
        ({ gateway }) => visibility.seesGateway(gateway),
      )
    },
  )

  app.get(
    '/quarantine/totals',
    {
      config: read,
      schema: {
        tags,
        summary: 'How much was quarantined, kept and dropped for room',
        description: 'Only for accounts whose scope is the city.',
        response: {
          200: z.object({
            total: z.number().int(),
            kept: z.number().int(),
            keptBytes: z.number().int(),
            dropped: z.number().int(),
            droppedBytes: z.number().int(),
          }),
        },
      },
    },
    async (request) => {
      wholeCityAccount(request)
      return quarantineTotals(ledger.db)
    },
  )

  app.get(
    '/quarantine/export',
    {
      config: read,
      schema: {
        tags,
        summary: 'All of it as JSON lines, the bytes in base64',
        description: 'Accounts whose scope is not the city name a gateway in it.',
        querystring: filter,
        response: { 200: { content: { 'application/x-ndjson': { schema: z.string() } } } },
      },
    },
    async (request, reply) => {
      const { gateway } = request.query
      const wholeCity = principalOf(request).account.scope.kind === 'city'
      if (gateway === undefined && !wholeCity) throw new ProblemError('forbidden', 'Name a gateway of your area')
      if (gateway !== undefined && !(await see(request).seesGateway(gateway))) throw new ProblemError('not_found')
      reply.type('application/x-ndjson').headers(attachment('quarantine.ndjson'))
      // Typed as text for the description of the api; it is sent as it is made.
      return Readable.from(exportQuarantine(ledger.db, request.query)) as unknown as string
    },
  )

  app.get(
    '/quarantine/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'One delivery with its bytes',
        params: z.object({ id: z.coerce.number().int().positive() }),
        response: {
          200: entrySchema.extend({
            payloadBase64: z.string().describe('The first 64 KiB, as they were received'),
            payloadText: z
              .string()
              .optional()
              .describe('The same as text, where it is UTF-8; control characters are shown as pictures'),
            payloadCut: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const delivery = await readQuarantined(ledger.db, request.params.id)
      if (!delivery || !(await see(request).seesGateway(delivery.gateway))) throw new ProblemError('not_found')
      const { payload, ...entry } = delivery
      return { ...entry, ...payloadView(payload) }
    },
  )

  app.post(
    '/quarantine/replay',
    {
      config: { access: 'quarantine.replay' },
      schema: {
        tags,
        summary: 'Send deliveries through again, after what was wrong is mended',
        description: 'They are taken up by the ingest within seconds; readings that are stored already are repeats.',
        body: z.strictObject({ ids: z.array(z.int().positive()).min(1).max(replaysPerRequestMax) }),
        response: { 202: z.object({ requested: z.array(z.number().int()) }) },
      },
    },
    async (request, reply) => {
      const visibility = see(request)
      const actor = principalOf(request).account.id
      const ids: number[] = []
      for (const [id, gateway] of await gatewaysOfDeliveries(ledger.db, request.body.ids)) {
        if (await visibility.seesGateway(gateway)) ids.push(id)
      }
      const requested = await ledger.write(async (transaction) => {
        const asked = await requestReplay(transaction, ids, { actor, now: clock.now() })
        if (asked.length > 0) {
          const detail = { ids: asked }
          await appendAudit(transaction, {
            at: clock.now(),
            actor,
            action: 'quarantine.replay',
            subject: 'quarantine',
            detail,
          })
        }
        return asked
      })
      if (requested.length === 0) throw new ProblemError('not_found', 'None of these deliveries is there')
      return reply.code(202).send({ requested })
    },
  )
}
