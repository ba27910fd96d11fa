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

interface Running {
  readonly worker: Worker
  readonly asking: Map<number, PromiseWithResolvers<number>>
}

/**
 * A thread of its own for sealing and rolling up, with its own connection to the ledger. It starts with the first
 * thing that it is asked for, and anew after a failure: the ledger may have been away.
 */
export function makeRankingThread(workerData: RankingWorkerData): RankingThread {
  let running: Running | undefined
  let requests = 0
  let closed = false

  function start(): Running {
    const worker = new Worker(new URL('./ranking-worker.ts', import.meta.url), { workerData, name: 'ranking' })
    // A service that cannot start must be able to end without closing it.
    worker.unref()
    const asking: Running['asking'] = new Map()
    const started = { worker, asking }
    const end = (error: Error) => {
      if (running === started) running = undefined
      for (const { reject } of asking.values()) reject(error)
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
    return started
  }

  function ask(message: (request: number) => ToRankingWorker): Promise<number> {
    if (closed) return Promise.reject(new RankingDaysError("The ranking's thread has ended"))
    running ??= start()
    requests += 1
    const answer = Promise.withResolvers<number>()
    running.asking.set(requests, answer)
    running.worker.postMessage(message(requests))
    return answer.promise
  }

  return {
    bringUpToDate: (asked) => ask((request) => ({ type: 'bring', request, asked })),
    readSupply: (now) => ask((request) => ({ type: 'supply', request, now })),
    async close() {
      closed = true
      const worker = running?.worker
      if (!worker) return
      worker.ref()
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage({ type: 'stop' } satisfies ToRankingWorker)
      await exited
    },
  }
}
