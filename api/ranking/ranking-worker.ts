import { randomUUID } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { makeRankingDays } from './days.ts'
import type { FromRankingWorker, RankingWorkerData, ToRankingWorker } from './messages.ts'

/** Reads millions of days of homes at a time, which would hold up every request of the api. */
if (parentPort === null) throw new Error('This module is the ranking worker; start it as one')
const port = parentPort
const { ledger: target, policy, telemetry: place } = workerData as RankingWorkerData
const ledger = await openLedger(target)
const telemetry =
  'influx' in place ? openInfluxTelemetryReader({ target: place.influx }) : openSqliteTelemetryReader(place)
const days = makeRankingDays({ ledger, policy, telemetry, holder: `ranking/${randomUUID()}`, wallClock: Date.now })
const answer = (message: FromRankingWorker) => port.postMessage(message)
const running = new Set<Promise<void>>()

port.on('message', async (message: ToRankingWorker) => {
  if (message.type === 'stop') {
    await Promise.all(running)
    await telemetry.close()
    await ledger.close()
    port.close()
    return
  }
  const { request } = message
  const work = message.type === 'supply' ? days.readSupply(message.now) : days.bringUpToDate(message.asked)
  const done = work.then(
    (touched) => answer({ request, days: touched }),
    (error: unknown) =>
      answer({ request, failure: error instanceof Error ? (error.stack ?? error.message) : `${error}` }),
  )
  running.add(done)
  await done
  running.delete(done)
})
