import type { TimeFormat } from '#domain/payload-mapping.ts'
import { described, type Refusal } from './codec.ts'

const isoTime =
  /^(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i
const compactTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/

/** A time as sent, in epoch milliseconds. Nanoseconds are cut off; a time without an offset is read in `zone`. */
export function readTime(value: unknown, format: TimeFormat, zone: string | undefined): number | Refusal {
  if (format === 'epoch_ms' || format === 'epoch_s') {
    const count = typeof value === 'string' && /^\d{1,16}(\.\d+)?$/.test(value) ? Number(value) : value
    if (typeof count !== 'number' || !Number.isFinite(count)) return notATime(value, format)
    return Math.round(format === 'epoch_s' ? count * 1_000 : count)
  }
  const found = (format === 'compact' ? compactTime : isoTime).exec(
    typeof value === 'number' ? String(value) : textIn(value),
  )
  if (!found) return notATime(value, format)
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = found
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  const clock = [Number(hour), Number(minute), Number(second), milliseconds] as const
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), ...clock)
  const date = new Date(local)
  // The 31st of June would roll over into July.
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() + 1 !== Number(month)) return notATime(value, format)
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return notATime(value, format)
  if (offset !== undefined) return local - offsetMs(offset)
  if (zone !== undefined) return inZone(local, zone)
  const detail = `The time ${described(value)} has no offset. Give the mapping the time zone of the device.`
  return { code: 'zone_missing', detail }
}

const textIn = (value: unknown) => (typeof value === 'string' ? value.trim() : '')

function notATime(value: unknown, format: TimeFormat): Refusal {
  return { code: 'time_invalid', detail: `${described(value)} is no time in the format ${format}.` }
}

function offsetMs(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(offset) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** Making one costs more than a thousand uses. A city's mappings name a handful of zones. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/** The moment at which clocks of the zone show this; where they show it twice, the first; where never, one hour on. */
function inZone(local: number, zone: string): number {
  const before = local - zoneOffsetMs(zone, local - 86_400_000)
  const after = local - zoneOffsetMs(zone, local + 86_400_000)
  const shows = (moment: number) => moment + zoneOffsetMs(zone, moment) === local
  if (shows(before)) return before
  return shows(after) ? after : before
}

function zoneOffsetMs(zone: string, moment: number): number {
  const formatter = formatters.get(zone) ?? makeFormatter(zone)
  const parts = Object.fromEntries(formatter.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1_000) * 1_000
}

function makeFormatter(timeZone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const
  const formatter = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formatters.set(timeZone, formatter)
  return formatter
}
