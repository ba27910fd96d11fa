import { existsSync } from 'node:fs'
import { mainFilePath } from '../sqlite/main-file.ts'
import { openSqliteTelemetry } from '../sqlite/store.ts'
import type { TelemetryStore } from '../telemetry-store.ts'
import { connectInflux } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { type KeptPosition, keepPosition, readKeptPosition } from './kept-position.ts'
import { lastOfEach } from './last-of-each.ts'
import { type InfluxReaderOptions, openInfluxTelemetryReader } from './reader.ts'
import { makeInfluxWriter } from './writer.ts'

export interface InfluxTelemetryOptions extends InfluxReaderOptions {
  /** Folder of the journal reader's position; it is made when it is not there. */
  readonly directory: string
}

/**
 * Opens telemetry in InfluxDB, which need not be there yet: `append` and `check` reject until it is. A position is kept
 * after InfluxDB confirmed everything before it, so a crash in between writes the same readings again.
 */
export async function openInfluxTelemetry(options: InfluxTelemetryOptions): Promise<TelemetryStore> {
  const { directory, target } = options
  const connection = connectInflux(target)
  const write = makeInfluxWriter(connection)
  const reader = openInfluxTelemetryReader(options)
  let kept = (await readKeptPosition(directory)) ?? (await firstPosition(directory))
  let closed = false

  return {
    readings: reader.readings,
    latest: reader.latest,
    usage: reader.usage,
    async append(batch, position, counters, keepRefused) {
      if (closed) throw new InfluxError('influx_closed', 'The telemetry store is closed')
      const { rows, repeats, corrections } = lastOfEach(batch)
      // Without readings there is nothing to confirm, and the server's state must show all the same.
      if (rows.length === 0) await connection.ping()
      const refused = await write(batch, rows)
      if (refused.length > 0) {
        if (keepRefused === undefined)
          throw new InfluxError('influx_failed', `A reading is refused: ${refused[0].reason}`)
        await keepRefused(refused)
      }
      const result = { stored: rows.length - refused.length, repeats, corrections, refused: refused.length }
      const keptNow = { position, counters: { ...(typeof counters === 'function' ? counters(result) : counters) } }
      await keepPosition(directory, keptNow)
      kept = keptNow
      return result
    },
    async progress() {
      return { position: kept.position, counters: { ...kept.counters } }
    },
    // Retention is the server's own work.
    async maintain() {},
    async check() {
      await connection.ping()
    },
    async close() {
      closed = true
      await reader.close()
    },
  }
}

/**
 * A folder that kept its readings in files goes on in InfluxDB where the files end: the journal no longer has what lies
 * before. Once taken over, the position is InfluxDB's own.
 */
async function firstPosition(directory: string): Promise<KeptPosition> {
  if (!existsSync(mainFilePath(directory))) return { position: 0, counters: {} }
  const files = await openSqliteTelemetry({ directory })
  try {
    const progress = await files.progress()
    await keepPosition(directory, progress)
    return progress
  } finally {
    await files.close()
  }
}
