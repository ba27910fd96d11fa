import { expect, onTestFinished, test } from 'vitest'
import { holds, type WorkerHolding, workerOf } from '#domain/gateway-share.ts'
import { openLedger } from '#store/ledger/database.ts'
import { handedOverTo, ingestWorkers, saveIngestWorker } from '#store/ledger/ingest-workers.ts'
import { keepMoving } from '../../ingest/outside/moves.ts'
import { createHandOver, type MovableWatch } from '../../ingest/pipeline/hand-over.ts'
import { until } from '../support/outside-harness.ts'

const gateways = Array.from({ length: 60 }, (_, index) => `G-${index}`)
const whole = (worker: number, workers: number): WorkerHolding => ({
  ...{ worker, workers, handedOver: 0, subscribed: workers },
})

/** A watch that knows of each gateway as much as its name. */
function namesOnly(known: readonly string[], isOurs: (gateway: string) => boolean) {
  let names = new Set(known)
  const watch: MovableWatch = {
    packGateways: (isAsked) => new Map([...names].filter(isAsked).map((name) => [name, Buffer.from(name)])),
    async takeGateways(packed) {
      for (const one of packed) names.add(Buffer.from(one).toString())
    },
    async forgetOthers() {
      names = new Set([...names].filter(isOurs))
    },
  }
  return { watch, names: () => [...names].toSorted() }
}

const partOf = (worker: number, workers: number) =>
  gateways.filter((gateway) => workerOf(gateway, workers) === worker).toSorted()

test('what one worker gives away another takes in, and a ledger that fails in the middle changes nothing', async () => {
  const ledger = await openLedger(':memory:')
  onTestFinished(() => ledger.close())
  let writesLeft = Number.POSITIVE_INFINITY
  const failing: typeof ledger = {
    ...ledger,
    write: (work) => (writesLeft-- > 0 ? ledger.write(work) : Promise.reject(new Error('the ledger is away'))),
  }
  await ledger.write((transaction) => saveIngestWorker(transaction, whole(1, 1)))
  const giving = createHandOver({ ledger: failing, holding: whole(1, 1) })
  const first = namesOnly(gateways, giving.isOurs)
  const share = { worker: 1, workers: 2 }

  writesLeft = 1
  const failed = giving.giveAway(share)
  const step = giving.step(first.watch)
  await expect(failed).rejects.toThrow('the ledger is away')
  await expect(step).rejects.toThrow('the ledger is away')
  expect(first.names()).toEqual(gateways.toSorted())
  expect(gateways.every(giving.isOurs)).toBe(true)
  expect(await ingestWorkers(ledger.db)).toEqual([whole(1, 1)])

  writesLeft = Number.POSITIVE_INFINITY
  const given = giving.giveAway(share)
  await giving.step(first.watch)
  expect(await given).toEqual({ worker: 1, workers: 1, handedOver: 2, subscribed: 2 })
  expect(first.names()).toEqual(partOf(1, 2))

  const taking = createHandOver({ ledger, holding: { worker: 2, workers: 0, handedOver: 0, subscribed: 2 } })
  const second = namesOnly([], taking.isOurs)
  const taken = taking.takeIn({ worker: 2, workers: 2 })
  await taking.step(second.watch)
  expect(await taken).toEqual(whole(2, 2))
  expect(second.names()).toEqual(partOf(2, 2))
  expect(await handedOverTo(ledger.db, 2, '', 10)).toEqual([])
  // At no time had two of them the same gateway.
  for (const gateway of gateways) expect(taking.isOurs(gateway)).not.toBe(giving.isOurs(gateway))
})

test('a worker gives away when all are subscribed, takes in when all have given away, and tries a failed step again', async () => {
  const share = { worker: 1, workers: 2 }
  let others: WorkerHolding[] = []
  const done: string[] = []
  let failures = 1
  const moves = keepMoving({
    share,
    feed: {
      own: whole(1, 1),
      workers: () => others,
      async saySubscribed({ subscribed }) {
        done.push(`subscribed to ${subscribed}`)
      },
    },
    broker: {
      setHolding: ({ handedOver, workers }, leaving) =>
        done.push(`${leaving ? 'leaving' : 'has'} ${handedOver || workers}`),
      drained: async () => void done.push('drained'),
      isSubscribed: () => true,
    },
    ingest: {
      settled: async () => void done.push('settled'),
      async changeHands(type) {
        done.push(type)
        if (failures-- > 0) throw new Error('the ledger is away')
        return type === 'giveAway' ? { worker: 1, workers: 1, handedOver: 2, subscribed: 2 } : whole(1, 2)
      },
    },
    log: { info() {}, warn() {} },
  })
  onTestFinished(() => moves.close())
  await until(
    () => done.length === 1,
    () => done.join(),
  )
  expect(moves.notReady()).toEqual(['this worker waits until worker 2 of 2 subscribes to what is to become its own'])
  others = [{ worker: 2, workers: 3, handedOver: 0, subscribed: 2 }]
  const once = ['leaving 1', 'drained', 'settled', 'giveAway']
  await until(
    () => done.at(-1) === 'has 2',
    () => done.join(),
  )
  expect(done).toEqual(['subscribed to 2', ...once, ...once, 'has 2'])
  expect(moves.notReady()).toEqual(['this worker waits until worker 2 of 2 hands its gateways over'])
  const [moved = ''] = gateways.filter((gateway) => workerOf(gateway, 2) === 2)
  expect(moves.has(moved)).toBe(false)
  others = [{ worker: 2, workers: 3, handedOver: 2, subscribed: 2 }]
  await until(
    () => moves.notReady().length === 0,
    () => done.join(),
  )
  expect(done.slice(-2)).toEqual(['takeIn', 'has 2'])
  expect(gateways.filter((gateway) => moves.has(gateway))).toEqual(
    gateways.filter((gateway) => holds(whole(1, 2), gateway)),
  )
})
