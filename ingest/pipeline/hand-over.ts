import { belongsTo, holds, type WorkerHolding, type WorkerShare, workerOf } from '#domain/gateway-share.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { forgetHandedOver, handedOverTo, putHandedOver, saveIngestWorker } from '#store/ledger/ingest-workers.ts'

/** What the watch does for gateways that move between workers. */
export interface MovableWatch {
  /** What it knows of each gateway that is asked for, packed. */
  packGateways(isAsked: (gateway: string) => boolean): ReadonlyMap<string, Uint8Array>
  /** Takes what another watch has packed; durable when it resolves. */
  takeGateways(packed: readonly Uint8Array[]): Promise<void>
  /** Lets go of everything that is not ours; durable when it resolves. */
  forgetOthers(): Promise<void>
}

export interface HandOver {
  isOurs(gateway: string): boolean
  /** Between two blocks of the watch: does what was asked for. */
  step(watch: MovableWatch): Promise<void>
  /** Gives away what does not belong to us among so many workers. Everything of it that was received is applied. */
  giveAway(share: WorkerShare): Promise<WorkerHolding>
  /** Takes what others have given away for us, and has its whole part from then on. */
  takeIn(share: WorkerShare): Promise<WorkerHolding>
}

interface HandOverOptions {
  readonly ledger: Ledger
  readonly holding: WorkerHolding
}

/** Some megabytes in a transaction. */
const gatewaysTogether = 200

/**
 * Moves gateways in the ledger, so that at any instant one worker has each of them: states are put aside first, and
 * change hands in the transaction that says so. What was begun and not finished is begun anew after a crash.
 */
export function createHandOver({ ledger, holding: first }: HandOverOptions): HandOver {
  let holding = first
  const turns: ((watch: MovableWatch) => Promise<void>)[] = []

  const inTurn = (work: (watch: MovableWatch) => Promise<void>): Promise<WorkerHolding> =>
    new Promise((resolve, reject) => {
      turns.push((watch) =>
        work(watch).then(
          () => resolve(holding),
          (error: unknown) => {
            reject(error)
            throw error
          },
        ),
      )
    })

  async function has(next: WorkerHolding): Promise<void> {
    await ledger.write((transaction) => saveIngestWorker(transaction, next))
    holding = next
  }

  return {
    isOurs: (gateway) => holds(holding, gateway),
    async step(watch) {
      for (let turn = turns.shift(); turn; turn = turns.shift()) await turn(watch)
    },
    giveAway: (share) =>
      inTurn(async (watch) => {
        const packed = watch.packGateways((gateway) => holds(holding, gateway) && !belongsTo(gateway, share))
        const states = [...packed].map(([gateway, state]) => ({
          ...{ gateway, state, toWorker: workerOf(gateway, share.workers) },
        }))
        for (let start = 0; start < states.length; start += gatewaysTogether) {
          const some = states.slice(start, start + gatewaysTogether)
          await ledger.write((transaction) => putHandedOver(transaction, some))
        }
        const { worker } = holding
        const isGone = worker > share.workers
        await has(
          isGone
            ? { worker, workers: 0, handedOver: 0, subscribed: 0 }
            : { ...holding, handedOver: share.workers, subscribed: share.workers },
        )
        await watch.forgetOthers()
      }),
    takeIn: (share) =>
      inTurn(async (watch) => {
        const { worker } = holding
        const next = { worker, workers: share.workers, handedOver: 0, subscribed: share.workers }
        const before = holding
        // What it takes it has to hold as its own from the first moment on.
        holding = next
        try {
          let after = ''
          for (;;) {
            const some = await handedOverTo(ledger.db, worker, after, gatewaysTogether)
            if (some.length === 0) break
            await watch.takeGateways(some.map(({ state }) => state))
            after = some.at(-1)?.gateway ?? after
          }
          await ledger.write(async (transaction) => {
            await forgetHandedOver(transaction, worker)
            await saveIngestWorker(transaction, next)
          })
        } catch (error) {
          holding = before
          throw error
        }
      }),
  }
}
