import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { flagRuleSchema, flagSubjectKinds } from '#domain/flag.ts'
import { idSchema } from '#domain/registry.ts'
import type { Account } from '#store/ledger/accounts.ts'
import { countOpenFlags, type FlagQuery, listFlags, type StoredFlag } from '#store/ledger/flags.ts'
import { csvResponse, csvTime, everyPage, sendCsv } from '../csv.ts'
import type { ApiDeps } from '../deps.ts'
import { flagSchema } from '../flag-schema.ts'
import { ProblemError } from '../problems.ts'
import { newestFirstAfter, newestFirstText, pageOf, pageQuery, withinOf, withinQuery } from '../schemas.ts'
import { audienceOf, principalOf } from '../security/guard.ts'

const filterQuery = withinQuery.extend({
  state: z.enum(['open', 'all']).default('open'),
  rule: z
    .union([flagRuleSchema, z.array(flagRuleSchema)])
    .optional()
    .describe('One or several: rule=a&rule=b'),
  subjectKind: z.enum(flagSubjectKinds).optional(),
  subject: idSchema.optional().describe('With `subjectKind`: flags of one subject'),
  building: idSchema.optional().describe('Flags of homes in a building'),
  circuit: idSchema.optional().describe('Flags of homes that a circuit feeds'),
  alert: z.string().max(200).optional().describe('Flags that joined an alert'),
})

const description = 'Flags of single homes are there for accounts with the permission `dwelling.read`.'

export const flagRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  const config = { access: 'plant.read' } as const
  const tags = ['flags']

  app.get(
    '/flags',
    {
      config,
      schema: {
        tags,
        summary: 'Flags, the last raised first',
        description,
        querystring: filterQuery.extend(pageQuery.shape),
        response: { 200: pageOf(flagSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const filter = flagFilter(principalOf(request).account, request.query)
      const page = await listFlags(ledger.db, { ...filter, ...newestFirstAfter(cursor), limit })
      return { items: page.flags, ...(page.next && { next: newestFirstText(page.next) }) }
    },
  )

  app.get(
    '/flags/open-counts',
    {
      config,
      schema: {
        tags,
        summary: 'How many flags of each rule are open',
        description,
        response: { 200: z.object({ items: z.array(z.object({ rule: flagRuleSchema, open: z.number().int() })) }) },
      },
    },
    async (request) => ({ items: await countOpenFlags(ledger.db, audienceOf(principalOf(request).account)) }),
  )

  app.get(
    '/flags/csv',
    {
      config,
      schema: { tags, summary: 'Flags as CSV', description, querystring: filterQuery, response: csvResponse },
    },
    async (request, reply) => {
      const filter = flagFilter(principalOf(request).account, request.query)
      const batches = everyPage(async (page) => {
        const { flags, next } = await listFlags(ledger.db, { ...filter, ...page })
        return { rows: flags.map(flagRow), next }
      })
      return sendCsv(reply, 'flags.csv', flagColumns, batches)
    },
  )
}

function flagFilter(account: Account, query: z.infer<typeof filterQuery>): Omit<FlagQuery, 'limit'> {
  const { state, rule, subjectKind, subject, building, circuit, alert } = query
  if (subject !== undefined && subjectKind === undefined) {
    throw new ProblemError('validation', 'Name a subject by both its kind and its id')
  }
  return {
    ...audienceOf(account),
    openOnly: state === 'open',
    within: withinOf(query),
    ...(rule !== undefined && { rules: [rule].flat() }),
    ...(subjectKind !== undefined && { subject: { kind: subjectKind, ...(subject !== undefined && { id: subject }) } }),
    ...(building !== undefined && { building }),
    ...(circuit !== undefined && { circuit }),
    ...(alert !== undefined && { alert }),
  }
}

const flagColumns = [
  'key',
  'subject_kind',
  'subject',
  'rule',
  'since',
  'raised_at',
  'cleared_at',
  'cleared_by',
  'value',
  'target_c',
  'territory',
  'firm',
  'building',
  'circuit',
  'device',
  'alert',
  'history',
]

const flagRow = (flag: StoredFlag) => [
  flag.key,
  flag.subjectKind,
  flag.subject,
  flag.rule,
  csvTime(flag.since),
  csvTime(flag.raisedAt),
  csvTime(flag.clearedAt),
  flag.clearedBy,
  flag.value,
  flag.targetC,
  flag.where.territory.join('/'),
  flag.where.firm,
  flag.building,
  flag.circuit,
  flag.device,
  flag.alert,
  String(flag.history),
]
