import { useQuery } from '@tanstack/react-query'
import { Tooltip } from 'antd'
import { dayMs, hourMs } from '#domain/time.ts'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type Day = Schemas['DwellingDay']

/** The season of a home as a calendar: a week a column, coloured by hours below target. */
export function SeasonCalendar({ id }: { readonly id: string }) {
  const { place } = useTexts()
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const season = policy.data?.season
  const days = useQuery(
    queryOf(
      'GET /api/v1/dwellings/{id}/days',
      { params: { id }, query: { ...(season && { from: season.firstDay }) } },
      { enabled: policy.data !== undefined },
    ),
  )
  return (
    <Answer query={days} isEmpty={({ items }) => items.length === 0} empty={<Empty text={place.noDays} />}>
      {({ items }) => <Calendar days={items} season={season ?? seasonOf(items)} />}
    </Answer>
  )
}

interface Span {
  readonly firstDay: string
  readonly lastDay: string
}

const seasonOf = (days: readonly Day[]): Span => ({
  firstDay: days[0]?.day ?? '1970-01-01',
  lastDay: days.at(-1)?.day ?? '1970-01-01',
})

/** Of several probes the coldest room speaks for the home. */
function coldestByDay(days: readonly Day[]): Map<string, Day> {
  const coldest = new Map<string, Day>()
  for (const day of days) {
    const known = coldest.get(day.day)
    if (!known || day.belowTargetMs > known.belowTargetMs) coldest.set(day.day, day)
  }
  return coldest
}

const numberOfDay = (day: string) => Date.parse(`${day}T00:00:00Z`) / dayMs
const dayOfNumber = (number: number) => new Date(number * dayMs).toISOString().slice(0, 10)
/** Monday is 0. */
const weekdayOf = (number: number) => (number + 3) % 7

/** Hours below target at which the next step of the scale begins. */
const hourSteps = [0, 0.1, 2, 6, 12, 20] as const
const stepOf = (hours: number) =>
  Math.max(
    0,
    hourSteps.findLastIndex((begin) => hours >= begin),
  )

function Calendar({ days, season }: { readonly days: readonly Day[]; readonly season: Span }) {
  const { place, app } = useTexts()
  const { number, temperature, day: dayName, month, duration } = useFormats()
  const known = coldestByDay(days)
  const first = numberOfDay(season.firstDay)
  const count = numberOfDay(season.lastDay) - first + 1
  const numbers = Array.from({ length: count }, (_, index) => first + index)
  const column = (one: number) => Math.floor((one - first + weekdayOf(first)) / 7) + 1

  const said = (name: string, day: Day | undefined) =>
    day === undefined
      ? `${dayName(name)}: ${place.noReading}`
      : [
          `${dayName(name)}: ${place.hoursBelow} ${number(day.belowTargetMs / hourMs, 1)}`,
          `${place.mean} ${day.meanC === undefined ? app.none : temperature(day.meanC)}`,
          `${place.minimum} ${day.minC === undefined ? app.none : temperature(day.minC)}`,
          `${place.covered} ${duration(day.coveredMs)}`,
        ].join(' · ')

  return (
    <div>
      <p className="soft">{place.calendarHint}</p>
      <div className="calendar-scroll">
        <ul className="calendar-days" aria-label={place.calendar}>
          {numbers
            .filter((one) => dayOfNumber(one).endsWith('-01') || one === first)
            .map((one) => (
              <li key={`month-${one}`} className="calendar-month" style={{ gridColumn: column(one), gridRow: 1 }}>
                {month(dayOfNumber(one))}
              </li>
            ))}
          {numbers.map((one) => {
            const name = dayOfNumber(one)
            const day = known.get(name)
            return (
              <li key={name} style={{ gridColumn: column(one), gridRow: weekdayOf(one) + 2 }}>
                <Tooltip title={said(name, day)}>
                  <span className="calendar-day" data-step={day ? stepOf(day.belowTargetMs / hourMs) : 'none'}>
                    <span aria-hidden>{Number(name.slice(8))}</span>
                    <span className="sr-only">{said(name, day)}</span>
                  </span>
                </Tooltip>
              </li>
            )
          })}
        </ul>
      </div>
      <ul className="legend">
        <li>{place.hoursBelow}</li>
        {hourSteps.map((begin, step) => (
          <li key={begin}>
            <span className="calendar-day" data-step={step} />
            <span>{step === 0 ? number(0) : `≥ ${number(begin, 1)}`}</span>
          </li>
        ))}
        <li>
          <span className="calendar-day" data-step="none" /> {place.noReading}
        </li>
      </ul>
    </div>
  )
}
