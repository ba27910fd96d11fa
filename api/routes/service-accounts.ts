import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { createIdentity, listIdentities, readIdentity, revokeIdentity } from '#store/ledger/mqtt-identities.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { idParams, instantOut, pageOf, pageQuery } from '../schemas.ts'
import { filteredPage } from '../scope/filtered-page.ts'
import { wholeCityAccount } from '../security/guard.ts'

const grantsMax = 20
/** Ids that the service keeps for its own parts. */
const ownPrefix = 'warmcity-'

const grantsSchema = z.array(z.string().min(1).max(200)).max(grantsMax).default([])

const serviceAccountSchema = z
  .object({
    id: z.string(),
    publish: z.array(z.string()).readonly(),
    subscribe: z.array(z.string()).readonly(),
    createdAt: instantOut,
    revokedAt: instantOut.optional(),
  })
  .meta({ id: 'ServiceAccount' })

/** MQTT identities of programs: they read alerts, or publish what no gateway publishes. */
export const serviceAccountRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger' | 'clock'>> = async (app, deps) => {
  const { ledger, clock } = deps
  const tags = ['service accounts']
  const config = { access: 'gateway.write' } as const
  const description = 'Only for accounts whose scope is the city.'

  app.get(
    '/service-accounts',
    {
      config,
      schema: {
        tags,
        summary: 'MQTT accounts of programs',
        description: `${description} A page may have fewer rows than asked for; go on while there is \`next\`.`,
        querystring: pageQuery,
        response: { 200: pageOf(serviceAccountSchema) },
      },
    },
    async (request) => {
      wholeCityAccount(request)
      const { limit, cursor } = request.query
      return filteredPage(
        cursor,
        limit,
        (after, rows) => listIdentities(ledger.db, { limit: rows, ...(after !== undefined && { after }) }),
        ({ id }) => id,
        async ({ kind }) => kind === 'service',
      )
    },
  )

  app.post(
    '/service-accounts',
    {
      config,
      schema: {
        tags,
        summary: 'Make an MQTT account for a program',
        description:
          `${description} It may do what its topic filters say, as \`heating/v1/alerts/+\`, and nothing else. The ` +
          'secret is shown this once.',
        body: z.strictObject({ id: idSchema, publish: grantsSchema, subscribe: grantsSchema }),
        response: { 201: z.object({ id: z.string(), secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { id, publish, subscribe } = request.body
      if (id.startsWith(ownPrefix)) throw new ProblemError('conflict', `Ids with "${ownPrefix}" are the service's own`)
      const at = clock.now()
      const shown = await ledger.write(async (transaction) => {
        const made = await createIdentity(transaction, { id, kind: 'service', publish, subscribe }, at)
        if (!made) throw new ProblemError('conflict', `The id "${id}" is in use`)
        const detail = { publish, subscribe }
        const subject = `service-account/${id}`
        await appendAudit(transaction, { at, actor: account.id, action: 'serviceAccount.create', subject, detail })
        return made
      })
      return reply.code(201).header('cache-control', 'no-store').send({ id, secret: shown.secret })
    },
  )

  app.delete(
    '/service-accounts/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Revoke the MQTT account of a program',
        description: `${description} Its session ends at once.`,
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { id } = request.params
      if (id.startsWith(ownPrefix)) throw new ProblemError('conflict', 'The service needs it')
      if ((await readIdentity(ledger.db, id))?.kind !== 'service') throw new ProblemError('not_found')
      const at = clock.now()
      await ledger.write(async (transaction) => {
        if (!(await revokeIdentity(transaction, id, at))) throw new ProblemError('not_found')
        const subject = `service-account/${id}`
        await appendAudit(transaction, { at, actor: account.id, action: 'serviceAccount.revoke', subject })
      })
      return reply.code(204).send()
    },
  )
}
