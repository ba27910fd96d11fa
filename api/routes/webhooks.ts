import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { appendAudit } from '#store/ledger/audit.ts'
import {
  attemptOutcomes,
  cancelNotifications,
  enqueueNotifications,
  findNotification,
  listNotifications,
  notificationStates,
} from '#store/ledger/notifications.ts'
import { countWebhooks, createWebhook, deleteWebhook, findWebhook, listWebhooks } from '#store/ledger/webhooks.ts'
import type { ApiDeps } from '../deps.ts'
import { webhooksMax } from '../notify/plan.ts'
import { ProblemError } from '../problems.ts'
import { instantOut, makePage, newestFirstAfter, newestFirstText, pageOf, pageQuery } from '../schemas.ts'
import { type Principal, principalOf } from '../security/guard.ts'
import { newSecret } from '../security/secrets.ts'

const webhookSchema = z
  .object({ id: z.string(), owner: z.string(), name: z.string(), url: z.string(), createdAt: instantOut })
  .meta({ id: 'Webhook' })

const urlSchema = z
  .string()
  .max(500)
  .refine((text) => isWebhookUrl(text), {
    error: 'give an http or https address without user name and password',
  })

const deliverySchema = z
  .object({
    id: z.string(),
    signal: z.number().int().describe('Number of the signal; 0 for a test'),
    state: z.enum(notificationStates).describe('`dead` was tried as often as it may be'),
    createdAt: instantOut,
    nextAttemptAt: instantOut.optional(),
    attempts: z.array(
      z.object({
        attempt: z.number().int(),
        at: instantOut,
        durationMs: z.number().int(),
        outcome: z.enum(attemptOutcomes),
        status: z.number().int().optional(),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Delivery', description: 'Times are wall-clock times, epoch milliseconds' })

const params = z.object({ id: z.uuid() })

interface WebhookDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly wallClock: () => number
}

export const webhookRoutes: FastifyPluginAsyncZod<WebhookDeps> = async (app, { ledger, clock, wallClock }) => {
  const tags = ['webhooks']
  const config = { access: 'webhook.write' } as const

  /** Only one's own; admins and regulators of the whole city look after all. */
  async function ownWebhook(principal: Principal, id: string) {
    const webhook = await findWebhook(ledger.db, id)
    if (!webhook || !mayManage(principal, webhook.owner)) throw new ProblemError('not_found')
    return webhook
  }

  app.get(
    '/webhooks',
    {
      config,
      schema: { tags, summary: 'Webhooks', querystring: pageQuery, response: { 200: pageOf(webhookSchema) } },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const principal = principalOf(request)
      const owner = managesAll(principal) ? undefined : principal.account.id
      return makePage(await listWebhooks(ledger.db, owner, cursor ?? '', limit + 1), limit, (last) => last.id)
    },
  )

  app.post(
    '/webhooks',
    {
      config,
      schema: {
        tags,
        summary: 'Have alerts sent to an address',
        description:
          'It gets the alerts that its owner may see, for as long as the owner may see them. The body is ' +
          '`{streamId, simulated, signal}`; the header `warmcity-signature` is `v1=` and the hex HMAC-SHA256, keyed ' +
          'with the secret, over the header `warmcity-timestamp` (epoch seconds, real time), a dot and the body. ' +
          'An answer other than 2xx is tried again with growing pauses; `warmcity-delivery` stays the same, so that ' +
          'a receiver can tell a repeat. The secret is shown this once.',
        body: z.strictObject({ name: z.string().trim().min(1).max(80), url: urlSchema }),
        response: { 201: webhookSchema.extend({ secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const owner = principalOf(request).account.id
      const { name, url } = request.body
      const at = clock.now()
      const webhook = { id: randomUUID(), owner, name, url, createdAt: at }
      const secret = newSecret('wch')
      await ledger.write(async (transaction) => {
        if ((await countWebhooks(transaction)) >= webhooksMax) {
          throw new ProblemError('conflict', `There are ${webhooksMax} webhooks already: delete one first`)
        }
        await createWebhook(transaction, { ...webhook, secret })
        const subject = `webhook/${webhook.id}`
        await appendAudit(transaction, { at, actor: owner, action: 'webhook.create', subject, detail: { name, url } })
      })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...webhook, secret })
    },
  )

  app.delete(
    '/webhooks/:id',
    { config, schema: { tags, summary: 'Delete a webhook', params, response: { 204: z.undefined() } } },
    async (request, reply) => {
      const principal = principalOf(request)
      const { id } = await ownWebhook(principal, request.params.id)
      const at = clock.now()
      await ledger.write(async (transaction) => {
        if (!(await deleteWebhook(transaction, id, at))) throw new ProblemError('not_found')
        await cancelNotifications(transaction, 'webhook', id)
        const actor = principal.account.id
        await appendAudit(transaction, { at, actor, action: 'webhook.delete', subject: `webhook/${id}` })
      })
      return reply.code(204).send()
    },
  )

  app.post(
    '/webhooks/:id/test',
    {
      config,
      schema: {
        tags,
        summary: 'Send a test',
        description: 'Signed and tried again like an alert; what became of it is under `location`.',
        params,
        response: { 202: z.object({ delivery: z.string() }) },
      },
    },
    async (request, reply) => {
      const { id } = await ownWebhook(principalOf(request), request.params.id)
      const delivery = randomUUID()
      const simulated = clock.anchor().simulated
      const body = JSON.stringify({ test: true, simulated, webhook: id, at: clock.now() })
      await ledger.write((transaction) =>
        enqueueNotifications(
          transaction,
          [{ id: delivery, channel: 'webhook', target: id, signal: 0, body }],
          wallClock(),
        ),
      )
      const location = `/api/v1/webhooks/${id}/deliveries/${delivery}`
      return reply.code(202).header('location', location).send({ delivery })
    },
  )

  app.get(
    '/webhooks/:id/deliveries',
    {
      config,
      schema: {
        tags,
        summary: 'What was sent and what became of it, newest first',
        params,
        querystring: pageQuery,
        response: { 200: pageOf(deliverySchema) },
      },
    },
    async (request) => {
      const { id } = await ownWebhook(principalOf(request), request.params.id)
      const { limit, cursor } = request.query
      const { after } = newestFirstAfter(cursor)
      const rows = await listNotifications(ledger.db, 'webhook', id, after, limit + 1)
      const page = makePage(rows, limit, (last) => newestFirstText({ at: last.createdAt, key: last.id }))
      return { ...page, items: page.items.map(describe) }
    },
  )

  app.get(
    '/webhooks/:id/deliveries/:delivery',
    {
      config,
      schema: {
        tags,
        summary: 'One delivery',
        params: params.extend({ delivery: z.string().max(80) }),
        response: { 200: deliverySchema },
      },
    },
    async (request) => {
      const { id } = await ownWebhook(principalOf(request), request.params.id)
      const found = await findNotification(ledger.db, request.params.delivery)
      if (found?.channel !== 'webhook' || found.target !== id) throw new ProblemError('not_found')
      return describe(found)
    },
  )
}

const managesAll = ({ account }: Principal): boolean =>
  account.scope.kind === 'city' && (account.role === 'admin' || account.role === 'regulator')

const mayManage = (principal: Principal, owner: string) => owner === principal.account.id || managesAll(principal)

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const url = new URL(text)
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === ''
}

function describe(found: NonNullable<Awaited<ReturnType<typeof findNotification>>>) {
  return {
    id: found.id,
    signal: found.signal,
    state: found.state,
    createdAt: found.createdAt,
    ...(found.state === 'pending' && { nextAttemptAt: found.nextAttemptAt }),
    attempts: found.outcomes,
  }
}
