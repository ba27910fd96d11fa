import { type MetricName, metrics } from '#domain/metric.ts'
import { minuteMs } from '#domain/time.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { probeId } from '../support/watched-city.ts'

/**
 * A scenario is a text: what the probes of one home and the sensors of its circuit measured, and what the watch says
 * of it. Times are hours and minutes from the start. See README.md beside.
 */
export interface Scenario {
  readonly start: number
  readonly samplingMs: number
  readonly reportingMs: number
  readonly toleranceK: number
  readonly probes: number
  readonly contract: 'heated' | 'suspended' | 'notConnected'
  readonly records: readonly WatchRecord[]
  readonly expected: readonly string[]
}

interface Series {
  readonly device: string
  readonly metric: MetricName
  readonly fromMs: number
  readonly everyMs: number
  /** When they come, where that is not a second after they are measured. */
  readonly receivedMs?: number
  readonly values: readonly (number | undefined)[]
}

interface Span {
  readonly from: number
  readonly to: number
}

const durationOf = (text: string): number => {
  const match = /^(\d+)(s|m|h)$/.exec(text)
  if (!match) throw new Error(`"${text}" is not a duration such as 20m`)
  return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 's' | 'm' | 'h']
}

const offsetOf = (text: string): number => {
  const match = /^(\d+):(\d\d)(?::(\d\d))?$/.exec(text)
  if (!match) throw new Error(`"${text}" is not a time from the start such as 02:40`)
  return (Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0)) * 1000
}

/** 02:40, for comparison with what is expected. */
export function offsetText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const part = (value: number) => String(value).padStart(2, '0')
  const whole = `${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}`
  return seconds % 60 === 0 ? whole : `${whole}:${part(seconds % 60)}`
}

/** "20.1 19.6x8 _ 20-0.5x4": a value, eight times a value, nothing, a value and four more each half a degree less. */
export function valuesOf(text: string): (number | undefined)[] {
  return text
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const match = /^(_|-?\d+(?:\.\d+)?)(?:([+-]\d+(?:\.\d+)?))?(?:x(\d+))?$/.exec(word)
      if (!match) throw new Error(`"${word}" is not a value such as 19.6, 19.6x8, _ or 20-0.5x4`)
      const [, first = '_', step, times = '1'] = match
      if (first === '_') return Array.from({ length: Number(times) }, () => undefined)
      const count = step === undefined ? Number(times) : Number(times) + 1
      const value = (index: number) => Math.round((Number(first) + index * Number(step ?? 0)) * 100) / 100
      return Array.from({ length: count }, (_, index) => value(index))
    })
}

export function parseScenario(text: string): Scenario {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
  const expectAt = lines.indexOf('expect')
  if (expectAt < 0) throw new Error('A scenario ends with "expect" and what is expected')
  const settings = new Map<string, string>()
  const series: Series[] = []
  const down: Span[] = []
  const catchingUp: Span[] = []
  for (const line of lines.slice(0, expectAt).filter(Boolean)) {
    const measured = line.indexOf(': ')
    if (measured >= 0) series.push(seriesOf(line.slice(0, measured), line.slice(measured + 2), settings))
    else {
      const [word = '', ...rest] = line.split(/\s+/)
      if (word === 'down' || word === 'catching-up') {
        const [from = '', to = ''] = rest
        ;(word === 'down' ? down : catchingUp).push({ from: offsetOf(from), to: offsetOf(to) })
      } else settings.set(word, rest.join(' '))
    }
  }
  const start = Date.parse(settings.get('start') ?? '2026-01-15T00:00:00+08:00')
  return {
    start,
    samplingMs: durationOf(settings.get('every') ?? '10m'),
    reportingMs: durationOf(settings.get('reporting') ?? settings.get('every') ?? '10m'),
    toleranceK: Number(settings.get('tolerance') ?? 0.3),
    probes: Number(settings.get('probes') ?? 1),
    contract: (settings.get('contract') ?? 'heated') as Scenario['contract'],
    records: recordsOf(start, series, down, catchingUp, offsetOf(settings.get('until') ?? '0:00')),
    expected: lines.slice(expectAt + 1).filter(Boolean),
  }
}

/** "indoor from 01:00 received 05:00", "indoor/1", "secondary_flow_m3h every 1m". */
function seriesOf(head: string, values: string, settings: ReadonlyMap<string, string>): Series {
  const [name = '', ...options] = head.split(/\s+/)
  const option = (word: string) => (options.includes(word) ? options[options.indexOf(word) + 1] : undefined)
  const [sensor = '', probe] = name.split('/')
  const metric = (sensor === 'indoor' ? 'indoor_temperature_c' : sensor) as MetricName
  if (!(metric in metrics)) throw new Error(`"${sensor}" is not a metric`)
  const received = option('received')
  return {
    device: sensor === 'indoor' ? probeId(0, Number(probe ?? 0)) : 'M-0',
    metric,
    fromMs: offsetOf(option('from') ?? '0:00'),
    everyMs: durationOf(option('every') ?? settings.get('every') ?? '10m'),
    ...(received !== undefined && { receivedMs: offsetOf(received) }),
    values: valuesOf(values),
  }
}

function recordsOf(start: number, series: readonly Series[], down: Span[], catchingUp: Span[], until: number) {
  const arrivals = series.flatMap(({ device, metric, fromMs, everyMs, receivedMs, values }) =>
    values.flatMap((value, index) => {
      const at = fromMs + index * everyMs
      return value === undefined ? [] : [{ device, metric, at, value, received: receivedMs ?? at + 1_000 }]
    }),
  )
  arrivals.sort((left, right) => left.received - right.received)
  const inside = (spans: readonly Span[], at: number) => spans.some(({ from, to }) => at >= from && at < to)
  const end = Math.max(until, ...arrivals.map(({ received }) => received))
  const records: WatchRecord[] = []
  let started = true
  for (let at = 0; at <= end; at += minuteMs) {
    if (inside(down, at)) started = true
    else {
      records.push({ kind: 'tick', at: start + at, started, catchingUp: inside(catchingUp, at) })
      started = false
    }
    while (arrivals[0] && arrivals[0].received < at + minuteMs) {
      const { device, metric, at: readAt, value, received } = arrivals.shift() as (typeof arrivals)[number]
      const times = { at: start + readAt, receivedAt: start + received }
      records.push({ kind: 'reading', device, gateway: 'G-0', metric, value, ...times })
    }
  }
  return records
}
