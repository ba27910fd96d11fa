import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { idSchema } from '#domain/registry.ts'
import { localDayAt, localDayNumbered, seasonEdges, seasonOf, seasonOn } from '#domain/season.ts'
import { hourMs } from '#domain/time.ts'
import { shutCircuits, supplyOpenings } from '#store/ledger/circuit-supply.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { districtsOf } from '#store/ledger/ranking-inputs.ts'
import { currentRow } from '#store/ledger/registry-lookups.ts'
import { ProblemError } from '../problems.ts'
import { afterDays, trialDays } from '../ranking/supply-days.ts'
import { instantOut } from '../schemas.ts'
import type { RankingDeps } from './rankings.ts'

const circuitsMax = 200

const openingSchema = z
  .object({
    rates: z.array(z.number().nullable()).describe('Hour by hour from `from` on; null where nothing was read'),
    heatedAreaM2: z.number(),
    missedHours: z.number().describe('Hours within the season in which the average square metre was shut'),
  })
  .meta({ id: 'ValveOpening' })
const ofFirm = z.object({ firm: z.string(), name: z.string().optional(), nameEn: z.string().optional() })
const ofDistrict = z.object({ district: z.string(), name: z.string().optional(), nameEn: z.string().optional() })

/** How the city opens at the beginning of a season and shuts at its end, hour by hour. */
export const heatingOpeningRoutes: FastifyPluginAsyncZod<RankingDeps> = async (app, { ledger, clock, options }) => {
  const { season: calendar } = options.policy

  app.get(
    '/heating-opening',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['ranking'],
        summary: 'Area-weighted valve-opening rate, hour by hour, of the city, its firms and districts',
        description:
          'From the hot trial run to the tenth day of the season, or from its tenth last day to some days after its end. A circuit is open in an hour when it was heard, had flow and useful supply temperature at some time in it; only circuits with plant sensors count.',
        querystring: z.object({
          territory: idSchema,
          season: z.coerce
            .number()
            .int()
            .min(1950)
            .max(2150)
            .optional()
            .describe('Year of its autumn; the present one'),
          edge: z.enum(['start', 'end']).default('start'),
        }),
        response: {
          200: z.object({
            season: z.number().int(),
            statutoryFirst: z.string(),
            statutoryLast: z.string(),
            from: instantOut,
            city: openingSchema,
            firms: z.array(openingSchema.extend(ofFirm.shape)),
            districts: z.array(openingSchema.extend(ofDistrict.shape)),
            circuits: z
              .array(
                z.object({
                  circuit: z.string(),
                  firm: z.string(),
                  district: z.string(),
                  homes: z.number().int(),
                  heatedAreaM2: z.number(),
                  hours: z.number().int(),
                  openHours: z.number().int(),
                }),
              )
              .describe('Circuits that were late or stopped early, by area and hours, the most first'),
          }),
        },
      },
    },
    async (request) => {
      const { territory, edge } = request.query
      const node = await currentRow(ledger.db, 'territory', territory)
      if (node?.kind !== 'city' && node?.kind !== 'district') throw new ProblemError('not_found')
      const season = request.query.season === undefined ? present() : seasonOf(calendar, request.query.season)
      if (!season) throw new ProblemError('not_found')
      const within = seasonEdges(season)[edge]
      const shown = {
        fromDay: within.fromDay - (edge === 'start' ? trialDays : 0),
        toDay: within.toDay + (edge === 'end' ? afterDays : 0),
      }
      const districts = await districtsOf(ledger.db, territory)
      const days = await supplyOpenings(ledger.db, { ...shown, districts })
      const opening = (some: typeof days) => openingOf(some, shown, within)
      const firms = []
      for (const [firm, ofFirmDays] of Map.groupBy(days, (row) => row.firm)) {
        const row = await currentRow(ledger.db, 'firm', firm)
        firms.push({ firm, ...named(row), ...opening(ofFirmDays) })
      }
      const byDistrict = []
      for (const [district, ofDistrictDays] of Map.groupBy(days, (row) => row.district)) {
        const row = await currentRow(ledger.db, 'territory', district)
        byDistrict.push({ district, ...named(row), ...opening(ofDistrictDays) })
      }
      return {
        season: season.season,
        statutoryFirst: dayText(season.firstDay),
        statutoryLast: dayText(season.lastDay),
        from: localDayNumbered(calendar.zone, shown.fromDay).beginsAt,
        city: opening(days),
        firms: firms.sort((left, right) => right.missedHours - left.missedHours),
        districts: byDistrict.sort((left, right) => right.missedHours - left.missedHours),
        circuits: await shutCircuits(ledger.db, { ...within, districts }, circuitsMax),
      }
    },
  )

  /** The season that is, or the one that comes next. */
  function present() {
    const { day } = localDayAt(calendar.zone, clock.now())
    const { year } = Temporal.PlainDate.from('1970-01-01').add({ days: day })
    return seasonOn(calendar, day) ?? seasonOf(calendar, year)
  }

  type Days = { readonly fromDay: number; readonly toDay: number }
  type OpeningDay = Awaited<ReturnType<typeof supplyOpenings>>[number]

  /** Rates of every hour of the days that are shown, and what was missed on those that count. */
  function openingOf(rows: readonly OpeningDay[], shown: Days, within: Days) {
    const rates: (number | null)[] = []
    let missedHours = 0
    let area = 0
    const byDay = Map.groupBy(rows, ({ day }) => day)
    for (let day = shown.fromDay; day <= shown.toDay; day += 1) {
      const { beginsAt, endsAt } = localDayNumbered(calendar.zone, day)
      const ofDay = byDay.get(day) ?? []
      const whole = ofDay.reduce((sum, { areaTenths }) => sum + areaTenths, 0)
      if (whole > 0) area = whole / 10
      for (let hour = 0; hour < (endsAt - beginsAt) / hourMs; hour += 1) {
        const isRead = whole > 0 && ofDay.every(({ openTenths }) => hour < openTenths.length)
        const open = ofDay.reduce((sum, { openTenths }) => sum + (openTenths[hour] ?? 0), 0)
        rates.push(isRead ? Math.round((open / whole) * 10_000) / 10_000 : null)
        if (isRead && day >= within.fromDay && day <= within.toDay) missedHours += 1 - open / whole
      }
    }
    return { rates, heatedAreaM2: area, missedHours: Math.round(missedHours * 100) / 100 }
  }
}

const named = (row: { readonly name: string; readonly name_en?: string | undefined } | undefined) => ({
  ...(row && { name: row.name }),
  ...(row?.name_en !== undefined && { nameEn: row.name_en }),
})
