import type { LedgerDb, LedgerTransaction } from './database.ts'
import { perStatement } from './statement-rows.ts'

export interface WeatherTables {
  weather: {
    district: string
    kind: string
    at: number
    source: string
    outdoor_temperature_c: number
    recorded_at: number
  }
}

/**
 * Outdoor temperature of a district at a time. `source` says where it is from: "import", "api/…", "station/{device}",
 * or "plants" for the median of the district's plant sensors, which counts only where there is nothing else.
 */
export interface Weather {
  readonly district: string
  readonly kind: 'observed' | 'forecast'
  readonly at: number
  readonly source: string
  readonly outdoorTemperatureC: number
}

/** Source name of the fallback: the district's own plant sensors. */
export const plantsSource = 'plants'

/** Keeps entries; one of the same district, kind, time and source is corrected. `now` is the service's clock. */
export async function recordWeather(
  transaction: LedgerTransaction,
  entries: readonly Weather[],
  now: number,
): Promise<void> {
  for (const some of perStatement(entries)) {
    const rows = some.map((entry) => ({
      district: entry.district,
      kind: entry.kind,
      at: entry.at,
      source: entry.source,
      outdoor_temperature_c: entry.outdoorTemperatureC,
      recorded_at: now,
    }))
    await transaction
      .insertInto('weather')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['district', 'kind', 'at', 'source']).doUpdateSet((expression) => ({
          outdoor_temperature_c: expression.ref('excluded.outdoor_temperature_c'),
          recorded_at: expression.ref('excluded.recorded_at'),
        })),
      )
      .execute()
  }
}

/** Weather of a district with from <= at < to, oldest first, at most `limit`. */
export async function listWeather(
  db: LedgerDb,
  district: string,
  kind: Weather['kind'],
  from: number,
  to: number,
  limit: number,
): Promise<Weather[]> {
  const rows = await db
    .selectFrom('weather')
    .selectAll()
    .where('district', '=', district)
    .where('kind', '=', kind)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at')
    .orderBy('source')
    .limit(limit)
    .execute()
  return rows.map(fromRow)
}

/** Newest observation of the district in (at - ageMsMax, at]; plant sensors only where there is no other source. */
export async function outdoorTemperatureAt(
  db: LedgerDb,
  district: string,
  at: number,
  ageMsMax: number,
): Promise<Weather | undefined> {
  const newest = (onlyPlants: boolean) =>
    db
      .selectFrom('weather')
      .selectAll()
      .where('district', '=', district)
      .where('kind', '=', 'observed')
      .where('at', '<=', at)
      .where('at', '>', at - ageMsMax)
      .where('source', onlyPlants ? '=' : '!=', plantsSource)
      .orderBy('at', 'desc')
      .orderBy('source')
      .limit(1)
      .executeTakeFirst()
  const row = (await newest(false)) ?? (await newest(true))
  return row && fromRow(row)
}

function fromRow(row: WeatherTables['weather']): Weather {
  return {
    district: row.district,
    kind: row.kind as Weather['kind'],
    at: row.at,
    source: row.source,
    outdoorTemperatureC: row.outdoor_temperature_c,
  }
}
