import { Segmented } from 'antd'
import { z } from 'zod'
import { dayMs, hourMs, minuteMs } from '#domain/time.ts'
import { useCityClock } from '../live/city-clock.tsx'
import { useTexts } from '../settings/settings.tsx'

const ranges = ['day', 'week', 'month'] as const
type Range = (typeof ranges)[number]

/** How long a history is looked at; in the URL, so that a link shows the same. */
export const rangeSearch = z.object({ range: z.enum(ranges).optional().catch(undefined) })

interface RangeTerms {
  readonly lastsMs: number
  /** Intervals that readings are summed up over; single readings where there is none. */
  readonly interval?: string
  readonly intervalMs: number
}

const rangeTerms: Readonly<Record<Range, RangeTerms>> = {
  day: { lastsMs: dayMs, intervalMs: 20 * minuteMs },
  week: { lastsMs: 7 * dayMs, interval: '30m', intervalMs: 30 * minuteMs },
  month: { lastsMs: 30 * dayMs, interval: '2h', intervalMs: 2 * hourMs },
}

/** The end of a range moves in steps of this, so that answers can be shared between moments. */
const stepMs = minuteMs

export interface ShownRange extends RangeTerms {
  readonly from: number
  readonly to: number
}

/** From when to when a range reaches now, in city time. */
export function useRange(range: Range = 'day'): ShownRange {
  const clock = useCityClock()
  const terms = rangeTerms[range]
  const to = Math.ceil(clock.now() / stepMs) * stepMs
  return { ...terms, from: to - terms.lastsMs, to }
}

interface RangeChoiceProps {
  readonly value: Range | undefined
  onChange(value: Range): void
}

export function RangeChoice({ value = 'day', onChange }: RangeChoiceProps) {
  const { app } = useTexts()
  const labels: Readonly<Record<Range, string>> = { day: app.lastDay, week: app.lastWeek, month: app.lastMonth }
  return (
    <Segmented
      aria-label={app.range}
      value={value}
      options={ranges.map((range) => ({ value: range, label: labels[range] }))}
      onChange={onChange}
    />
  )
}
