import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { findList } from '#store/ledger/ranking-lists.ts'
import { decideObjection, objectionsTo, raiseObjection } from '#store/ledger/ranking-objections.ts'
import { ProblemError } from '../problems.ts'
import { evidenceText, idAnswer, listParams } from '../ranking/shapes.ts'
import { instantOut } from '../schemas.ts'
import { principalOf } from '../security/guard.ts'
import type { RankingDeps } from './rankings.ts'

const objectionSchema = z
  .object({
    id: z.string(),
    firm: z.string(),
    text: z.string(),
    evidence: z.string(),
    raisedBy: z.string(),
    raisedAt: instantOut,
    state: z.enum(['open', 'upheld', 'rejected']),
    decidedBy: z.string().optional(),
    decidedAt: instantOut.optional(),
    decision: z.string().optional(),
  })
  .meta({ id: 'RankingObjection' })

export const rankingObjectionRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['ranking']

  app.get(
    '/rankings/:id/objections',
    {
      config: { access: 'ranking.claim' },
      schema: {
        tags,
        summary: 'Objections to a list, the first first',
        description: "A firm's account sees those about its firm.",
        params: listParams,
        response: { 200: z.object({ items: z.array(objectionSchema) }) },
      },
    },
    async (request) => {
      const list = await findList(ledger.db, request.params.id)
      const { scope } = principalOf(request).account
      const seen = list && (scope.kind === 'firm' || (await see(request).holdsTerritory(list.territory)))
      if (!seen || list.state === 'draft') throw new ProblemError('not_found')
      const all = await objectionsTo(ledger.db, list.id)
      const items = all.filter(({ firm }) => scope.kind !== 'firm' || scope.id === firm)
      return { items: items.map(({ list: _, ...objection }) => objection) }
    },
  )

  app.post(
    '/rankings/:id/objections',
    {
      config: { access: 'ranking.claim' },
      schema: {
        tags,
        summary: "Object to a firm's place on a list",
        description: "A firm's account objects for its own firm; the others for what lies in their area.",
        params: listParams,
        body: z.strictObject({ firm: idSchema, text: evidenceText, evidence: evidenceText }),
        response: { 201: idAnswer },
      },
    },
    async (request, reply) => {
      const list = await findList(ledger.db, request.params.id)
      const { account } = principalOf(request)
      const { firm } = request.body
      const { scope } = account
      const may =
        scope.kind === 'firm' ? scope.id === firm : list && (await see(request).seesThing('territory', list.territory))
      if (!list || list.state === 'draft' || !may) throw new ProblemError('not_found')
      const now = clock.now()
      if (list.state !== 'objection' || now >= (list.objectionsUntil ?? 0)) {
        throw new ProblemError('conflict', 'The time for objections is over')
      }
      const id = await ledger.write(async (transaction) => {
        const objection = { list: list.id, ...request.body, raisedBy: account.id, raisedAt: now }
        const raised = await raiseObjection(transaction, objection)
        const detail = { list: list.id, firm }
        const subject = `ranking-objection/${raised}`
        await appendAudit(transaction, { at: now, actor: account.id, action: 'ranking.object', subject, detail })
        return raised
      })
      return reply.code(201).send({ id })
    },
  )

  app.post(
    '/rankings/:id/objections/:objection/decision',
    {
      config: { access: 'ranking.publish' },
      schema: {
        tags,
        summary: 'Decide an objection, with reasons',
        params: listParams.extend({ objection: z.uuid() }),
        body: z.strictObject({ state: z.enum(['upheld', 'rejected']), decision: evidenceText }),
        response: { 200: idAnswer },
      },
    },
    async (request) => {
      const { id, objection } = request.params
      const list = await findList(ledger.db, id)
      const known = list && (await objectionsTo(ledger.db, id)).find((one) => one.id === objection)
      if (!known || !(await see(request).holdsTerritory(list.territory))) throw new ProblemError('not_found')
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      if (by.actor === known.raisedBy) throw new ProblemError('conflict', 'Somebody else must decide it')
      const decided = await ledger.write(async (transaction) => {
        const { state, decision } = request.body
        if (!(await decideObjection(transaction, objection, { state, decision, by: by.actor, at: by.at }))) return false
        const subject = `ranking-objection/${objection}`
        await appendAudit(transaction, { ...by, action: 'ranking.decide', subject, detail: { state, decision } })
        return true
      })
      if (!decided) throw new ProblemError('conflict', 'It was decided already')
      return { id: objection }
    },
  )
}
