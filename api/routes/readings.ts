import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type MetricName, metricNames } from '#domain/metric.ts'
import { qualityNames } from '#domain/quality.ts'
import { idSchema, plantKinds } from '#domain/registry.ts'
import { localDayAt } from '#domain/season.ts'
import { dayMs } from '#domain/time.ts'
import { csvTime, sendCsv } from '../csv.ts'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'
import { bucketReadings } from '../readings/buckets.ts'
import { rawReadings } from '../readings/raw.ts'
import { type Stretch, stretchesAt } from '../readings/stretches.ts'
import { idParams, instantOut, instantQuery, numberCursor } from '../schemas.ts'
import type { See } from '../scope/see.ts'
import type { PlaceKind } from '../scope/visibility.ts'

/** A day of a probe that measures every twenty seconds. */
const rawLimitMax = 5_000
const rawLimitDefault = 1_000
/** A chart has fewer pixels than this. */
const bucketsMax = 5_000

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: dayMs } as const
const intervalMsMin = 60_000

const intervalQuery = z
  .string()
  .regex(/^[1-9]\d{0,3}[smhd]$/, 'a number and s, m, h or d, as 5m or 1d')
  .transform((text) => Number(text.slice(0, -1)) * unitMs[text.slice(-1) as keyof typeof unitMs])
  .refine((ms) => ms >= intervalMsMin, 'at least a minute')

const readingsQuery = z.object({
  from: instantQuery.optional().describe('Epoch milliseconds or ISO 8601; a day before `to` unless given'),
  to: instantQuery.optional().describe("Not included; the service's clock unless given"),
  interval: intervalQuery.optional().describe('Sums up over intervals, as `5m`, `1h`, `1d` (local days)'),
  format: z.enum(['json', 'csv']).default('json'),
  limit: z.coerce.number().int().min(1).max(rawLimitMax).default(rawLimitDefault),
  cursor: z.string().max(40).optional(),
})
type ReadingsQuery = z.infer<typeof readingsQuery>

const range = { metric: z.enum(metricNames), from: instantOut, to: instantOut }
const rawSchema = z.object({
  ...range,
  items: z.array(z.object({ at: instantOut, value: z.number(), quality: z.enum(qualityNames), device: z.string() })),
  next: z.string().optional(),
})
const bucketsSchema = z.object({
  ...range,
  intervalMs: z.number().int(),
  buckets: z.array(
    z.object({
      from: instantOut,
      to: instantOut,
      count: z.number().int(),
      min: z.number().optional(),
      mean: z.number().optional(),
      max: z.number().optional(),
      quality: z.object({
        good: z.number().int(),
        unknown: z.number().int(),
        suspect: z.number().int(),
        fail: z.number().int(),
      }),
    }),
  ),
})
const response = {
  200: {
    description: 'Raw readings, or buckets where an interval is asked for',
    content: {
      'application/json': { schema: z.union([rawSchema, bucketsSchema]) },
      'text/csv': { schema: z.string() },
    },
  },
}

const description =
  'Readings of the devices that stood at the place when they measured. Minimum, mean and maximum of a bucket are of ' +
  'good and unknown readings; `count` and `quality` count all.'

interface ReadingsDeps extends Pick<ApiDeps, 'ledger' | 'telemetry' | 'clock'> {
  readonly see: See
  readonly options: Pick<ApiOptions, 'timeZone'>
}

export const readingsRoutes: FastifyPluginAsyncZod<ReadingsDeps> = async (app, deps) => {
  app.get(
    '/dwellings/:id/readings',
    {
      config: { access: 'dwelling.read' },
      schema: {
        tags: ['readings'],
        summary: 'Readings of a home',
        description,
        params: idParams,
        querystring: readingsQuery.extend({ metric: z.enum(metricNames).default('indoor_temperature_c') }),
        response,
      },
    },
    async (request, reply) => {
      if (!(await deps.see(request).seesPlace('dwelling', request.params.id))) throw new ProblemError('not_found')
      return answer(deps, reply, 'dwelling', request.params.id, request.query.metric, request.query)
    },
  )

  app.get(
    '/plants/:kind/:id/readings',
    {
      config: { access: 'plant.read' },
      schema: {
        tags: ['readings'],
        summary: 'Readings of a plant',
        description,
        params: z.object({ kind: z.enum(plantKinds), id: idSchema }),
        querystring: readingsQuery.extend({ metric: z.enum(metricNames) }),
        response,
      },
    },
    async (request, reply) => {
      const { kind, id } = request.params
      if (!(await deps.see(request).seesPlace(kind, id))) throw new ProblemError('not_found')
      return answer(deps, reply, kind, id, request.query.metric, request.query)
    },
  )
}

async function answer(
  deps: ReadingsDeps,
  reply: FastifyReply,
  kind: PlaceKind,
  id: string,
  metric: MetricName,
  query: ReadingsQuery,
) {
  const to = query.to ?? deps.clock.now()
  const from = query.from ?? to - dayMs
  if (from >= to) throw new ProblemError('validation', '`from` must lie before `to`')
  const stretches = await stretchesAt(deps.ledger.db, kind, id, from, to)
  const name = `${id}-${metric}.csv`
  if (query.interval !== undefined) {
    const buckets = await summedUp(deps, stretches, metric, query.interval, from, to)
    if (query.format === 'json') return { metric, from, to, intervalMs: query.interval, buckets }
    return sendCsv(reply, name, bucketColumns, oneBatch(buckets.map(bucketRow)))
  }
  if (query.format === 'csv') return sendCsv(reply, name, rawColumns, rawRows(deps, stretches, metric, from))
  const page = await rawReadings(deps.telemetry, stretches, metric, numberCursor(query.cursor, from), query.limit)
  return { metric, from, to, items: page.items, ...(page.next !== undefined && { next: String(page.next) }) }
}

async function summedUp(
  { telemetry, options }: ReadingsDeps,
  stretches: readonly Stretch[],
  metric: MetricName,
  intervalMs: number,
  from: number,
  to: number,
) {
  const count = Math.ceil((to - from) / intervalMs)
  if (count > bucketsMax) throw new ProblemError('validation', `${count} intervals, more than ${bucketsMax}`)
  // Days begin at local midnight, and shorter intervals at full local hours.
  return bucketReadings(telemetry, stretches, metric, intervalMs, localDayAt(options.timeZone, from).beginsAt)
}

type Buckets = Awaited<ReturnType<typeof summedUp>>

const bucketColumns = ['from', 'to', 'count', 'min', 'mean', 'max', 'good', 'unknown', 'suspect', 'fail']
const bucketRow = ({ from, to, count, min, mean, max, quality }: Buckets[number]) => {
  const { good, unknown, suspect, fail } = quality
  return [csvTime(from), csvTime(to), count, min, mean, max, good, unknown, suspect, fail]
}

async function* oneBatch<T>(rows: T[]) {
  yield rows
}

const rawColumns = ['at', 'value', 'quality', 'device']

async function* rawRows({ telemetry }: ReadingsDeps, stretches: readonly Stretch[], metric: MetricName, begin: number) {
  let from: number | undefined = begin
  while (from !== undefined) {
    const page: Awaited<ReturnType<typeof rawReadings>> = await rawReadings(
      telemetry,
      stretches,
      metric,
      from,
      rawLimitMax,
    )
    yield page.items.map(({ at, value, quality, device }) => [csvTime(at), value, quality, device])
    from = page.next
  }
}
