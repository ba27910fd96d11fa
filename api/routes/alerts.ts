import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { inScope } from '#domain/account.ts'
import { type Alert, alertPlaceKinds, alertTiers } from '#domain/alert.ts'
import { flagRuleSchema } from '#domain/flag.ts'
import { idSchema } from '#domain/registry.ts'
import type { Account } from '#store/ledger/accounts.ts'
import { type AlertQuery, countOpenAlerts, findAlert, listAlerts } from '#store/ledger/alerts.ts'
import { csvResponse, csvTime, everyPage, sendCsv } from '../csv.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import {
  instantOut,
  newestFirstAfter,
  newestFirstText,
  pageOf,
  pageQuery,
  whereaboutsSchema,
  withinOf,
  withinQuery,
} from '../schemas.ts'
import { audienceOf, principalOf } from '../security/guard.ts'

const alertSchema = z
  .object({
    id: z.string(),
    placeKind: z.enum(alertPlaceKinds),
    place: z.string(),
    openedAt: instantOut,
    lastFlagAt: instantOut,
    updatedAt: instantOut,
    closedAt: instantOut.optional(),
    flags: z.number().int().describe('Flags that ever joined'),
    openFlags: z.number().int(),
    tier: z.enum(alertTiers),
    rule: flagRuleSchema.describe('Rule of the worst flag'),
    revision: z.number().int(),
    announcedAt: instantOut,
    announcedFlags: z.number().int(),
    where: whereaboutsSchema,
    district: z.string().optional(),
    ofDwelling: z.boolean().describe('The place has so few measured homes that the count speaks of single ones'),
  })
  .meta({ id: 'Alert' })

const filterQuery = withinQuery.extend({
  state: z.enum(['open', 'all']).default('open'),
  placeKind: z.enum(alertPlaceKinds).optional(),
  place: idSchema.optional().describe('With `placeKind`: alerts of one place'),
  tier: z
    .union([z.enum(alertTiers), z.array(z.enum(alertTiers))])
    .optional()
    .describe('One or several: tier=a&tier=b'),
})

export const alertRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'ledger'>> = async (app, { ledger }) => {
  const tags = ['alerts']
  const config = { access: 'plant.read' } as const

  app.get(
    '/alerts',
    {
      config,
      schema: {
        tags,
        summary: 'Alerts, the last opened first',
        querystring: filterQuery.extend(pageQuery.shape),
        response: { 200: pageOf(alertSchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const filter = alertFilter(principalOf(request).account, request.query)
      const page = await listAlerts(ledger.db, { ...filter, ...newestFirstAfter(cursor), limit })
      return { items: page.alerts, ...(page.next && { next: newestFirstText(page.next) }) }
    },
  )

  app.get(
    '/alerts/open-counts',
    {
      config,
      schema: {
        tags,
        summary: 'How many alerts of each tier are open',
        response: { 200: z.object({ items: z.array(z.object({ tier: z.enum(alertTiers), open: z.number().int() })) }) },
      },
    },
    async (request) => ({ items: await countOpenAlerts(ledger.db, audienceOf(principalOf(request).account)) }),
  )

  app.get(
    '/alerts/csv',
    { config, schema: { tags, summary: 'Alerts as CSV', querystring: filterQuery, response: csvResponse } },
    async (request, reply) => {
      const filter = alertFilter(principalOf(request).account, request.query)
      const batches = everyPage(async (page) => {
        const { alerts, next } = await listAlerts(ledger.db, { ...filter, ...page })
        return { rows: alerts.map(alertRow), next }
      })
      return sendCsv(reply, 'alerts.csv', alertColumns, batches)
    },
  )

  app.get(
    '/alerts/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One alert',
        params: z.object({ id: z.string().max(200) }),
        response: { 200: alertSchema },
      },
    },
    async (request) => {
      const audience = audienceOf(principalOf(request).account)
      const alert = await findAlert(ledger.db, request.params.id)
      const visible = alert && inScope(audience.scope, alert.where) && (audience.dwellings || !alert.ofDwelling)
      if (!alert || !visible) throw new ProblemError('not_found')
      return alert
    },
  )
}

function alertFilter(account: Account, query: z.infer<typeof filterQuery>): Omit<AlertQuery, 'limit'> {
  const { state, placeKind, place, tier } = query
  if ((place === undefined) !== (placeKind === undefined)) {
    throw new ProblemError('validation', 'Name a place by both its kind and its id')
  }
  return {
    ...audienceOf(account),
    openOnly: state === 'open',
    within: withinOf(query),
    ...(tier !== undefined && { tiers: [tier].flat() }),
    ...(place !== undefined && placeKind !== undefined && { place: { kind: placeKind, id: place } }),
  }
}

const alertColumns = [
  'id',
  'tier',
  'rule',
  'place_kind',
  'place',
  'district',
  'firm',
  'flags',
  'open_flags',
  'opened_at',
  'updated_at',
  'closed_at',
]

const alertRow = (alert: Alert) => [
  alert.id,
  alert.tier,
  alert.rule,
  alert.placeKind,
  alert.place,
  alert.district,
  alert.where.firm,
  alert.flags,
  alert.openFlags,
  csvTime(alert.openedAt),
  csvTime(alert.updatedAt),
  csvTime(alert.closedAt),
]
