import { existsSync } from 'node:fs'
import { minuteMs } from '#domain/time.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { type DataFolder, readKeptClock } from './data-folder.ts'
import type { Texts } from './texts.ts'

/** A device's clock may run ahead by this much; the same bound as for a reading's time. */
const aheadMaxMs = 5 * minuteMs

/** Why the folder cannot be used in this way, in words, or undefined where it can. */
export async function folderObjection(
  folder: DataFolder,
  simulated: boolean,
  wallMs: number,
  texts: Texts,
): Promise<string | undefined> {
  const kept = readKeptClock(folder)
  if (kept?.simulated && !simulated) return texts.folderSimulated(folder.path, new Date(kept.cityMs).toISOString())
  if (kept && !kept.simulated && simulated) return texts.folderReal(folder.path)
  if (simulated || !existsSync(folder.telemetry)) return undefined
  const reader = openSqliteTelemetryReader({ directory: folder.telemetry })
  const { newestAt } = await reader.usage()
  await reader.close()
  const ahead = newestAt !== undefined && newestAt > wallMs + aheadMaxMs
  return ahead ? texts.folderAhead(folder.path, new Date(newestAt).toISOString()) : undefined
}
