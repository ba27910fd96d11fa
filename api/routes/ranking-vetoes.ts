import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { vetoKinds } from '#domain/ranking-method.ts'
import { idSchema } from '#domain/registry.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { bringVeto, confirmVeto, vetoesBrought } from '#store/ledger/ranking-vetoes.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { ProblemError } from '../problems.ts'
import { checkPeriod, dateIn, evidenceText, idAnswer } from '../ranking/shapes.ts'
import { instantOut } from '../schemas.ts'
import { wholeCityAccount } from '../security/guard.ts'
import type { RankingDeps } from './rankings.ts'

const vetoSchema = z
  .object({
    id: z.string(),
    firm: z.string(),
    kind: z.enum(vetoKinds),
    state: z.enum(['proven', 'cleared']),
    evidence: z.string(),
    from: z.string(),
    to: z.string(),
    broughtBy: z.string(),
    broughtAt: instantOut,
    document: z.string().optional().describe('With it the veto is in force'),
    confirmedBy: z.string().optional(),
    confirmedAt: instantOut.optional(),
  })
  .meta({ id: 'RankingVeto' })

/** Reasons for which a firm is black whatever its points. */
export const rankingVetoRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, { ledger, clock }) => {
  const tags = ['ranking']
  const publish = { access: 'ranking.publish' } as const

  app.get(
    '/ranking-vetoes',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Vetoes that touch some days, the oldest first: proposed, and confirmed with a document',
        description: 'Of several for the same firm and kind the newest counts.',
        querystring: z.object({ from: dateIn, to: dateIn }),
        response: { 200: z.object({ items: z.array(vetoSchema) }) },
      },
    },
    async (request) => {
      const found = await vetoesBrought(ledger.db, checkPeriod(request.query, 'querystring'))
      return {
        items: found.map(({ fromDay, toDay, ...veto }) => ({ ...veto, from: dayText(fromDay), to: dayText(toDay) })),
      }
    },
  )

  app.post(
    '/ranking-vetoes',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Bring a veto forward with evidence, or clear one',
        description: 'It takes effect when it is confirmed with the number of a document.',
        body: z.strictObject({
          firm: idSchema,
          kind: z.enum(vetoKinds),
          state: z.enum(['proven', 'cleared']),
          evidence: evidenceText,
          from: dateIn,
          to: dateIn,
        }),
        response: { 201: idAnswer },
      },
    },
    async (request, reply) => {
      const account = wholeCityAccount(request)
      const { from, to, ...veto } = request.body
      const days = checkPeriod({ from, to }, 'body')
      if (!(await currentRow(ledger.db, 'firm', veto.firm))) throw new ProblemError('not_found')
      const by = { actor: account.id, at: clock.now() }
      const id = await ledger.write((transaction) => bringVeto(transaction, { ...veto, ...days }, by))
      return reply.code(201).send({ id })
    },
  )

  app.post(
    '/ranking-vetoes/:id/confirmation',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Confirm a veto with the number of the document',
        params: z.object({ id: z.uuid() }),
        body: z.strictObject({ document: z.string().trim().min(1).max(120) }),
        response: { 200: idAnswer },
      },
    },
    async (request) => {
      const account = wholeCityAccount(request)
      const { id } = request.params
      const by = { actor: account.id, at: clock.now() }
      const { document } = request.body
      const confirmed = await ledger.write((transaction) =>
        confirmVeto(transaction, id, { document, by: by.actor, at: by.at }),
      )
      if (!confirmed) throw new ProblemError('conflict', 'There is no such veto that waits to be confirmed')
      return { id }
    },
  )
}
