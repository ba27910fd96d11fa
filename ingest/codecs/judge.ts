import { isMetricName, type MetricName, metrics } from '#domain/metric.ts'
import { dayMs, minuteMs } from '#domain/time.ts'
import { described, type Refusal, shortened } from './codec.ts'

/** Clocks of gateways drift; more than this ahead is a wrong clock. */
const aheadMsMax = 5 * minuteMs
/** How long raw readings are kept: an older one would be dropped as soon as it is stored. */
const ageMsMax = 30 * dayMs

/** Why a reading of time `at` (epoch milliseconds) is not taken at `receivedAt`; undefined where it is. */
export function judgeTime(at: number, receivedAt: number): Refusal | undefined {
  if (at <= receivedAt + aheadMsMax && at >= receivedAt - ageMsMax) return undefined
  const hint = unitHint(at, receivedAt)
  const times = `${isoTime(at)}, received ${isoTime(receivedAt)}`
  if (at > receivedAt) {
    return { code: 'time_ahead', detail: `More than 5 minutes ahead (${times}).${hint || " Set the gateway's clock."}` }
  }
  return {
    code: 'time_too_old',
    detail: `More than 30 days old (${times}).${hint || ' Raw readings are kept 30 days.'}`,
  }
}

/** Counts in another unit are the usual reason for a time that is far off. */
function unitHint(at: number, receivedAt: number): string {
  const fits = (time: number) => time <= receivedAt + aheadMsMax && time >= receivedAt - ageMsMax
  if (fits(at * 1_000)) return ' epoch seconds? "at" counts milliseconds.'
  if (fits(at / 1_000)) return ' epoch microseconds? "at" counts milliseconds.'
  return ''
}

function isoTime(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}

const nameList = Object.keys(metrics)

export function unknownMetric(name: string): Refusal {
  const close = closestName(name)
  const advice = close ? `Did you mean "${close}"?` : 'The names are listed in the MQTT reference.'
  return { code: 'unknown_metric', detail: `"${shortened(name)}" is no metric. ${advice}` }
}

/** A metric whose name differs in case, separators or unit, the usual mistakes. */
function closestName(name: string): MetricName | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const wanted = plain(name.slice(0, 100))
  if (wanted.length < 4) return undefined
  return nameList
    .filter(isMetricName)
    .find((known) => plain(known).startsWith(wanted) || wanted.startsWith(plain(known)))
}

export function notANumber(metric: string, value: unknown): Refusal {
  const advice =
    typeof value === 'boolean' ? 'Send 1 or 0.' : 'Send a number without quotes, or leave out what was not measured.'
  return { code: 'not_a_number', detail: `${shortened(metric)} is ${described(value)}, not a number. ${advice}` }
}
