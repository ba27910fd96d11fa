import { randomUUID } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { isServerFailure } from '#store/ledger/ledger-away.ts'
import { openInfluxTelemetryReader } from '#store/telemetry/influx/reader.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import type { FromRankingWorker, RankingRequest, RankingWorkerData, ToRankingWorker } from './messages.ts'
import { makeRanking } from './ranking.ts'

/** Reads millions of days of homes at a time, which would hold up every request of the api. */
if (parentPort === null) throw new Error('This module is the ranking worker; start it as one')
const port = parentPort
const { ledger: target, policy, telemetry: place } = workerData as RankingWorkerData
const ledger = await openLedger(target)
const telemetry =
  'influx' in place ? openInfluxTelemetryReader({ target: place.influx }) : openSqliteTelemetryReader(place)
const ranking = makeRanking({ ledger, policy, telemetry, holder: `ranking/${randomUUID()}`, wallClock: Date.now })
const answer = (message: FromRankingWorker) => port.postMessage(message)
const running = new Set<Promise<void>>()

function give(request: RankingRequest): Promise<unknown> {
  switch (request.task) {
    case 'bringUpToDate':
      return ranking.bringUpToDate(request.asked)
    case 'readSupply':
      return ranking.readSupply(request.asked)
    case 'listContent':
      return ranking.listContent(request.asked)
    case 'publishList':
      return ranking.publishList(request.asked)
    case 'firmsOfFewHomes':
      return ranking.firmsOfFewHomes(request.asked)
    case 'placeRollUps':
      return ranking.placeRollUps(request.asked)
  }
}

port.on('message', async (message: ToRankingWorker) => {
  if (message.task === 'stop') {
    await Promise.all(running)
    await telemetry.close()
    await ledger.close()
    port.close()
    return
  }
  const { number } = message
  const done = give(message).then(
    (given) => answer({ number, given }),
    (error: unknown) => {
      const failure = error instanceof Error ? (error.stack ?? error.message) : `${error}`
      answer({ number, failure, ledgerAway: isServerFailure(error) })
    },
  )
  running.add(done)
  await done
  running.delete(done)
})
