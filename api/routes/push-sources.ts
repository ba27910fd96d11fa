import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pushSchemes, pushSourcesMax } from '#domain/push-source.ts'
import { idSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import {
  changePushSecret,
  countPushSources,
  createPushSource,
  deletePushSource,
  listPushSources,
} from '#store/ledger/push-sources.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { isNetwork } from '../push/networks.ts'
import { idParams, instantOut, makePage, pageOf, pageQuery } from '../schemas.ts'
import { wholeCityAccount } from '../security/guard.ts'
import { newSecret } from '../security/secrets.ts'

const networksMax = 50

/** Some platforms make the secret themselves, or take short ones only. */
const secretSchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,128}$/, 'has 16 to 128 characters, no blanks')
  .optional()
  .describe('Where the platform prescribes it; without it, one is made')

const sourceSchema = z
  .object({
    id: z.string(),
    gateway: z.string(),
    scheme: z.enum(pushSchemes),
    networks: z.array(z.string()).readonly(),
    createdAt: instantOut,
  })
  .meta({ id: 'PushSource' })

const shownSchema = z.object({ id: z.string(), secret: z.string() })

/** Platforms that push over HTTP. */
export const pushSourceRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'clock'>> = async (app, deps) => {
  const { ledger, clock } = deps
  const tags = ['push']
  const config = { access: 'gateway.write' } as const
  const description = 'Only for accounts whose scope is the city.'

  app.get(
    '/push-sources',
    {
      config,
      schema: {
        tags,
        summary: 'Platforms that may push over HTTP',
        description,
        querystring: pageQuery,
        response: { 200: pageOf(sourceSchema) },
      },
    },
    async (request) => {
      wholeCityAccount(request)
      const { limit, cursor } = request.query
      return makePage(await listPushSources(ledger.db, cursor ?? '', limit + 1), limit, ({ id }) => id)
    },
  )

  app.post(
    '/push-sources',
    {
      config,
      schema: {
        tags,
        summary: 'Let a platform push over HTTP',
        description:
          `${description} It pushes to \`/api/v1/push/{id}\` in the name of a gateway of the registry. \`hmac\`: the ` +
          'header `warmcity-signature` is `v1=` and the hex HMAC-SHA256, keyed with the secret, over the header ' +
          '`warmcity-timestamp` (epoch seconds), a dot and the body. `onenet`: the secret is the token of OneNET. ' +
          '`token`: the secret itself, as a bearer token or `?token=`; give networks as well. The secret is shown ' +
          'this once.',
        body: z.strictObject({
          id: idSchema,
          gateway: idSchema,
          scheme: z.enum(pushSchemes),
          networks: z
            .array(z.string().max(60).refine(isNetwork, 'is no network such as 203.0.113.0/24'))
            .max(networksMax)
            .default([]),
          secret: secretSchema,
        }),
        response: { 201: shownSchema },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { id, gateway, scheme, networks, secret = newSecret('wcp') } = request.body
      const at = clock.now()
      await ledger.write(async (transaction) => {
        if ((await currentRow(transaction, 'gateway', gateway)) === undefined) {
          throw new ProblemError('rejected', `The registry has no gateway ${gateway}`)
        }
        if ((await countPushSources(transaction)) >= pushSourcesMax) {
          throw new ProblemError('conflict', `There are ${pushSourcesMax} sources already: delete one first`)
        }
        const made = await createPushSource(transaction, { id, gateway, scheme, networks, secret, createdAt: at })
        if (!made) throw new ProblemError('conflict', `The id "${id}" is in use`)
        const detail = { gateway, scheme, networks }
        const subject = `push-source/${id}`
        await appendAudit(transaction, { at, actor: account.id, action: 'pushSource.create', subject, detail })
      })
      return reply.code(201).header('cache-control', 'no-store').send({ id, secret })
    },
  )

  app.post(
    '/push-sources/:id/secret',
    {
      config,
      schema: {
        tags,
        summary: 'Give a platform another secret',
        description: `${description} The old one ends at once. The new one is shown this once.`,
        params: idParams,
        body: z.strictObject({ secret: secretSchema }).default({}),
        response: { 201: shownSchema },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { id } = request.params
      const { secret = newSecret('wcp') } = request.body
      await ledger.write(async (transaction) => {
        if (!(await changePushSecret(transaction, id, secret))) throw new ProblemError('not_found')
        const action = 'pushSource.rotate'
        const subject = `push-source/${id}`
        await appendAudit(transaction, { at: clock.now(), actor: account.id, action, subject })
      })
      return reply.code(201).header('cache-control', 'no-store').send({ id, secret })
    },
  )

  app.delete(
    '/push-sources/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Let a platform push no more',
        description,
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { id } = request.params
      await ledger.write(async (transaction) => {
        if (!(await deletePushSource(transaction, id))) throw new ProblemError('not_found')
        const subject = `push-source/${id}`
        await appendAudit(transaction, { at: clock.now(), actor: account.id, action: 'pushSource.delete', subject })
      })
      return reply.code(204).send()
    },
  )
}
