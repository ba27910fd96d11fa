/**
 * Which worker a gateway belongs to where several ingest workers share an outside broker: the one of them whose hash
 * together with the gateway is highest. Another number of workers then moves only those gateways that come to a new
 * worker or leave one that is gone.
 */
export interface WorkerShare {
  /** 1 to `workers`. */
  readonly worker: number
  readonly workers: number
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
