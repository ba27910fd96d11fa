import { isMetricName } from '#domain/metric.ts'
import type { QualityCode } from '#domain/quality.ts'
import type { Sample } from '#domain/reading.ts'
import type { Latest, TelemetryReader, TelemetryUsage } from '../telemetry-store.ts'
import { connectInflux, type InfluxConnection, type InfluxSeries, type InfluxTarget } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { deviceTag, metricTag, qualityField, readingMeasurement, valueField } from './names.ts'

export interface InfluxReaderOptions {
  readonly target: InfluxTarget
  /** How long a count of everything may be given out again; it looks at every reading. */
  readonly usageMsMax?: number
}

/** Readings of one answer: its JSON is read as a whole. */
const pageRows = 50_000
const usageMsStandard = 600_000
/** A count that took too long would do so at once again. */
const failedCountMs = 60_000
/** InfluxDB counts nanoseconds in 64 bits; what lies outside cannot be asked for. */
const timeMsMax = Math.floor(9_223_372_036_854_775_000 / 1e6)

const identifier = (name: string) => `"${name}"`
/** A text in InfluxQL. */
export const literal = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
const fromReadings = `FROM ${identifier(readingMeasurement)}`

/** Answers from InfluxDB; nothing is asked before the first question. */
export function openInfluxTelemetryReader({
  target,
  usageMsMax = usageMsStandard,
}: InfluxReaderOptions): TelemetryReader {
  const connection = connectInflux(target)
  let closed = false
  let known: TelemetryUsage | undefined
  let counting: Promise<TelemetryUsage> | undefined
  let failure: unknown
  let countAgainMs = 0

  function open(): InfluxConnection {
    if (closed) throw new InfluxError('influx_closed', 'The telemetry reader is closed')
    return connection
  }

  function count(connected: InfluxConnection): Promise<TelemetryUsage> {
    const done = (againMs: number) => {
      countAgainMs = performance.now() + againMs
      counting = undefined
    }
    const usage = countAll(connected).then(
      (counted) => {
        known = counted
        done(usageMsMax)
        return counted
      },
      (error) => {
        failure = error
        done(Math.min(usageMsMax, failedCountMs))
        throw error
      },
    )
    // It may be that nobody waits for it.
    usage.catch(() => {})
    return usage
  }

  return {
    async readings(device, metric, from, to, limit) {
      const where = `WHERE ${identifier(deviceTag)} = ${literal(device)} AND ${identifier(metricTag)} = ${literal(metric)}`
      const samples: Sample[] = []
      let next = Math.max(from, -timeMsMax)
      const end = Math.min(to, timeMsMax)
      while (samples.length < limit && next < end) {
        const wanted = Math.min(pageRows, limit - samples.length)
        const series = await open().query(
          `SELECT ${identifier(valueField)}, ${identifier(qualityField)} ${fromReadings} ${where} ` +
            `AND time >= ${next}ms AND time < ${end}ms ORDER BY time LIMIT ${wanted}`,
        )
        const page = series.flatMap(samplesOf)
        for (const sample of page) samples.push(sample)
        const cut = series.some(({ partial }) => partial === true)
        if (page.length < wanted && !(cut && page.length > 0)) break
        next = (page.at(-1)?.at ?? end) + 1
      }
      return samples
    },

    async latest(device) {
      const series = await open().query(
        `SELECT last(${identifier(valueField)}) AS ${identifier(valueField)}, ${identifier(qualityField)} ` +
          `${fromReadings} WHERE ${identifier(deviceTag)} = ${literal(device)} GROUP BY ${identifier(metricTag)}`,
      )
      return series.flatMap((one): Latest[] => {
        const metric = one.tags?.[metricTag]
        const [sample] = samplesOf(one)
        return metric !== undefined && isMetricName(metric) && sample ? [{ device, metric, ...sample }] : []
      })
    },

    async usage() {
      const connected = open()
      if (!counting && performance.now() >= countAgainMs) counting = count(connected)
      // A large store is counted for longer than anybody wants to wait: the count before is nearly as good.
      if (known && usageMsMax > 0) return known
      if (counting) return counting
      if (known) return known
      throw failure
    },

    async check() {
      await open().query('SHOW MEASUREMENTS LIMIT 1')
    },

    async close() {
      closed = true
    },
  }
}

function samplesOf({ columns, values = [] }: InfluxSeries): Sample[] {
  const [time, value, quality] = ['time', valueField, qualityField].map((name) => columns.indexOf(name))
  return values.map((row) => ({
    at: Number(row[time]),
    value: Number(row[value]),
    quality: Number(row[quality]) as QualityCode,
  }))
}

async function countAll(connection: InfluxConnection): Promise<TelemetryUsage> {
  const value = identifier(valueField)
  const ask = async (what: string) => (await connection.query(`SELECT ${what} ${fromReadings}`))[0]?.values?.[0]
  const [count, first, last, bytes] = [
    await ask(`count(${value})`),
    await ask(`first(${value})`),
    await ask(`last(${value})`),
    await bytesOnDisk(connection),
  ]
  const readings = Number(count?.[1] ?? 0)
  if (first === undefined || last === undefined) return { bytes, readings }
  return { bytes, readings, oldestAt: Number(first[0]), newestAt: Number(last[0]) }
}

/** What InfluxDB 1 tells of its own files: what is merged, what waits in its log. Others do not tell: 0. */
async function bytesOnDisk(connection: InfluxConnection): Promise<number> {
  const statistics = await connection.query('SHOW STATS').catch(() => [])
  const columns: Readonly<Record<string, readonly string[]>> = {
    tsm1_filestore: ['diskBytes'],
    tsm1_wal: ['currentSegmentDiskBytes', 'oldSegmentsDiskBytes'],
  }
  let bytes = 0
  for (const { name = '', tags, columns: names, values } of statistics) {
    if (tags?.database !== connection.database) continue
    for (const column of columns[name] ?? []) bytes += Number(values?.[0]?.[names.indexOf(column)] ?? 0)
  }
  return bytes
}
