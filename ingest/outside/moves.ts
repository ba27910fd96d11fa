import { setTimeout as pause } from 'node:timers/promises'
import { holds, type WorkerHolding, type WorkerShare } from '#domain/gateway-share.ts'
import type { Ingest } from '../ingest.ts'
import type { GatewaysFeed } from './gateways-feed.ts'
import type { OutsideBroker } from './outside-broker.ts'

interface MovesOptions {
  readonly share: WorkerShare
  readonly feed: Pick<GatewaysFeed, 'own' | 'workers' | 'saySubscribed'>
  readonly broker: Pick<OutsideBroker, 'setHolding' | 'drained' | 'isSubscribed'>
  readonly ingest: Pick<Ingest, 'settled' | 'changeHands'>
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void }
}

/** Brings a worker from what it has to its share, step by step, together with the others. */
export interface Moves {
  /** What we wait for, for the readiness probe; empty when we have our share. */
  notReady(): string[]
  /** True while a gateway is this worker's. */
  has(gateway: string): boolean
  close(): Promise<void>
}

/** On closing: how long a step that is under way may take. */
const closeMs = 2_000
/** How often is looked whether the next step can be taken. */
const lookMs = 200

/**
 * A gateway goes from one worker to another so that none of its deliveries is lost and nobody watches it twice:
 *
 *   1. Every worker subscribes to its new part as well. What comes for gateways that others still have waits unacked.
 *   2. When all are subscribed, each gives away: it unsubscribes, takes everything that the broker still has for it,
 *      lets its readers finish, puts the watch's state into the ledger and says so in the same transaction.
 *   3. When all others have given away, each takes in what is there for it, and what waited goes on.
 *
 * Each step is written in the ledger, and is taken again after a crash in the middle of it.
 */
export function keepMoving({ share, feed, broker, ingest, log }: MovesOptions): Moves {
  const { worker, workers } = share
  let own = feed.own
  let isClosing = false
  let timer: NodeJS.Timeout | undefined

  const others = () => feed.workers().filter((other) => other.worker !== worker)
  const isGone = worker > workers
  const hasMore = () => own.workers !== 0 && own.workers !== workers && own.handedOver !== workers
  const hasShare = () => (isGone ? own.workers === 0 : own.workers === workers && own.handedOver === 0)

  function notSubscribed(): number[] {
    const ready = new Set(others().flatMap((other) => (other.subscribed === workers ? [other.worker] : [])))
    return Array.from({ length: workers }, (_, index) => index + 1).filter((one) => one !== worker && !ready.has(one))
  }

  const notGivenAway = () =>
    others().filter((other) => other.workers !== 0 && (other.handedOver || other.workers) !== workers)

  async function step(): Promise<void> {
    if (!isGone && own.subscribed !== workers) {
      if (!broker.isSubscribed()) return
      own = { ...own, subscribed: workers }
      await feed.saySubscribed(own)
    }
    if (hasMore()) {
      if (notSubscribed().length > 0) return
      broker.setHolding(own, true)
      await broker.drained()
      await ingest.settled()
      if (isClosing) return
      hasNow(await ingest.changeHands('giveAway', share), 'gateways were given to other workers')
    }
    if (!hasShare() && !isGone && notGivenAway().length === 0) {
      hasNow(await ingest.changeHands('takeIn', share), 'gateways were taken over from other workers')
    }
  }

  function hasNow(holding: WorkerHolding, message: string): void {
    own = holding
    broker.setHolding(own, false)
    log.info({ worker, workers }, message)
  }

  async function look(): Promise<void> {
    try {
      await step()
    } catch (error) {
      log.warn({ err: error }, 'a step of the change of workers failed, and is taken again')
    }
    if (!isClosing && !(hasShare() && own.subscribed === workers) && !(isGone && hasShare())) {
      timer = setTimeout(() => {
        looking = look()
      }, lookMs)
    }
  }
  let looking = look()

  return {
    notReady() {
      if (hasShare()) return []
      const waitsFor = hasMore() ? notSubscribed() : notGivenAway().map((other) => other.worker)
      if (waitsFor.length === 0) return ['gateways are on their way between workers']
      const what = hasMore() ? 'subscribes to what is to become its own' : 'hands its gateways over'
      return [`this worker waits until worker ${waitsFor.join(' and ')} of ${workers} ${what}`]
    },
    has: (gateway) => holds(own, gateway),
    async close() {
      isClosing = true
      clearTimeout(timer)
      // A step may wait for a store that is away; it is taken again at the next start.
      await Promise.race([looking, pause(closeMs, undefined, { ref: false })])
    },
  }
}
