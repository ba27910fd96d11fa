import { z } from 'zod'

/**
 * When a city must heat. Dates are local; times become dates only through the city's zone. Every date is data with
 * its own validity, because cities rewrite their rules.
 */
const dateSchema = z.iso.date()
const monthDaySchema = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'month and day, as 10-20')

export const seasonCalendarSchema = z.strictObject({
  /** IANA name, as Asia/Shanghai. */
  zone: z.string().min(1),
  /** First and last day by statute, from the season that begins on or after `validFrom`; newest last. */
  statute: z.array(z.strictObject({ validFrom: dateSchema, firstDay: monthDaySchema, lastDay: monthDaySchema })).min(1),
  /** What the city decided for one season: an earlier start, a later end. `season` is the year of its autumn. */
  decisions: z.array(
    z.strictObject({
      season: z.number().int(),
      firstDay: dateSchema.optional(),
      lastDay: dateSchema.optional(),
      reason: z.string().optional(),
    }),
  ),
})
export type SeasonCalendar = z.infer<typeof seasonCalendarSchema>

/** One heating season; days are local dates as days since 1970-01-01, both included. */
export interface Season {
  /** Year of its autumn. */
  readonly season: number
  readonly firstDay: number
  readonly lastDay: number
}

const epochDay = (date: Temporal.PlainDate): number => Temporal.PlainDate.from('1970-01-01').until(date).days

/** The season that begins in autumn of a year; undefined before the first statute. */
export function seasonOf(calendar: SeasonCalendar, year: number): Season | undefined {
  const begins = (entry: SeasonCalendar['statute'][number]) => Temporal.PlainDate.from(`${year}-${entry.firstDay}`)
  const statute = calendar.statute.findLast(
    (entry) => Temporal.PlainDate.compare(begins(entry), Temporal.PlainDate.from(entry.validFrom)) >= 0,
  )
  if (!statute) return undefined
  const decided = calendar.decisions.findLast((decision) => decision.season === year)
  const firstDay = decided?.firstDay ? Temporal.PlainDate.from(decided.firstDay) : begins(statute)
  const lastDay = Temporal.PlainDate.from(decided?.lastDay ?? `${year + 1}-${statute.lastDay}`)
  return { season: year, firstDay: epochDay(firstDay), lastDay: epochDay(lastDay) }
}

/** The season that a local day lies in, undefined outside of any. */
export function seasonOn(calendar: SeasonCalendar, day: number): Season | undefined {
  const { year } = Temporal.PlainDate.from('1970-01-01').add({ days: day })
  return [seasonOf(calendar, year), seasonOf(calendar, year - 1)].find(
    (season) => season !== undefined && season.firstDay <= day && day <= season.lastDay,
  )
}

/** A local day: its number since 1970-01-01, and the first instant of it and of the next, epoch milliseconds. */
export interface LocalDay {
  readonly day: number
  readonly beginsAt: number
  readonly endsAt: number
}

/** Local days from one to another, both included. */
export interface LocalDays {
  readonly fromDay: number
  readonly toDay: number
}

/** At either end of a season, days for which it matters who was late and who stopped early. */
const edgeDays = 10

/** The first and the last days of a season. */
export const seasonEdges = ({ firstDay, lastDay }: Season): { readonly start: LocalDays; readonly end: LocalDays } => ({
  start: { fromDay: firstDay, toDay: firstDay + edgeDays - 1 },
  end: { fromDay: lastDay - edgeDays + 1, toDay: lastDay },
})

export function localDayAt(zone: string, at: number): LocalDay {
  return localDayOf(zone, Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(zone).toPlainDate())
}

/** The local day with a number. */
export const localDayNumbered = (zone: string, day: number): LocalDay =>
  localDayOf(zone, Temporal.PlainDate.from('1970-01-01').add({ days: day }))

function localDayOf(zone: string, date: Temporal.PlainDate): LocalDay {
  const beginning = (day: Temporal.PlainDate) => day.toZonedDateTime(zone).epochMilliseconds
  return { day: epochDay(date), beginsAt: beginning(date), endsAt: beginning(date.add({ days: 1 })) }
}
