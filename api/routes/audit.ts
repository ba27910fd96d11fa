import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { listAudit, verifyAudit } from '#store/ledger/audit.ts'
import type { ApiDeps } from '../deps.ts'
import { instantOut, makePage, numberCursor, pageOf, pageQuery } from '../schemas.ts'
import { principalOf, wholeCityAccount } from '../security/guard.ts'

const auditEntrySchema = z
  .object({
    number: z.number().int(),
    at: instantOut,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({
    id: 'AuditEntry',
    description:
      'hash = SHA-256 (hex) of the JSON array [number, at, actor, action, subject, detail as stored JSON text, previousHash]',
  })

const auditVerdictSchema = z
  .discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), entries: z.number().int(), head: z.string() }),
    z.object({
      ok: z.literal(false),
      number: z.number().int(),
      reason: z.enum(['missing', 'changed', 'chainBroken', 'headChanged']),
    }),
  ])
  .meta({ id: 'AuditVerdict' })

const auditQuery = pageQuery.extend({
  actor: z.string().max(80).optional(),
  action: z.string().max(80).optional(),
  subject: z.string().max(160).optional(),
})

export const auditRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  const tags = ['audit']
  const config = { access: 'audit.read' } as const

  app.get(
    '/audit',
    {
      config,
      schema: {
        tags,
        summary: 'What people changed, newest first',
        description: 'Accounts whose scope is not the city see their own changes.',
        querystring: auditQuery,
        response: { 200: pageOf(auditEntrySchema) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filter } = request.query
      const { account } = principalOf(request)
      const before = numberCursor(cursor, Number.MAX_SAFE_INTEGER)
      if (account.scope.kind !== 'city') {
        if (filter.actor !== undefined && filter.actor !== account.id) return { items: [] }
        filter.actor = account.id
      }
      const rows = await listAudit(ledger.db, { ...filter, before }, limit + 1)
      return makePage(rows, limit, (last) => last.number)
    },
  )

  app.get(
    '/audit/verification',
    {
      config,
      schema: {
        tags,
        summary: 'Checks the whole log for entries that were changed or removed',
        description: 'Keep the head outside of the service now and then: against it, a rewritten log shows.',
        response: { 200: auditVerdictSchema },
      },
    },
    async (request) => {
      wholeCityAccount(request)
      return verifyAudit(ledger.db)
    },
  )
}
