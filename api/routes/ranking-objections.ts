import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { findList } from '#store/ledger/ranking-lists.ts'
import {
  decideObjection,
  issueObjectionCode,
  objectByCode,
  objectionsTo,
  raiseObjection,
} from '#store/ledger/ranking-objections.ts'
import { circuitFirms } from '#store/ledger/ranking-roll-up.ts'
import { entryAt } from '#store/ledger/registry-lookups.ts'
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
    raisedBy: z.string().describe('An account, or `resident`, who objected with a code'),
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
        description: "A firm's account sees those about its firm, that of a part of the territory its own.",
        params: listParams,
        response: { 200: z.object({ items: z.array(objectionSchema) }) },
      },
    },
    async (request) => {
      const list = await findList(ledger.db, request.params.id)
      const { id, scope } = principalOf(request).account
      if (!list || list.state === 'draft') throw new ProblemError('not_found')
      const visibility = see(request)
      const holds = await visibility.holdsTerritory(list.territory)
      if (scope.kind === 'territory' && !(await visibility.seesThing('territory', list.territory))) {
        throw new ProblemError('not_found')
      }
      const all = await objectionsTo(ledger.db, list.id)
      const items = all.filter(({ firm, raisedBy }) =>
        scope.kind === 'firm' ? scope.id === firm : holds || raisedBy === id,
      )
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
        throw new ProblemError('conflict', overText)
      }
      const objection = { list: list.id, ...request.body, raisedBy: account.id, raisedAt: now }
      const id = await ledger.write((transaction) => raiseObjection(transaction, objection))
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
      const { state, decision } = request.body
      const decided = await ledger.write((transaction) =>
        decideObjection(transaction, objection, { state, decision, by: by.actor, at: by.at }),
      )
      if (!decided) throw new ProblemError('conflict', 'It was decided already')
      return { id: objection }
    },
  )

  app.post(
    '/rankings/:id/objection-codes',
    {
      config: { access: 'ranking.claim' },
      schema: {
        tags,
        summary: 'Make a code for a resident, who objects with it once and without an account',
        description:
          'Whoever hands it out knows the home; the code is kept without it, and the objection too. Give it to the household on paper.',
        params: listParams,
        body: z.strictObject({ dwelling: idSchema }),
        response: { 201: z.object({ code: z.string(), firm: z.string(), until: instantOut }) },
      },
    },
    async (request, reply) => {
      const list = await findList(ledger.db, request.params.id)
      const { dwelling } = request.body
      const { account } = principalOf(request)
      // A firm must not be able to object in its residents' name.
      const may = account.scope.kind !== 'firm' && (await see(request).seesThing('dwelling', dwelling))
      if (!list || list.state === 'draft' || !may) throw new ProblemError('not_found')
      const now = clock.now()
      const until = list.objectionsUntil ?? 0
      if (list.state !== 'objection' || now >= until) throw new ProblemError('conflict', overText)
      const contract = await entryAt(ledger.db, 'dwelling_period', [dwelling], now)
      const firm = contract && (await circuitFirms(ledger.db, now))(contract.circuit)
      if (firm === undefined) throw new ProblemError('conflict', 'Nobody is registered to heat this home')
      const issued = { list: list.id, firm, by: account.id, at: now }
      const code = await ledger.write((transaction) => issueObjectionCode(transaction, issued))
      return reply.code(201).send({ code, firm, until })
    },
  )

  app.post(
    '/public/rankings/:id/objections',
    {
      config: { access: 'public' },
      schema: {
        tags: ['public'],
        summary: 'Object to the place of the firm that heats your home, with the code from your street office',
        params: listParams,
        body: z.strictObject({ code: z.string().min(1).max(60), text: evidenceText, evidence: evidenceText }),
        response: { 201: idAnswer },
      },
    },
    async (request, reply) => {
      const list = await findList(ledger.db, request.params.id)
      if (!list || list.state === 'draft') throw new ProblemError('not_found')
      const now = clock.now()
      if (list.state !== 'objection' || now >= (list.objectionsUntil ?? 0)) throw new ProblemError('conflict', overText)
      const objection = { list: list.id, ...request.body, raisedAt: now }
      const id = await ledger.write((transaction) => objectByCode(transaction, objection))
      if (id === undefined) throw new ProblemError('conflict', 'The code is not for this list, or it was used already')
      return reply.code(201).send({ id })
    },
  )
}

const overText = 'The time for objections is over'
