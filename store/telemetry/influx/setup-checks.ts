import type { InfluxConnection, InfluxSeries } from './connection.ts'

/**
 * Limits of an InfluxDB 1 that a city reaches, each with what to write into its configuration. The first two hold for
 * the index in memory alone, which is the standard, and which not every version tells.
 */
export async function checkInfluxOne(connection: InfluxConnection): Promise<string[]> {
  const diagnostics = await connection.query('SHOW DIAGNOSTICS')
  const settings = rowOf(diagnostics.find(({ name }) => name === 'config-data'))
  const advice: string[] = []
  const valuesMax = Number(settings.get('max-values-per-tag') ?? 0)
  if (valuesMax > 0) {
    advice.push(
      `max-values-per-tag is ${valuesMax}: readings of the ${valuesMax + 1}st device and all after it would be refused. ` +
        'For more devices set index-version = "tsi1", which has no such limit, or max-values-per-tag = 0 in [data].',
    )
  }
  const seriesMax = Number(settings.get('max-series-per-database') ?? 0)
  if (seriesMax > 0) {
    advice.push(
      `max-series-per-database is ${seriesMax}: every metric of every device is a series. ` +
        'For more set index-version = "tsi1", which has no such limit, or max-series-per-database = 0 in [data].',
    )
  }
  const syncDelay = String(settings.get('wal-fsync-delay') ?? '0s')
  if (syncDelay !== '0s') {
    advice.push(
      `wal-fsync-delay is ${syncDelay}: a power cut loses readings that were confirmed. Set wal-fsync-delay = "0s" in [data].`,
    )
  }
  return [...advice, ...(await indexAdvice(connection))]
}

async function indexAdvice(connection: InfluxConnection): Promise<string[]> {
  const statistics = await connection.query('SHOW STATS')
  const shards = statistics.filter(({ name, tags }) => name === 'shard' && tags?.database === connection.database)
  const types = new Set(shards.map(({ tags }) => tags?.indexType))
  const change = 'Set index-version = "tsi1" in [data]; shards that exist are converted with influx_inspect buildtsi.'
  if (types.has('inmem')) {
    return [`The index of some shards is held in memory (inmem): millions of series will not fit. ${change}`]
  }
  if (types.size === 0 || types.has(undefined)) {
    return [`This server does not tell its index type, and before 2.0 the standard is inmem, in memory. ${change}`]
  }
  return []
}

function rowOf(series: InfluxSeries | undefined): Map<string, string | number | null> {
  const row = series?.values?.[0] ?? []
  return new Map((series?.columns ?? []).map((name, place) => [name, row[place] ?? null]))
}
