import { Worker } from 'node:worker_threads'
import { LedgerAwayError } from '#store/ledger/ledger-away.ts'
import { ProblemError } from '../problems.ts'
import type { FromRankingWorker, RankingTask, RankingWorkerData, ToRankingWorker } from './messages.ts'
import type { Ranking } from './ranking.ts'

/** The ranking's thread could not do what it was asked for. */
class RankingError extends Error {
  readonly code = 'ranking_failed'
}

export interface RankingThread extends Ranking {
  /** Ends the thread when what it was asked for is done. */
  close(): Promise<void>
}

interface Running {
  readonly worker: Worker
  readonly asking: Map<number, PromiseWithResolvers<unknown>>
}

/** A list of the largest city takes less than a fifth of a second: who asks last has waited for some seconds. */
const askingMax = 32
const askAgainS = 5

/**
 * A thread of its own for what goes through all days of a city, with its own connection to the ledger. It starts with
 * the first thing that it is asked for, and anew after a failure: the ledger may have been away.
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
    worker.on('error', (error) => end(failed("The ranking's thread has failed", isAway(error), error)))
    worker.on('exit', () => end(failed("The ranking's thread has ended", false)))
    worker.on('message', (message: FromRankingWorker) => {
      const asked = asking.get(message.number)
      asking.delete(message.number)
      if ('failure' in message) asked?.reject(failed(message.failure, message.ledgerAway))
      else asked?.resolve(message.given)
    })
    return started
  }

  function ask<Task extends RankingTask>(task: Task) {
    return (asked: Parameters<Ranking[Task]>[0]): ReturnType<Ranking[Task]> => {
      const given = Promise.withResolvers<unknown>()
      if (closed) given.reject(failed("The ranking's thread has ended", false))
      else if (running && running.asking.size >= askingMax) given.reject(tooMuch())
      else {
        running ??= start()
        requests += 1
        running.asking.set(requests, given)
        running.worker.postMessage({ number: requests, task, asked })
      }
      return given.promise as ReturnType<Ranking[Task]>
    }
  }

  return {
    bringUpToDate: ask('bringUpToDate'),
    readSupply: ask('readSupply'),
    listContent: ask('listContent'),
    publishList: ask('publishList'),
    firmsOfFewHomes: ask('firmsOfFewHomes'),
    placeRollUps: ask('placeRollUps'),
    async close() {
      closed = true
      const worker = running?.worker
      if (!worker) return
      worker.ref()
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage({ task: 'stop' } satisfies ToRankingWorker)
      await exited
    },
  }
}

/** The failure as the api would have met it in its own thread: a ledger that is away is not an error of ours. */
const failed = (reason: string, ledgerAway: boolean, cause?: unknown): Error =>
  ledgerAway ? new LedgerAwayError(reason, { cause }) : new RankingError(reason, { cause })

const tooMuch = () =>
  new ProblemError('unavailable', 'The ranking is asked for too much at once; try again in a moment', undefined, {
    'retry-after': String(askAgainS),
  })

/** A thread that could not open the ledger ends with a copy of the error, which has its code and not its class. */
const isAway = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ledger_away' || error.code === 'ledger_refused')
