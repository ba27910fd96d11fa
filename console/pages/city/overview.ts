import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { type Answer, call } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { useRollUpAt } from '../../live/live.tsx'

export type Overview = Answer<'GET /api/v1/overview'>
export type OverviewPlace = Overview['places'][number]

/** The newest period of everything that the account sees; loaded again when the service tells of a newer one. */
export function useOverview() {
  const newest = useRollUpAt()
  const query = useQuery({ ...queryOf('GET /api/v1/overview', {}), staleTime: Number.POSITIVE_INFINITY })
  const { refetch, isFetched } = query
  const shownAt = query.data?.at
  useEffect(() => {
    if (isFetched && newest !== undefined && newest !== shownAt) void refetch()
  }, [newest, shownAt, isFetched, refetch])
  return query
}

/** Kelvin hours that all homes of the account's area lacked since local midnight. */
export function useDegreeHoursToday(overview: Overview | undefined): number | undefined {
  const places = overview?.places ?? []
  const top = topPlaces(places)
  const query = useQuery({
    queryKey: ['degree-hours-today', overview?.at, top.map(({ id }) => id)],
    enabled: overview?.at !== undefined && top.length > 0,
    async queryFn({ signal }) {
      const days = await Promise.all(
        top.map(({ level, id }) =>
          call('GET /api/v1/roll-ups/{level}/{id}', { params: { level, id }, query: { period: '1d' } }, signal),
        ),
      )
      return days.reduce((sum, { items }) => sum + (items.at(-1)?.figures.degree_hours_below_target ?? 0), 0)
    },
  })
  return query.data
}

/** The places that together are all that the account sees: the city, else its districts, else its circuits. */
export function topPlaces(places: readonly OverviewPlace[]): readonly OverviewPlace[] {
  for (const level of ['city', 'district', 'firm', 'circuit'] as const) {
    const found = places.filter((place) => place.level === level)
    if (found.length > 0) return found
  }
  return []
}

/** Of a place, the share of measured homes that are below target; undefined where that is not known. */
export function coldShare({ figures }: OverviewPlace): number | undefined {
  const { dwellings_measured: measured, dwellings_below_target: below } = figures
  return measured === undefined || below === undefined || measured === 0 ? undefined : below / measured
}
