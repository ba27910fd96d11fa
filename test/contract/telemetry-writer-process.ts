import { setImmediate } from 'node:timers/promises'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import { batchOf, numberedReadings } from './telemetry-batches.ts'
import { tinyMerges } from './telemetry-tiny-merges.ts'

/*
 * Appends numbered batches to a store until it is killed, merges all the time, and says on its output which batches
 * were acknowledged: one number a line. It ends when nobody listens any more.
 */
process.stdout.on('error', () => process.exit(1))
const directory = process.argv[2]
const store = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges, retentionDays: 36_500 })
let { position } = await store.progress()
let isMerging = false

async function merge(now: number): Promise<void> {
  isMerging = true
  await store.maintain(now)
  isMerging = false
}

for (; ; position++) {
  const readings = numberedReadings(position)
  await store.append(batchOf(readings), position + 1, { batches: position + 1 })
  process.stdout.write(`${position}\n`)
  if (!isMerging) void merge(readings[0].at)
  await setImmediate()
}
