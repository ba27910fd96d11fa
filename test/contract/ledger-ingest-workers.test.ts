import { expect, test } from 'vitest'
import {
  forgetHandedOver,
  handedOverTo,
  ingestWorkers,
  putHandedOver,
  saveIngestWorker,
} from '#store/ledger/ingest-workers.ts'
import { newLedger } from '../support/new-ledger.ts'

test('says what each ingest worker has, until it has nothing', async () => {
  const ledger = await newLedger()
  const second = { worker: 2, workers: 2, handedOver: 0, subscribed: 2 }
  const first = { worker: 1, workers: 2, handedOver: 3, subscribed: 3 }
  await ledger.write(async (transaction) => {
    await saveIngestWorker(transaction, second)
    await saveIngestWorker(transaction, { ...first, handedOver: 0 })
    await saveIngestWorker(transaction, first)
  })
  expect(await ingestWorkers(ledger.db)).toEqual([first, second])
  await ledger.write((transaction) =>
    saveIngestWorker(transaction, { worker: 2, workers: 0, handedOver: 0, subscribed: 0 }),
  )
  expect(await ingestWorkers(ledger.db)).toEqual([first])
  await ledger.close()
})

test('keeps the newest state of a gateway that is handed over, for its next worker alone', async () => {
  const ledger = await newLedger()
  const gateways = Array.from({ length: 450 }, (_, index) => `G-${String(index).padStart(3, '0')}`)
  await ledger.write(async (transaction) => {
    await putHandedOver(
      transaction,
      gateways.map((gateway) => ({ gateway, toWorker: 3, state: Buffer.from('old') })),
    )
    await putHandedOver(transaction, [{ gateway: 'G-001', toWorker: 2, state: Buffer.from([0, 255, 7]) }])
  })
  const first = await handedOverTo(ledger.db, 3, '', 400)
  const rest = await handedOverTo(ledger.db, 3, first.at(-1)?.gateway ?? '', 400)
  expect([...first, ...rest].map(({ gateway }) => gateway)).toEqual(gateways.filter((gateway) => gateway !== 'G-001'))
  expect((await handedOverTo(ledger.db, 2, '', 9)).map(({ state }) => [...state])).toEqual([[0, 255, 7]])
  await ledger.write((transaction) => forgetHandedOver(transaction, 3))
  expect(await handedOverTo(ledger.db, 3, '', 9)).toEqual([])
  expect(await handedOverTo(ledger.db, 2, '', 9)).toHaveLength(1)
  await ledger.close()
})
