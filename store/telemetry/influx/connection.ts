import { HttpError, InfluxDB } from '@influxdata/influxdb-client'
import { InfluxError } from './influx-error.ts'
import type { WriteRefusal } from './write-answer.ts'

/**
 * Where readings are kept. With a bucket, InfluxDB 2's own write path is used (InfluxDB 3 has it too); with a database
 * that of InfluxDB 1. Questions are asked in InfluxQL, which all of them answer.
 */
export interface InfluxTarget {
  readonly url: string
  readonly database?: string
  readonly bucket?: string
  readonly org?: string
  readonly token?: string
  readonly user?: string
  readonly password?: string
}

export type InfluxRow = readonly (string | number | null)[]

export interface InfluxSeries {
  readonly name?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  readonly values?: readonly InfluxRow[]
  /** The server cut the answer at its own limit. */
  readonly partial?: boolean
}

export interface InfluxAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface InfluxConnection {
  /** For people: the address without credentials. */
  readonly name: string
  /** The name under which InfluxQL knows the database or bucket. */
  readonly database: string
  /** Sends lines with times in milliseconds; undefined where the server confirmed all of them. */
  write(lines: string): Promise<WriteRefusal | undefined>
  /** Asks in InfluxQL; times are epoch milliseconds. */
  query(statement: string, options?: { readonly post?: boolean }): Promise<readonly InfluxSeries[]>
  /** Rejects where nobody answers, and returns the server's version where it tells. */
  ping(): Promise<string | undefined>
  /** Any other request, for setting up. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<InfluxAnswer>
}

/** InfluxDB gives a write up after ten seconds; a stop of the service waits for twenty. */
const answerMsMax = 15_000
/** Small requests gain nothing by being packed. */
const gzipBytesMin = 1_000

/** Nothing is sent before the first call: the server may come up later. */
export function connectInflux(target: InfluxTarget): InfluxConnection {
  const { url, bucket, org, token, user, password } = target
  const database = bucket ?? target.database ?? ''
  const name = `InfluxDB at ${url}`
  const authorization: Record<string, string> = {}
  if (token === undefined && user !== undefined) authorization.authorization = basic(user, password ?? '')
  const { transport } = new InfluxDB({ url, token, timeout: answerMsMax })
  const writePath =
    bucket === undefined
      ? `/write?${new URLSearchParams({ db: database, precision: 'ms' })}`
      : `/api/v2/write?${new URLSearchParams({ org: org ?? '', bucket, precision: 'ms' })}`

  /** One request and its answer, whatever its status; rejects where none came. */
  async function send(method: string, path: string, body: string, headers: Record<string, string>, gzip?: boolean) {
    let status = 0
    let answered: InfluxAnswer['headers'] = {}
    try {
      const answer: unknown = await transport.request(
        path,
        body,
        {
          method,
          headers: { ...authorization, ...headers },
          signal: AbortSignal.timeout(answerMsMax),
          ...(gzip && { gzipThreshold: gzipBytesMin }),
        },
        (responseHeaders, statusCode) => {
          status = statusCode ?? 0
          answered = responseHeaders
        },
      )
      return { status, body: answer, headers: answered }
    } catch (error) {
      if (error instanceof HttpError) return { status: error.statusCode, body: bodyOf(error), headers: answered }
      const { message, code } = error as NodeJS.ErrnoException
      throw new InfluxError('influx_unreachable', `${name} does not answer (${code ?? message})`, error)
    }
  }

  return {
    name,
    database,
    async write(lines) {
      const { status, body } = await send(
        'POST',
        writePath,
        lines,
        { 'content-type': 'text/plain; charset=utf-8' },
        true,
      )
      return status === 204 ? undefined : { status, text: errorText(body) }
    },
    async query(statement, { post = false } = {}) {
      const parameters = String(new URLSearchParams({ db: database, epoch: 'ms', q: statement }))
      const { status, body } = post
        ? await send('POST', '/query', parameters, {
            'content-type': 'application/x-www-form-urlencoded',
            accept: 'application/json',
          })
        : await send('GET', `/query?${parameters}`, '', { accept: 'application/json' })
      const results = (body as { results?: readonly QueryResult[] } | undefined)?.results
      const failed = results?.find((result) => result.error !== undefined)?.error
      if (status === 200 && results && failed === undefined) return results.flatMap(({ series = [] }) => series)
      throw questionFailed(name, status, failed ?? errorText(body))
    },
    async ping() {
      const { status, headers } = await send('GET', '/ping', '', {})
      const version = headers['x-influxdb-version']
      if (status === 401 || status === 403) {
        throw new InfluxError('influx_denied', `${name} does not let us in (${status}). Check the credentials.`)
      }
      if (status >= 300) throw new InfluxError('influx_failed', `${name} answered ${status} to a ping`)
      return typeof version === 'string' ? version.replace(/^v/, '') : undefined
    },
    call: (method, path, body) =>
      send(method, path, body === undefined ? '' : JSON.stringify(body), { accept: 'application/json' }),
  }
}

interface QueryResult {
  readonly series?: readonly InfluxSeries[]
  readonly error?: string
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function bodyOf(error: HttpError): unknown {
  try {
    return JSON.parse(error.body ?? '')
  } catch {
    return error.body
  }
}

/** InfluxDB 1 and 3 say `error`, InfluxDB 2 `message`; whatever stands before them says plain text. */
export function errorText(body: unknown): string {
  if (typeof body === 'string') return body.trim()
  const { error, message, data } = (body ?? {}) as Record<string, unknown>
  const said = typeof error === 'string' ? error : message
  const first = Array.isArray(data) ? (data[0] as { error_message?: unknown } | undefined)?.error_message : undefined
  return [said, first].filter((part) => typeof part === 'string').join(': ')
}

function questionFailed(name: string, status: number, text: string): InfluxError {
  const said = `${name} answered ${status} to a question: ${text.slice(0, 300) || 'without a word'}`
  if (status === 401 || status === 403) return new InfluxError('influx_denied', `${said}. Check the credentials.`)
  if (/database not found|bucket .*not found|retention policy not found/i.test(text)) {
    return new InfluxError('influx_missing', `${said}. Run "warmcity influx setup".`)
  }
  return new InfluxError('influx_failed', said)
}
