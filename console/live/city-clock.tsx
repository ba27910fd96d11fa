import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { call, type Schemas } from '../api/client.ts'
import { useSettings } from '../settings/settings.tsx'

type Time = Schemas['Time']

interface CityClock {
  /** What the service last told of its clock; undefined until it has. */
  readonly time?: Time
  /** City time now, epoch milliseconds. */
  now(): number
  setTime(time: Time): void
}

const CityClockContext = createContext<CityClock | undefined>(undefined)

/** The service's clock may be moved by hand and changes its pace when history has filled in. */
const askMs = 10_000

/** Tells the city's time to every page, in step with the service. */
export function CityClockProvider({ children }: { readonly children: ReactNode }) {
  const { setTimeZone } = useSettings()
  const [told, setTold] = useState<{ time: Time; at: number }>()
  const { data } = useQuery({
    queryKey: ['time'],
    queryFn: ({ signal }) => call('GET /api/v1/time', {}, signal),
    refetchInterval: askMs,
    refetchIntervalInBackground: true,
  })
  useEffect(() => {
    if (data) setTold({ time: data, at: Date.now() })
  }, [data])
  useEffect(() => {
    if (told) setTimeZone(told.time.timeZone)
  }, [told, setTimeZone])

  const setTime = useCallback((time: Time) => setTold({ time, at: Date.now() }), [])
  const clock = useMemo<CityClock>(
    () => ({
      ...(told && { time: told.time }),
      now: () => (told ? told.time.now + (Date.now() - told.at) * told.time.speed : Date.now()),
      setTime,
    }),
    [told, setTime],
  )
  return <CityClockContext value={clock}>{children}</CityClockContext>
}

export function useCityClock(): CityClock {
  const clock = useContext(CityClockContext)
  if (!clock) throw new Error('the city clock is asked for outside of its provider')
  return clock
}

/** City time, told anew every so often. */
export function useCityNow(everyMs = 1_000): number {
  const clock = useCityClock()
  const [now, setNow] = useState(clock.now)
  useEffect(() => {
    setNow(clock.now())
    const timer = setInterval(() => setNow(clock.now()), everyMs)
    return () => clearInterval(timer)
  }, [clock, everyMs])
  return now
}
