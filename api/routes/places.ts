import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { metricNames } from '#domain/metric.ts'
import { qualityNames } from '#domain/quality.ts'
import { idSchema, plantKinds } from '#domain/registry.ts'
import { localDayAt } from '#domain/season.ts'
import { dayNumber, dayText, dwellingDays } from '#store/ledger/dwelling-days.ts'
import { listFlags } from '#store/ledger/flags.ts'
import { dwellingWhereabouts, plantWhereabouts } from '#store/ledger/registry-places.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { flagSchema } from '../flag-schema.ts'
import { ProblemError } from '../problems.ts'
import { latestAt } from '../readings/latest.ts'
import { answeredRowSchemas } from '../registry/row-schemas.ts'
import { idParams, instantOut, namedWhereaboutsSchema, shownWhereabouts } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { audienceOf, principalOf } from '../security/guard.ts'

/** A season and the weeks around it. */
const daysMax = 300
/** A place has one flag for each rule, and a few rules. */
const flagsMax = 50

const devicesSchema = z.array(
  z.object({
    device: z.string(),
    since: instantOut.describe('Stands here since'),
    latest: z
      .array(
        z.object({
          metric: z.enum(metricNames),
          unit: z.string(),
          at: instantOut,
          value: z.number(),
          quality: z.enum(qualityNames),
        }),
      )
      .readonly(),
  }),
)

const daySchema = z
  .object({
    day: z.iso.date().describe('Local day'),
    device: z.string(),
    coveredMs: z.number().describe('Time that good readings speak for'),
    belowTargetMs: z.number(),
    below16Ms: z.number(),
    below12Ms: z.number(),
    deficitTargetKh: z.number().describe('Kelvin hours below the target'),
    deficit16Kh: z.number(),
    deficit12Kh: z.number(),
    minC: z.number().optional(),
    meanC: z.number().optional(),
    stale: z.boolean().describe('Late readings came: the row waits to be computed again'),
  })
  .meta({ id: 'DwellingDay' })

interface PlaceDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'clock'> {
  readonly see: See
  readonly options: Pick<ApiOptions, 'timeZone'>
}

export const placeRoutes: FastifyPluginAsyncZod<PlaceDeps> = async (app, deps) => {
  const { ledger, telemetry, clock, see, options } = deps

  app.get(
    '/dwellings/:id',
    {
      config: { access: 'dwelling.read' },
      schema: {
        tags: ['readings'],
        summary: 'A home: where it is, what its probes said last, what is wrong',
        params: idParams,
        response: {
          200: z.object({
            dwelling: answeredRowSchemas.dwelling,
            building: answeredRowSchemas.building,
            where: namedWhereaboutsSchema,
            period: answeredRowSchemas.dwelling_period.optional().describe('What holds of it now'),
            devices: devicesSchema,
            flags: z.array(flagSchema).describe('Open ones'),
          }),
        },
      },
    },
    async (request) => {
      const { id } = request.params
      const now = clock.now()
      const found = await dwellingWhereabouts(ledger.db, id, now)
      if (!found || !(await see(request).seesPlace('dwelling', id))) throw new ProblemError('not_found')
      return {
        dwelling: found.dwelling,
        building: found.building,
        where: shownWhereabouts(found),
        ...(found.period && { period: found.period }),
        devices: await latestAt(ledger.db, telemetry, { kind: 'dwelling', id }, now),
        flags: await openFlags(principalOf(request).account, 'dwelling', id),
      }
    },
  )

  app.get(
    '/dwellings/:id/days',
    {
      config: { access: 'dwelling.read' },
      schema: {
        tags: ['readings'],
        summary: 'Summaries of a home by local day, a row for each probe',
        params: idParams,
        querystring: z.object({
          from: z.iso.date().optional().describe('A month before `to` unless given'),
          to: z.iso.date().optional().describe('Included; today unless given'),
        }),
        response: { 200: z.object({ items: z.array(daySchema) }) },
      },
    },
    async (request) => {
      const { id } = request.params
      if (!(await see(request).seesPlace('dwelling', id))) throw new ProblemError('not_found')
      const { from, to } = request.query
      const lastDay = to === undefined ? localDayAt(options.timeZone, clock.now()).day : dayNumber(to)
      const firstDay = from === undefined ? lastDay - 30 : dayNumber(from)
      if (lastDay - firstDay >= daysMax) throw new ProblemError('validation', `At most ${daysMax} days at once`)
      const days = await dwellingDays(ledger.db, id, firstDay, lastDay)
      return { items: days.map(({ dwelling: _, day, ...rest }) => ({ day: dayText(day), ...rest })) }
    },
  )

  app.get(
    '/plants/:kind/:id',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['readings'],
        summary: 'A plant: where it is, what its sensors said last, what is wrong',
        params: z.object({ kind: z.enum(plantKinds), id: idSchema }),
        response: {
          200: z.object({
            kind: z.enum(plantKinds),
            id: z.string(),
            where: namedWhereaboutsSchema,
            devices: devicesSchema,
            flags: z.array(flagSchema).describe('Open ones'),
          }),
        },
      },
    },
    async (request) => {
      const { kind, id } = request.params
      const now = clock.now()
      const where = await plantWhereabouts(ledger.db, kind, id, now)
      if (!where || !(await see(request).seesPlace(kind, id))) throw new ProblemError('not_found')
      return {
        kind,
        id,
        where: shownWhereabouts(where),
        devices: await latestAt(ledger.db, telemetry, { kind, id }, now),
        flags: await openFlags(principalOf(request).account, kind, id),
      }
    },
  )

  async function openFlags(
    account: Parameters<typeof audienceOf>[0],
    kind: 'dwelling' | (typeof plantKinds)[number],
    id: string,
  ) {
    const page = await listFlags(ledger.db, { ...audienceOf(account), subject: { kind, id }, limit: flagsMax })
    return page.flags
  }
}
