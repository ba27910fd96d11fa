import { Worker } from 'node:worker_threads'
import type { RankingDays } from './days.ts'
import type { FromRankingWorker, RankingWorkerData, ToRankingWorker } from './messages.ts'

/** The ranking's thread could not do what it was asked for. */
class RankingDaysError extends Error {
  readonly code = 'ranking_days_failed'
}

export interface RankingThread extends RankingDays {
  /** Ends the thread when what it was asked for is done. */
  close(): Promise<void>
}

/** Starts a thread of its own for sealing and rolling up, with its own connection to the ledger. */
export function startRankingThread(workerData: RankingWorkerData): RankingThread {
  const worker = new Worker(new URL('./ranking-worker.ts', import.meta.url), { workerData, name: 'ranking' })
  // A service that cannot start must be able to end without closing it.
  worker.unref()
  const tell = (message: ToRankingWorker) => worker.postMessage(message)
  const asking = new Map<number, PromiseWithResolvers<number>>()
  let requests = 0
  let ended: Error | undefined

  function end(error: Error): void {
    ended ??= error
    for (const { reject } of asking.values()) reject(ended)
    asking.clear()
  }
  worker.on('error', (error) => end(new RankingDaysError("The ranking's thread has failed", { cause: error })))
  worker.on('exit', () => end(new RankingDaysError("The ranking's thread has ended")))
  worker.on('message', ({ request, days, failure }: FromRankingWorker) => {
    const asked = asking.get(request)
    asking.delete(request)
    if (failure === undefined) asked?.resolve(days ?? 0)
    else asked?.reject(new RankingDaysError(failure))
  })

  function ask(message: (request: number) => ToRankingWorker): Promise<number> {
    if (ended) return Promise.reject(ended)
    requests += 1
    const answer = Promise.withResolvers<number>()
    asking.set(requests, answer)
    tell(message(requests))
    return answer.promise
  }

  return {
    bringUpToDate: (asked) => ask((request) => ({ type: 'bring', request, asked })),
    readSupply: (now) => ask((request) => ({ type: 'supply', request, now })),
    async close() {
      if (ended) return
      worker.ref()
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      tell({ type: 'stop' })
      await exited
    },
  }
}
