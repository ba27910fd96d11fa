import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import { batchOf, numberedReadings } from './telemetry-batches.ts'
import { tinyMerges } from './telemetry-tiny-merges.ts'

/*
 * Appends numbered batches to a store until it is killed, merges all the time, and says on its output which batches
 * were acknowledged: one number a line.
 */
const directory = process.argv[2]
const store = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges })
let { position } = await store.progress()
let merging = Promise.resolve()
let isMerging = false
for (;;) {
  const readings = numberedReadings(position)
  await store.append(batchOf(readings), position + 1, { batches: position + 1 })
  process.stdout.write(`${position}\n`)
  position++
  if (isMerging) continue
  isMerging = true
  merging = merging
    .then(() => store.maintain(readings[0].at))
    .then(() => {
      isMerging = false
    })
}
