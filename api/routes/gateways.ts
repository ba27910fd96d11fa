import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { commissioningList } from '#store/ledger/commissioning.ts'
import { createIdentity, readIdentity, revokeIdentity, rotateSecret } from '#store/ledger/mqtt-identities.ts'
import { presenceChanges, readPresence } from '#store/ledger/presence.ts'
import { listRefusals, refusalTotal } from '#store/ledger/refusals.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import type { ApiDeps } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { cursorParts, idParams, instantOut, pageOf, pageQuery } from '../schemas.ts'
import { filteredPage } from '../scope/filtered-page.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

/** A person drives to a gateway to enter a new secret within a month, or never. */
const overlapHoursMax = 31 * 24
/** Foreign formats that one gateway speaks. */
const grantsMax = 20

const gatewaySchema = z
  .object({
    gateway: z.string(),
    state: z.enum(['neverSeen', 'connected', 'quarantined', 'firstReading']),
    name: z.string().optional(),
    territory: z.string().optional(),
    hasIdentity: z.boolean(),
    online: z.boolean(),
    firstOnlineAt: instantOut.optional(),
    firstReadingAt: instantOut.optional(),
    devicesSeen: z.number().int(),
    quarantined: z.number().int(),
    lastQuarantinedAt: instantOut.optional(),
    refused: z.number().int(),
    lastRefusedAt: instantOut.optional(),
  })
  .meta({ id: 'GatewayState' })

const presenceSchema = z.object({
  at: instantOut,
  state: z.enum(['online', 'offline']),
  address: z.string(),
  cause: z.string(),
})

const identitySchema = z
  .object({
    id: z.string(),
    publish: z.array(z.string()).readonly().describe('Topics granted beyond its own'),
    createdAt: instantOut,
    revokedAt: instantOut.optional(),
    secrets: z.array(z.object({ createdAt: instantOut, validUntil: instantOut.optional() })).readonly(),
  })
  .meta({ id: 'GatewayIdentity' })

const refusalSchema = z
  .object({
    at: instantOut,
    clientId: z.string(),
    address: z.string(),
    action: z.enum(['connect', 'publish', 'subscribe']),
    topic: z.string().optional(),
    reason: z.string(),
  })
  .meta({ id: 'Refusal' })

const shownOnce = z.object({ id: z.string(), secret: z.string().describe('Shown this once') })

interface GatewayDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

