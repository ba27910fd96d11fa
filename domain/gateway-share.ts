/**
 * Which worker a gateway belongs to where several ingest workers share an outside broker: the one of them whose hash
 * together with the gateway is highest. Another number of workers then moves only those gateways that come to a new
 * worker or leave one that is gone.
 */
export interface WorkerShare {
  /** From 1 on. One above `workers` gives all that it has away. */
  readonly worker: number
  readonly workers: number
}

/** What a worker has, as all of them know it. */
export interface WorkerHolding {
  readonly worker: number
  /** It has its part of so many workers; 0 for one that has nothing yet. */
  readonly workers: number
  /** What is not its part of so many workers it has handed over; 0 where it did not hand over. */
  readonly handedOver: number
  /** It is subscribed to its part of so many workers; 0 before. */
  readonly subscribed: number
}

/** The worker, 1 to `workers`, to whom a gateway belongs. */
export function workerOf(gateway: string, workers: number): number {
  let [best, bestWeight] = [1, -1]
  for (let worker = 1; worker <= workers; worker++) {
    const weight = weightOf(gateway, worker)
    if (weight > bestWeight) [best, bestWeight] = [worker, weight]
  }
  return best
}

export const belongsTo = (gateway: string, { worker, workers }: WorkerShare): boolean =>
  workerOf(gateway, workers) === worker

/** True where a worker has a gateway, and nobody else may act on it. */
export function holds({ worker, workers, handedOver }: WorkerHolding, gateway: string): boolean {
  if (workers === 0 || workerOf(gateway, workers) !== worker) return false
  return handedOver === 0 || workerOf(gateway, handedOver) === worker
}

/** FNV-1a over the id, begun with the worker, and mixed so that near ids come far apart. */
function weightOf(gateway: string, worker: number): number {
  let hash = Math.imul(0x811c9dc5 ^ worker, 0x01000193)
  for (let index = 0; index < gateway.length; index++) {
    hash = Math.imul(hash ^ gateway.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
