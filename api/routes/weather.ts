import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { metrics } from '#domain/metric.ts'
import { idSchema, instantSchema } from '#domain/registry.ts'
import { dayMs } from '#domain/time.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { listWeather, recordWeather, type Weather } from '#store/ledger/weather.ts'
import type { ApiDeps } from '../deps.ts'
import { invalid, ProblemError } from '../problems.ts'
import { instantOut, instantQuery, numberCursor, pageOf, pageQuery } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

/** A month of hourly values; one short transaction. */
const entriesPerImportMax = 1_000

const kindSchema = z.enum(['observed', 'forecast'])
const [coldest, warmest] = metrics.outdoor_temperature_c.plausible

const weatherSchema = z
  .object({
    district: z.string(),
    kind: kindSchema,
    at: instantOut,
    source: z.string().describe('Where it is from'),
    outdoorTemperatureC: z.number(),
  })
  .meta({ id: 'Weather' })

interface WeatherDeps extends Pick<ApiDeps, 'ledger' | 'clock'> {
  readonly see: See
}

export const weatherRoutes: FastifyPluginAsyncZod<WeatherDeps> = async (app, { ledger, clock, see }) => {
  const tags = ['weather']

  app.get(
    '/weather/:district',
    {
      config: { access: 'plant.read' },
      schema: {
        tags,
        summary: 'Outdoor temperature of a district, oldest first',
        params: z.object({ district: idSchema }),
        querystring: pageQuery.extend({
          kind: kindSchema.default('observed'),
          from: instantQuery.optional().describe('A day before `to` unless given; for forecasts the clock'),
          to: instantQuery.optional().describe('Not included; the clock unless given; for forecasts ten days on'),
        }),
        response: { 200: pageOf(weatherSchema) },
      },
    },
    async (request) => {
      const { district } = request.params
      const { limit, cursor, kind } = request.query
      if (!(await see(request).seesPlace('district', district))) throw new ProblemError('not_found')
      const now = clock.now()
      const forecast = kind === 'forecast'
      const to = request.query.to ?? (forecast ? now + 10 * dayMs : now)
      const from = request.query.from ?? (forecast ? now : to - dayMs)
      const rows = await listWeather(ledger.db, district, kind, numberCursor(cursor, from), to, limit + 1)
      const surplus = rows[limit]
      if (!surplus) return { items: rows }
      // Several sources may tell of one time: they stay together, so that a page can go on from a time.
      const whole = rows.filter((row) => row.at < surplus.at)
      return whole.length > 0
        ? { items: whole, next: String(surplus.at) }
        : { items: rows.slice(0, limit), next: String(surplus.at + 1) }
    },
  )

  app.post(
    '/weather',
    {
      config: { access: 'weather.write' },
      schema: {
        tags,
        summary: 'Enter outdoor temperatures, observed or forecast',
        description: 'One of the same district, kind and time that was entered by the same account is corrected.',
        body: z.strictObject({
          entries: z
            .array(
              z.strictObject({
                district: idSchema,
                kind: kindSchema,
                at: instantSchema,
                outdoorTemperatureC: z.number().min(coldest).max(warmest),
              }),
            )
            .min(1)
            .max(entriesPerImportMax),
        }),
        response: { 200: z.object({ stored: z.number().int() }) },
      },
    },
    async (request) => {
      const visibility = see(request)
      const actor = principalOf(request).account.id
      const { entries } = request.body
      const districts = [...new Set(entries.map(({ district }) => district))]
      const errors: { where: string; reason: string }[] = []
      for (const district of districts) {
        const node = await currentRow(ledger.db, 'territory', district)
        if (node?.kind === 'district' && (await visibility.holdsTerritory(district))) continue
        const index = entries.findIndex((entry) => entry.district === district)
        errors.push({ where: `body/entries/${index}/district`, reason: 'is no district of your area' })
      }
      if (errors.length > 0) throw invalid(...errors)
      const rows: Weather[] = entries.map((entry) => ({ ...entry, source: `api/${actor}` }))
      await ledger.write(async (transaction) => {
        await recordWeather(transaction, rows, clock.now())
        const detail = { districts, entries: rows.length }
        await appendAudit(transaction, { at: clock.now(), actor, action: 'weather.enter', subject: 'weather', detail })
      })
      return { stored: rows.length }
    },
  )
}