export const gatewayRoutes: FastifyPluginAsyncZod<GatewayDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['gateways']
  const read = { access: 'gateway.read' } as const
  const write = { access: 'gateway.write' } as const

  app.get(
    '/gateways',
    {
      config: read,
      schema: {
        tags,
        summary: 'Gateways and how far each has come: the commissioning list',
        description: 'A page may have fewer rows than asked for; go on while there is `next`.',
        querystring: pageQuery.extend({ state: gatewaySchema.shape.state.optional() }),
        response: { 200: pageOf(gatewaySchema) },
      },
    },
    async (request) => {
      const { limit, cursor, state } = request.query
      const visibility = see(request)
      return filteredPage(
        cursor,
        limit,
        (after, rows) => commissioningList(ledger.db, { limit: rows, ...(after !== undefined && { after }) }),
        ({ gateway }) => gateway,
        async (entry) => (state === undefined || entry.state === state) && visibility.seesGateway(entry.gateway),
      )
    },
  )

  app.get(
    '/gateways/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'One gateway: presence, identity, refusals',
        params: idParams,
        response: {
          200: z.object({
            id: z.string(),
            name: z.string().optional(),
            territory: z.string().optional(),
            identity: identitySchema.optional(),
            presence: presenceSchema.optional(),
            presenceChanges: z.array(presenceSchema),
            refusedTotal: z.number().int(),
          }),
        },
      },
    },
    async (request) => {
      const { id } = request.params
      const registered = await currentRow(ledger.db, 'gateway', id)
      const identity = await gatewayIdentity(id)
      if ((!registered && !identity) || !(await see(request).seesGateway(id))) throw new ProblemError('not_found')
      const presence = await readPresence(ledger.db, id)
      return {
        id,
        ...(registered?.name !== undefined && { name: registered.name }),
        ...(registered && { territory: registered.territory }),
        ...(identity && { identity }),
        ...(presence && { presence }),
        presenceChanges: await presenceChanges(ledger.db, id),
        refusedTotal: await refusalTotal(ledger.db, id),
      }
    },
  )

  async function gatewayIdentity(id: string) {
    const identity = await readIdentity(ledger.db, id)
    return identity?.kind === 'gateway' ? identity : undefined
  }

  app.post(
    '/gateways/:id/identity',
    {
      config: write,
      schema: {
        tags,
        summary: 'Make the identity of a gateway',
        description: 'The secret is shown this once; the service keeps only its hash.',
        params: idParams,
        body: z.strictObject({
          publish: z.array(z.string().min(1).max(200)).max(grantsMax).default([]).describe('Foreign-format topics'),
        }),
        response: { 201: shownOnce },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { publish } = request.body
      if (!(await currentRow(ledger.db, 'gateway', id)) || !(await see(request).seesGateway(id))) {
        throw new ProblemError('not_found', 'The registry has no such gateway')
      }
      const made = await ledger.write(async (transaction) => {
        const shown = await createIdentity(transaction, { id, kind: 'gateway', publish }, clock.now())
        if (!shown) throw new ProblemError('conflict', 'The gateway has an identity: rotate its secret instead')
        const actor = principalOf(request).account.id
        const subject = `gateway/${id}`
        await appendAudit(transaction, {
          at: clock.now(),
          actor,
          action: 'gateway.create',
          subject,
          detail: { publish },
        })
        return shown
      })
      return reply.code(201).header('cache-control', 'no-store').send({ id, secret: made.secret })
    },
  )

  app.post(
    '/gateways/:id/identity/rotate',
    {
      config: write,
      schema: {
        tags,
        summary: 'Give a gateway a new secret',
        description: 'The one before stays good for the overlap. The new one is shown this once.',
        params: idParams,
        body: z.strictObject({ overlapHours: z.number().min(0).max(overlapHoursMax) }),
        response: { 200: shownOnce },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { overlapHours } = request.body
      await requireIdentity(request, id)
      const made = await ledger.write(async (transaction) => {
        const shown = await rotateSecret(transaction, id, { overlapMs: overlapHours * 3_600_000 }, clock.now())
        if (!shown) throw new ProblemError('not_found')
        const actor = principalOf(request).account.id
        const detail = { overlapHours }
        await appendAudit(transaction, {
          at: clock.now(),
          actor,
          action: 'gateway.rotate',
          subject: `gateway/${id}`,
          detail,
        })
        return shown
      })
      return reply.header('cache-control', 'no-store').send({ id, secret: made.secret })
    },
  )

  app.delete(
    '/gateways/:id/identity',
    {
      config: write,
      schema: {
        tags,
        summary: "Revoke a gateway's identity",
        description: 'Its session ends at once.',
        params: idParams,
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      await requireIdentity(request, id)
      await ledger.write(async (transaction) => {
        if (!(await revokeIdentity(transaction, id, clock.now()))) throw new ProblemError('not_found')
        const actor = principalOf(request).account.id
        await appendAudit(transaction, { at: clock.now(), actor, action: 'gateway.revoke', subject: `gateway/${id}` })
      })
      return reply.code(204).send()
    },
  )

  async function requireIdentity(request: Parameters<See>[0], id: string): Promise<void> {
    const identity = await gatewayIdentity(id)
    if (!identity || !(await see(request).seesGateway(id))) throw new ProblemError('not_found')
  }

  app.get(
    '/refusals',
    {
      config: read,
      schema: {
        tags,
        summary: 'Connects, publishes and subscribes that were refused, newest first',
        description: 'Ids that the registry does not know are shown to accounts whose scope is the city.',
        querystring: pageQuery.extend({ gateway: idSchema.optional() }),
        response: { 200: pageOf(refusalSchema) },
      },
    },
    async (request) => {
      const { limit, cursor, gateway } = request.query
      const visibility = see(request)
      return filteredPage(
        cursor,
        limit,
        (after, rows) => {
          const [at, rest] = cursorParts(after)
          const [number, clientId] = cursorParts(rest)
          const before = clientId === undefined ? undefined : { at: at ?? 0, clientId, number }
          return listRefusals(ledger.db, {
            limit: rows,
            ...(gateway !== undefined && { clientId: gateway }),
            ...(before && { before }),
          })
        },
        ({ at, number, clientId }) => `${at},${number},${clientId}`,
        ({ clientId }) => visibility.seesGateway(clientId),
      )
    },
  )
}
