import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { can, inScope } from '#domain/account.ts'
import { withoutHomes } from '#domain/few-homes.ts'
import { type RollUpFigures, rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { idSchema } from '#domain/registry.ts'
import { joinRollUps } from '#domain/roll-up-history.ts'
import { localDayAt } from '#domain/season.ts'
import {
  flagFields,
  homeFields,
  type RollUpFigure,
  type RollUpLevel,
  rollUpFigures,
  rollUpLevels,
  weatherFields,
} from '#domain/telemetry-names.ts'
import { dayMs, hourMs } from '#domain/time.ts'
import type { StoredRollUp } from '#store/telemetry/roll-up-store.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { makeOverviewPlaces, type OverviewPlace } from '../roll-ups/overview-places.ts'
import { instantOut, instantQuery } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import { principalOf } from '../security/guard.ts'

/** Two weeks of ten minutes, a season of hours. */
const pointsMax = 4_500
/** Periods that one answer may be made of: a season. */
const periodsMax = 32_000
/** A period that is written again, and what others ask meanwhile, need not be read for each of them. */
const overviewKeptMs = 5_000

const periodNames = ['10m', '1h', '1d'] as const
const levelSchema = z.enum(rollUpLevels)
const figuresSchema = z
  .partialRecord(z.enum(rollUpFigures as [RollUpFigure, ...RollUpFigure[]]), z.number())
  .describe('By the names of the fields in docs/influx.md; what is not known is absent')
const fewSchema = z
  .boolean()
  .describe('Speaks of fewer than ten measured homes, alone or by subtraction: figures of homes need `dwelling.read`')

const pointSchema = z.object({
  at: instantOut.describe('Beginning of the period'),
  periods: z.number().int().describe('Ten-minute periods that it is made of'),
  few: fewSchema,
  figures: figuresSchema,
})

const placeSchema = z
  .object({
    level: levelSchema,
    id: z.string(),
    name: z.string(),
    nameEn: z.string().optional(),
    district: z.string().optional(),
    firm: z.string().optional(),
    source: z.string().optional(),
    substation: z.string().optional(),
    few: fewSchema,
    figures: figuresSchema.describe('Homes, flags and weather; empty where the newest period has nothing of the place'),
  })
  .meta({ id: 'OverviewPlace' })

const overviewLevels = ['city', 'district', 'firm', 'source', 'substation', 'circuit'] as const satisfies RollUpLevel[]

/** Figures of homes of few places only for those who may see homes. */
const shown = (few: boolean, figures: RollUpFigures, mayHomes: boolean): RollUpFigures =>
  few && !mayHomes ? withoutHomes(figures) : figures

const ofOverview = new Set([homeFields, flagFields, weatherFields].flatMap((fields) => Object.keys(fields)))

interface RollUpDeps extends Pick<ApiDeps, 'ledger' | 'clock' | 'rollUps'> {
  readonly see: See
  readonly options: Pick<ApiOptions, 'timeZone'>
}

export const rollUpRoutes: FastifyPluginAsyncZod<RollUpDeps> = async (app, deps) => {
  const { ledger, clock, rollUps, see, options } = deps
  const config = { access: 'plant.read' } as const
  const overviewPlaces = makeOverviewPlaces(ledger.db)

  async function seesLevel(request: Parameters<See>[0], level: RollUpLevel, id: string): Promise<boolean> {
    const visibility = see(request)
    const { scope } = visibility.account
    if (level === 'firm') return inScope(scope, { territory: [], firm: id })
    if (level === 'city' || level === 'district') return visibility.holdsTerritory(id)
    return visibility.seesThing(level, id)
  }

  app.get(
    '/roll-ups/:level/:id',
    {
      config,
      schema: {
        tags: ['roll-ups'],
        summary: 'What a place was like: homes, plants, flags and weather in periods of ten minutes or longer',
        description:
          'Of longer periods, degree hours are the sum and everything else is the mean. The newest period is written a ' +
          'minute after its end, and again when late readings come for it within the hour.',
        params: z.object({ level: levelSchema, id: idSchema }),
        querystring: z.object({
          from: instantQuery.optional().describe('A day before `to` unless given'),
          to: instantQuery.optional().describe('Excluded; now unless given'),
          period: z.enum(periodNames).default('10m').describe('Hours are of the clock, days local'),
        }),
        response: {
          200: z.object({
            level: levelSchema,
            id: z.string(),
            from: instantOut,
            to: instantOut,
            items: z.array(pointSchema),
          }),
        },
      },
    },
    async (request) => {
      const { level, id } = request.params
      if (!(await seesLevel(request, level, id))) throw new ProblemError('not_found')
      const to = request.query.to ?? clock.now()
      const from = request.query.from ?? to - dayMs
      if (from >= to) throw new ProblemError('validation', '`from` must lie before `to`')
      const lengthMs = { '10m': rollUpPeriodMs, '1h': hourMs, '1d': dayMs }[request.query.period]
      if ((to - from) / lengthMs > pointsMax || (to - from) / rollUpPeriodMs > periodsMax) {
        throw new ProblemError('validation', `At most ${pointsMax} periods, and a season, at once`)
      }
      const found = (await rollUps?.rollUps(level, id, from, to, periodsMax)) ?? []
      const mayHomes = can(principalOf(request).account.role, 'dwelling.read')
      const beginOf = (at: number) =>
        request.query.period === '1d' ? localDayAt(options.timeZone, at).beginsAt : Math.floor(at / lengthMs) * lengthMs
      // Hidden first: a mean over periods of which some are hidden must not tell of them.
      const points = found.map(({ at, few, figures }) => ({ at, few, figures: shown(few, figures, mayHomes) }))
      return { level, id, from, to, items: joinRollUps(points, beginOf) }
    },
  )

  interface Newest {
    readonly at: number | undefined
    readonly byPlace: ReadonlyMap<string, StoredRollUp>
  }
  let kept: Promise<Newest> | undefined
  let keptUntilMs = 0

  async function readNewest(): Promise<Newest> {
    const at = await rollUps?.newestRollUpAt()
    const found = at === undefined ? [] : ((await rollUps?.rollUpsAt(overviewLevels, at)) ?? [])
    return { at, byPlace: new Map(found.map((rollUp) => [`${rollUp.level}/${rollUp.id}`, rollUp])) }
  }

  function newest(): Promise<Newest> {
    const now = performance.now()
    if (kept && now < keptUntilMs) return kept
    keptUntilMs = now + overviewKeptMs
    kept = readNewest()
    kept.catch(() => {
      kept = undefined
    })
    return kept
  }

  app.get(
    '/overview',
    {
      config,
      schema: {
        tags: ['roll-ups'],
        summary: 'The newest period of the city, its districts, firms and plants, as far as the account sees them',
        querystring: z.object({
          level: z
            .union([z.enum(overviewLevels), z.array(z.enum(overviewLevels))])
            .optional()
            .describe('One or several: level=district&level=firm; all unless given'),
        }),
        response: {
          200: z.object({
            at: instantOut.optional().describe('Beginning of the newest period; absent before there is one'),
            periodMs: z.number().int(),
            ageMs: z.number().int().optional().describe("Time since the period's end, by the service's clock"),
            places: z.array(placeSchema),
          }),
        },
      },
    },
    async (request) => {
      const { account } = principalOf(request)
      const mayHomes = can(account.role, 'dwelling.read')
      const wanted = new Set<RollUpLevel>([request.query.level ?? overviewLevels].flat())
      const now = clock.now()
      const { at, byPlace } = await newest()
      const places = (await overviewPlaces(now)).filter(
        ({ level, where }) => wanted.has(level) && inScope(account.scope, where),
      )
      return {
        ...(at !== undefined && { at, ageMs: Math.max(0, now - at - rollUpPeriodMs) }),
        periodMs: rollUpPeriodMs,
        places: places.map((place) => overviewPlace(place, byPlace.get(`${place.level}/${place.id}`), mayHomes)),
      }
    },
  )
}

function overviewPlace({ where: _, ...place }: OverviewPlace, rollUp: StoredRollUp | undefined, mayHomes: boolean) {
  const figures = rollUp ? shown(rollUp.few, rollUp.figures, mayHomes) : {}
  return {
    ...place,
    few: rollUp?.few ?? false,
    figures: Object.fromEntries(Object.entries(figures).filter(([name]) => ofOverview.has(name))),
  }
}
