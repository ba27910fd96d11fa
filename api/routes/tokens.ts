import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayMs } from '#domain/time.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { countApiTokens, createApiToken, listApiTokens, revokeApiToken } from '#store/ledger/sessions.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { instantOut, makePage, pageOf, pageQuery } from '../schemas.ts'
import { principalOf } from '../security/guard.ts'
import { newSecret, sha256Hex } from '../security/secrets.ts'

/** One for each script a person runs; more are forgotten ones. */
const tokensPerAccountMax = 20
const tokenDaysMax = 366

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    createdAt: instantOut,
    expiresAt: instantOut.optional(),
    revokedAt: instantOut.optional(),
  })
  .meta({ id: 'Token', description: 'Times are wall-clock times, epoch milliseconds' })

interface TokenDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly wallClock: () => number
}

export const tokenRoutes: FastifyPluginAsyncZod<TokenDeps> = async (app, { ledger, clock, wallClock }) => {
  app.get(
    '/auth/tokens',
    {
      config: { access: 'signedIn' },
      schema: {
        tags: ['auth'],
        summary: 'My bearer tokens',
        querystring: pageQuery,
        response: { 200: pageOf(tokenSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const { account } = principalOf(request)
      return makePage(await listApiTokens(ledger.db, account.id, cursor ?? '', limit + 1), limit, (last) => last.id)
    },
  )

  app.post(
    '/auth/tokens',
    {
      config: { access: 'signedIn' },
      schema: {
        tags: ['auth'],
        summary: 'Make a bearer token',
        description:
          'The secret is shown this once; the service keeps only its hash. Made with a token that ends, it ends no later.',
        body: z.strictObject({
          name: z.string().trim().min(1).max(80),
          days: z.int().min(1).max(tokenDaysMax).optional().describe('Days until it ends; without it, none'),
        }),
        response: { 201: tokenSchema.extend({ secret: z.string() }) },
      },
    },
    async (request, reply) => {
      const { account, via, expiresAt = Number.POSITIVE_INFINITY } = principalOf(request)
      const secret = newSecret('wct')
      const now = wallClock()
      const { name, days } = request.body
      const wanted = days === undefined ? Number.POSITIVE_INFINITY : now + days * dayMs
      const endsAt = via === 'token' ? Math.min(wanted, expiresAt) : wanted
      const token = {
        id: randomUUID(),
        account: account.id,
        name,
        createdAt: now,
        ...(Number.isFinite(endsAt) && { expiresAt: endsAt }),
      }
      await ledger.write(async (transaction) => {
        if ((await countApiTokens(transaction, account.id, now)) >= tokensPerAccountMax) {
          throw new ProblemError('conflict', `An account has at most ${tokensPerAccountMax} tokens: revoke one first`)
        }
        await createApiToken(transaction, { ...token, sha256: sha256Hex(secret) })
        await appendAudit(transaction, {
          at: clock.now(),
          actor: account.id,
          action: 'token.create',
          subject: `token/${token.id}`,
          detail: { name },
        })
      })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...token, secret })
    },
  )

  app.delete(
    '/auth/tokens/:id',
    {
      config: { access: 'signedIn' },
      schema: {
        tags: ['auth'],
        summary: 'Revoke a bearer token',
        params: z.object({ id: z.uuid() }),
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { account } = principalOf(request)
      const { id } = request.params
      await ledger.write(async (transaction) => {
        if (!(await revokeApiToken(transaction, account.id, id, wallClock()))) throw new ProblemError('not_found')
        const subject = `token/${id}`
        await appendAudit(transaction, { at: clock.now(), actor: account.id, action: 'token.revoke', subject })
      })
      return reply.code(204).send()
    },
  )
}
