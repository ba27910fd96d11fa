import { InfluxError } from './influx-error.ts'

/** What the server said to a write that it did not confirm. */
export interface WriteRefusal {
  readonly status: number
  /** The error text of the answer. */
  readonly text: string
}

/** Answers are shown to people. Of a long one, which quotes what was sent, begin and end say what it is about. */
const textCharsMax = 300

function shortened(text: string): string {
  if (text.length <= textCharsMax) return text
  return `${text.slice(0, textCharsMax / 2)}…${text.slice(-textCharsMax / 2)}`
}

/**
 * Texts that speak of single points. They are anchored: what follows quotes the line, and a line must not be able to
 * choose how it is judged. InfluxDB 2 puts its own words before them.
 */
const ofOnePoint = [
  /^(partial write: )?field type conflict\b/,
  /^(partial write: )?unable to parse '/,
  /^(partial write: )?max key length exceeded\b/,
  // InfluxDB 3
  /^partial write of line protocol occurred\b/,
  /^(write buffer error: )?(line protocol )?parse (error|failed)\b/,
]
const beforePointText = /^(unable to write points|failure writing points to database|write failed): /
const ofRetention = /^(partial write: )?points beyond retention policy\b/
const ofLimit = /^(partial write: )?(max-values-per-tag|max-series-per-database) limit exceeded\b/

/** Why one point is refused for what it is; undefined where the refusal is not about points, and an InfluxError says why. */
export function judgeRefusal({ status, text }: WriteRefusal, target: string): string | InfluxError {
  const said = text.replace(beforePointText, '')
  const shown = shortened(said)
  const error = (code: InfluxError['code'], hint: string) =>
    new InfluxError(code, `${target} answered ${status} to a write: ${shown || 'without a word'}. ${hint}`)
  if (status === 401 || status === 403) return error('influx_denied', 'Check the credentials and what they may do.')
  if (ofLimit.test(said)) return error('influx_limit', 'Raise the limit: "warmcity influx setup" says how.')
  if (ofRetention.test(said)) {
    return error('influx_retention', 'Keep data longer: "warmcity influx setup" sets the retention that is needed.')
  }
  if ((status === 400 || status === 422) && ofOnePoint.some((pattern) => pattern.test(said))) return shown
  if (status === 404) return error('influx_missing', 'Run "warmcity influx setup".')
  if (status === 413 || status === 429) return error('influx_limit', 'The server takes less than is sent.')
  return error('influx_failed', 'The log of the server says more.')
}
