import type { Language } from '#domain/words.ts'

export interface Formats {
  /** A number with at most so many digits after the point. */
  number(value: number, digits?: number): string
  /** A share of 0 to 1. */
  percent(share: number, digits?: number): string
  /** Always one digit after the point: columns of temperatures stand in line. */
  temperature(celsius: number): string
  /** A value with its unit, as much after the point as the unit makes sense of. */
  quantity(value: number, unit: string): string
  dateTime(at: number): string
  /** Day and time without the year and seconds. */
  shortDateTime(at: number): string
  time(at: number): string
  date(at: number): string
  weekday(at: number): string
  duration(ms: number): string
  /** The local day of a time as YYYY-MM-DD, as the service and fields for dates take it. */
  localDay(at: number): string
  /** A local day YYYY-MM-DD, as the language writes days. */
  day(day: string): string
  /** The month of a local day, in short. */
  month(day: string): string
}

const cache = new Map<string, Formats>()

/** Makes formats once for each language and zone: making an Intl format takes longer than using it. */
export function makeFormats(language: Language, timeZone: string): Formats {
  const key = `${language} ${timeZone}`
  const known = cache.get(key) ?? newFormats(language, timeZone)
  cache.set(key, known)
  return known
}

const digitsOfUnit: Readonly<Record<string, number>> = {
  '°C': 1,
  MPa: 3,
  'm³/h': 1,
  MW: 2,
  GJ: 0,
  Hz: 1,
  '%': 0,
  m: 2,
  t: 0,
  K: 1,
  'm²': 1,
}

function newFormats(language: Language, timeZone: string): Formats {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone, hourCycle: 'h23', ...options })
    return (at: number) => format.format(at)
  }
  const clock = { hour: '2-digit', minute: '2-digit' } as const
  const dayAndMonth = { month: '2-digit', day: '2-digit' } as const
  const numbers = new Map<string, Intl.NumberFormat>()
  const numberFormat = (options: Intl.NumberFormatOptions) => {
    const key = JSON.stringify(options)
    const format = numbers.get(key) ?? new Intl.NumberFormat(locale, options)
    numbers.set(key, format)
    return format
  }
  const number = (value: number, digits = 0) => numberFormat({ maximumFractionDigits: digits }).format(value)
  // Swedish writes days as ISO 8601 does.
  const isoDay = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', ...dayAndMonth })
  const localDays = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options })
    return (day: string) => format.format(Date.parse(`${day}T00:00:00Z`))
  }
  return {
    number,
    percent: (share, digits = 1) => numberFormat({ style: 'percent', maximumFractionDigits: digits }).format(share),
    temperature: (celsius) =>
      `${numberFormat({ minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(celsius)} °C`,
    quantity(value, unit) {
      const digits = digitsOfUnit[unit] ?? 2
      const text = numberFormat({ minimumFractionDigits: Math.min(digits, 1), maximumFractionDigits: digits }).format(
        value,
      )
      return unit === '' ? text : `${text} ${unit}`
    },
    dateTime: dates({ year: 'numeric', ...dayAndMonth, ...clock, second: '2-digit' }),
    shortDateTime: dates({ ...dayAndMonth, ...clock }),
    time: dates({ ...clock, second: '2-digit' }),
    date: dates({ year: 'numeric', ...dayAndMonth }),
    weekday: dates({ weekday: 'short' }),
    localDay: (at) => isoDay.format(at),
    duration: (ms) => durationText(ms, language, number),
    day: localDays({ year: 'numeric', ...dayAndMonth }),
    month: localDays({ month: 'short' }),
  }
}

const unitNames = {
  zh: { second: ' 秒', minute: ' 分钟', hour: ' 小时', day: ' 天' },
  en: { second: ' s', minute: ' min', hour: ' h', day: ' d' },
} as const

function durationText(ms: number, language: Language, number: Formats['number']): string {
  const names = unitNames[language]
  const seconds = Math.max(0, ms / 1_000)
  if (seconds < 90) return `${number(seconds)}${names.second}`
  if (seconds < 90 * 60) return `${number(seconds / 60)}${names.minute}`
  if (seconds < 48 * 3_600) return `${number(seconds / 3_600, seconds < 10 * 3_600 ? 1 : 0)}${names.hour}`
  return `${number(seconds / 86_400, 0)}${names.day}`
}
