import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { inScope } from '#domain/account.ts'
import { alertPlaceKinds, alertTiers } from '#domain/alert.ts'
import { flagRuleSchema } from '#domain/flag.ts'
import { idSchema } from '#domain/registry.ts'
import { findAlert, listAlerts } from '#store/ledger/alerts.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { cursorParts, instantOut, pageOf, pageQuery, whereaboutsSchema } from '../schemas.ts'
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

const alertQuery = pageQuery.extend({
  state: z.enum(['open', 'all']).default('open'),
  placeKind: z.enum(alertPlaceKinds).optional(),
  place: idSchema.optional().describe('With `placeKind`: alerts of one place'),
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
        querystring: alertQuery,
        response: { 200: pageOf(alertSchema) },
      },
    },
    async (request) => {
      const { limit, cursor, state, placeKind, place } = request.query
      if ((place === undefined) !== (placeKind === undefined)) {
        throw new ProblemError('validation', 'Name a place by both its kind and its id')
      }
      const [at, key] = cursorParts(cursor)
      const page = await listAlerts(ledger.db, {
        ...audienceOf(principalOf(request).account),
        openOnly: state === 'open',
        ...(place !== undefined && placeKind !== undefined && { place: { kind: placeKind, id: place } }),
        ...(key !== undefined && { after: { at, key } }),
        limit,
      })
      return { items: page.alerts, ...(page.next && { next: `${page.next.at},${page.next.key}` }) }
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
