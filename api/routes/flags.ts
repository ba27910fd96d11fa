import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { flagRuleSchema, flagSubjectKinds } from '#domain/flag.ts'
import { idSchema } from '#domain/registry.ts'
import { listFlags } from '#store/ledger/flags.ts'
import type { ApiDeps } from '../deps.ts'
import { flagSchema } from '../flag-schema.ts'
import { ProblemError } from '../problems.ts'
import { cursorParts, pageOf, pageQuery } from '../schemas.ts'
import { audienceOf, principalOf } from '../security/guard.ts'

const flagQuery = pageQuery.extend({
  state: z.enum(['open', 'all']).default('open'),
  rule: z
    .union([flagRuleSchema, z.array(flagRuleSchema)])
    .optional()
    .describe('One or several: rule=a&rule=b'),
  subjectKind: z.enum(flagSubjectKinds).optional(),
  subject: idSchema.optional().describe('With `subjectKind`: flags of one subject'),
  alert: z.string().max(200).optional().describe('Flags that joined an alert'),
})

export const flagRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  app.get(
    '/flags',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['flags'],
        summary: 'Flags, the last raised first',
        description: 'Flags of single homes are there for accounts with the permission `dwelling.read`.',
        querystring: flagQuery,
        response: { 200: pageOf(flagSchema) },
      },
    },
    async (request) => {
      const { limit, cursor, state, rule, subjectKind, subject, alert } = request.query
      if ((subject === undefined) !== (subjectKind === undefined)) {
        throw new ProblemError('validation', 'Name a subject by both its kind and its id')
      }
      const [at, key] = cursorParts(cursor)
      const page = await listFlags(ledger.db, {
        ...audienceOf(principalOf(request).account),
        openOnly: state === 'open',
        ...(rule !== undefined && { rules: [rule].flat() }),
        ...(subject !== undefined && subjectKind !== undefined && { subject: { kind: subjectKind, id: subject } }),
        ...(alert !== undefined && { alert }),
        ...(key !== undefined && { after: { at, key } }),
        limit,
      })
      return { items: page.flags, ...(page.next && { next: `${page.next.at},${page.next.key}` }) }
    },
  )
}
