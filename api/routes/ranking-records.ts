import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { exclusionKinds, exclusionPlaceKinds, exclusionStates } from '#domain/ranking-exclusion.ts'
import { importedMeasures } from '#domain/ranking-method.ts'
import { idSchema } from '#domain/registry.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import {
  decideExclusion,
  type Exclusion,
  exclusionsOn,
  findExclusion,
  proposeExclusion,
} from '#store/ledger/ranking-exclusions.ts'
import { enterRankingFigures, rankingFigures } from '#store/ledger/ranking-figures.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { invalid, ProblemError } from '../problems.ts'
import { checkPeriod, dateIn, evidenceText } from '../ranking/shapes.ts'
import { instantOut } from '../schemas.ts'
import type { Visibility } from '../scope/visibility.ts'
import { principalOf } from '../security/guard.ts'
import type { RankingDeps } from './rankings.ts'

/** Every measure of every firm of a large city. */
const inputsPerImportMax = 1_000

const exclusionSchema = z
  .object({
    id: z.string(),
    kind: z.enum(exclusionKinds),
    placeKind: z.enum(exclusionPlaceKinds),
    place: z.string(),
    from: z.string(),
    to: z.string(),
    evidence: z.string(),
    proposedBy: z.string(),
    proposedAt: instantOut,
    state: z.enum(exclusionStates),
    decidedBy: z.string().optional(),
    decidedAt: instantOut.optional(),
    decision: z.string().optional(),
  })
  .meta({ id: 'RankingExclusion' })

const figureSchema = z
  .object({
    firm: z.string(),
    territory: z.string(),
    measure: z.enum(importedMeasures),
    value: z.number(),
    evidence: z.string(),
    enteredBy: z.string(),
    enteredAt: instantOut,
  })
  .meta({ id: 'RankingFigure' })

const shownExclusion = ({ fromDay, toDay, ...exclusion }: Exclusion): z.infer<typeof exclusionSchema> => ({
  ...exclusion,
  from: dayText(fromDay),
  to: dayText(toDay),
})

export const rankingRecordRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['ranking']
  const claim = { access: 'ranking.claim' } as const
  const publish = { access: 'ranking.publish' } as const

  const seesPlace = (visibility: Visibility, { placeKind, place }: Pick<Exclusion, 'placeKind' | 'place'>) =>
    visibility.seesThing(placeKind, place)

  app.post(
    '/ranking-inputs',
    {
      config: publish,
      schema: {
        tags,
        summary: 'Import figures of firms from systems of their own',
        description:
          'One for the same firm, measure, territory and days corrects an earlier one; both are kept. What is never imported is not assessed.',
        body: z.strictObject({
          territory: idSchema,
          from: dateIn,
          to: dateIn,
          evidence: evidenceText,
          figures: z
            .array(
              z.strictObject({ firm: idSchema, measure: z.enum(importedMeasures), value: z.number().min(0).max(1e6) }),
            )
            .min(1)
            .max(inputsPerImportMax),
        }),
        response: { 200: z.object({ stored: z.number().int() }) },
      },
    },
    async (request) => {
      const { territory, from, to, evidence, figures } = request.body
      const days = checkPeriod({ from, to }, 'body')
      const node = await currentRow(ledger.db, 'territory', territory)
      if (!node || !(await see(request).holdsTerritory(territory))) throw new ProblemError('not_found')
      const errors: { where: string; reason: string }[] = []
      for (const [index, { firm }] of figures.entries()) {
        if (await currentRow(ledger.db, 'firm', firm)) continue
        errors.push({ where: `body/figures/${index}/firm`, reason: 'is no firm of the registry' })
      }
      if (errors.length > 0) throw invalid(...errors)
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      await ledger.write((transaction) =>
        enterRankingFigures(transaction, { territory, ...days, evidence, figures }, by),
      )
      return { stored: figures.length }
    },
  )

  app.get(
    '/ranking-inputs',
    {
      config: publish,
      schema: {
        tags,
        summary: 'The imported figures that count for exactly these days and this territory',
        querystring: z.object({ territory: idSchema, from: dateIn, to: dateIn }),
        response: { 200: z.object({ items: z.array(figureSchema) }) },
      },
    },
    async (request) => {
      const { territory, ...period } = request.query
      if (!(await see(request).holdsTerritory(territory))) throw new ProblemError('not_found')
      const found = await rankingFigures(ledger.db, territory, checkPeriod(period, 'querystring'))
      return { items: found.map(({ fromDay: _from, toDay: _to, ...figure }) => figure) }
    },
  )

  app.get(
    '/ranking-exclusions',
    {
      config: claim,
      schema: {
        tags,
        summary: 'Days of places that are, or should be, left out, with who proposed and who decided',
        querystring: z.object({ from: dateIn, to: dateIn }),
        response: { 200: z.object({ items: z.array(exclusionSchema) }) },
      },
    },
    async (request) => {
      const visibility = see(request)
      const items: z.infer<typeof exclusionSchema>[] = []
      for (const exclusion of await exclusionsOn(ledger.db, checkPeriod(request.query, 'querystring'))) {
        if (await seesPlace(visibility, exclusion)) items.push(shownExclusion(exclusion))
      }
      return { items }
    },
  )

  app.post(
    '/ranking-exclusions',
    {
      config: claim,
      schema: {
        tags,
        summary: 'Propose to leave days of a home, a building or a circuit out',
        description: 'It counts once somebody else with the right to confirm has decided so.',
        body: z.strictObject({
          kind: z.enum(exclusionKinds),
          placeKind: z.enum(exclusionPlaceKinds),
          place: idSchema,
          from: dateIn,
          to: dateIn,
          evidence: evidenceText,
        }),
        response: { 201: exclusionSchema },
      },
    },
    async (request, reply) => {
      const { from, to, ...proposed } = request.body
      const days = checkPeriod({ from, to }, 'body')
      if (!(await seesPlace(see(request), proposed))) throw new ProblemError('not_found')
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      const exclusion = await ledger.write((transaction) =>
        proposeExclusion(transaction, { ...proposed, ...days, proposedBy: by.actor, proposedAt: by.at }),
      )
      return reply.code(201).send(shownExclusion(exclusion))
    },
  )

  app.post(
    '/ranking-exclusions/:id/decision',
    {
      config: { access: 'ranking.confirm' },
      schema: {
        tags,
        summary: 'Confirm or refuse an exclusion that somebody else proposed',
        params: z.object({ id: z.uuid() }),
        body: z.strictObject({ state: z.enum(['confirmed', 'refused']), decision: evidenceText }),
        response: { 200: exclusionSchema },
      },
    },
    async (request) => {
      const exclusion = await findExclusion(ledger.db, request.params.id)
      if (!exclusion || !(await seesPlace(see(request), exclusion))) throw new ProblemError('not_found')
      const by = { actor: principalOf(request).account.id, at: clock.now() }
      if (exclusion.proposedBy === by.actor) throw new ProblemError('conflict', 'Somebody else must decide it')
      const { state, decision } = request.body
      const verdict = { state, decision, by: by.actor, at: by.at }
      const decided = await ledger.write((transaction) => decideExclusion(transaction, exclusion, verdict))
      if (!decided) throw new ProblemError('conflict', 'It was decided already')
      return shownExclusion({ ...exclusion, state, decision, decidedBy: by.actor, decidedAt: by.at })
    },
  )
}
