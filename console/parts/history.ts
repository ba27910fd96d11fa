import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { MetricName } from '#domain/metric.ts'
import { minuteMs } from '#domain/time.ts'
import { type Answer, call } from '../api/client.ts'
import type { ShownRange } from './range.tsx'

type Point = readonly [at: number, value: number]

/** What a place measured of one metric: usable values, and those that are doubtful. */
export interface History {
  readonly points: readonly Point[]
  readonly suspect: readonly Point[]
  readonly failed: readonly Point[]
}

/** A history is looked at while it goes on. */
const againMs = 20_000
/** Single readings in one request; a probe that measures every twenty seconds fills it in a day. */
const readingsMax = 5_000

export type HistoryPlace =
  | { readonly kind: 'dwelling'; readonly id: string }
  | { readonly kind: 'source' | 'substation' | 'circuit'; readonly id: string }

/** The history of a metric at a place over a range. */
export const historyOf = (place: HistoryPlace, metric: MetricName, range: ShownRange) =>
  queryOptions({
    queryKey: ['history', place.kind, place.id, metric, range.lastsMs, Math.floor(range.to / (5 * minuteMs))],
    queryFn: async ({ signal }) => historyIn(await readings(place, metric, range, signal)),
    refetchInterval: againMs,
    placeholderData: keepPreviousData,
  })

function readings(place: HistoryPlace, metric: MetricName, { from, to, interval }: ShownRange, signal: AbortSignal) {
  const query = {
    metric,
    from: String(from),
    to: String(to),
    ...(interval === undefined ? { limit: readingsMax } : { interval }),
  }
  if (place.kind === 'dwelling') {
    return call('GET /api/v1/dwellings/{id}/readings', { params: { id: place.id }, query }, signal)
  }
  return call('GET /api/v1/plants/{kind}/{id}/readings', { params: { kind: place.kind, id: place.id }, query }, signal)
}

function historyIn(answer: Answer<'GET /api/v1/dwellings/{id}/readings'>): History {
  if ('buckets' in answer) {
    const known = answer.buckets.filter(({ mean }) => mean !== undefined)
    return { points: known.map(({ from, to, mean = 0 }) => [(from + to) / 2, mean]), suspect: [], failed: [] }
  }
  const of = (...qualities: readonly string[]): Point[] =>
    answer.items.filter(({ quality }) => qualities.includes(quality)).map(({ at, value }) => [at, value])
  return { points: of('good', 'unknown'), suspect: of('suspect'), failed: of('fail') }
}

/** Mean indoor temperature of the measured homes of a building over a range, as it was rolled up. */
export const buildingMeanOf = (building: string, range: ShownRange) =>
  queryOptions({
    queryKey: ['building-mean', building, range.lastsMs, Math.floor(range.to / (5 * minuteMs))],
    async queryFn({ signal }): Promise<readonly Point[]> {
      const period = range.interval === undefined ? '10m' : '1h'
      const { items } = await call(
        'GET /api/v1/roll-ups/{level}/{id}',
        {
          params: { level: 'building', id: building },
          query: { from: String(range.from), to: String(range.to), period },
        },
        signal,
      )
      return items.flatMap(({ at, figures }) =>
        figures.indoor_mean_c === undefined ? [] : [[at, figures.indoor_mean_c] as const],
      )
    },
    placeholderData: keepPreviousData,
  })

/** Values of a district's weather in one request, and requests for one picture. */
const weatherLimit = 500
const weatherPagesMax = 8

/** Outdoor temperature of a district over a range. */
export const outdoorOf = (district: string | undefined, range: ShownRange) =>
  queryOptions({
    queryKey: ['outdoor', district, range.lastsMs, Math.floor(range.to / (5 * minuteMs))],
    enabled: district !== undefined,
    async queryFn({ signal }): Promise<readonly Point[]> {
      const points: Point[] = []
      let cursor: string | undefined
      for (let page = 0; page < weatherPagesMax; page += 1) {
        const query = {
          from: String(range.from),
          to: String(range.to),
          limit: weatherLimit,
          ...(cursor !== undefined && { cursor }),
        }
        const answer = await call(
          'GET /api/v1/weather/{district}',
          { params: { district: district ?? '' }, query },
          signal,
        )
        points.push(...answer.items.map(({ at, outdoorTemperatureC }) => [at, outdoorTemperatureC] as const))
        cursor = answer.next
        if (cursor === undefined) break
      }
      return points
    },
    placeholderData: keepPreviousData,
  })
