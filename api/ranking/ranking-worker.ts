import { randomUUID } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { makeRankingDays } from './days.ts'
import type { FromRankingWorker, RankingWorkerData, ToRankingWorker } from './messages.ts'

/** Reads millions of days of homes at a time, which would hold up every request of the api. */
if (parentPort === null) throw new Error('This module is the ranking worker; start it as one')
const port = parentPort
const { ledger: target, policy } = workerData as RankingWorkerData
const ledger = await openLedger(target)
const days = makeRankingDays({ ledger, policy, holder: `ranking/${randomUUID()}`, wallClock: Date.now })
const answer = (message: FromRankingWorker) => port.postMessage(message)
const running = new Set<Promise<void>>()

port.on('message', async (message: ToRankingWorker) => {
  if (message.type === 'stop') {
    await Promise.all(running)
    await ledger.close()
    port.close()
    return
  }
  const { request, asked } = message
  const done = days.bringUpToDate(asked).then(
    (touched) => answer({ request, days: touched }),
    (error: unknown) =>
      answer({ request, failure: error instanceof Error ? (error.stack ?? error.message) : `${error}` }),
  )
  running.add(done)
  await done
  running.delete(done)
})
