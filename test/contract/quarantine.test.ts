import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Ledger } from '#store/ledger/database.ts'
import {
  type BadDelivery,
  listQuarantine,
  quarantineBounds,
  quarantineDeliveries,
  quarantineTotals,
  readQuarantined,
} from '#store/ledger/quarantine.ts'
import { exportQuarantine, markReplayed, pendingReplays, requestReplay } from '#store/ledger/quarantine-replay.ts'
import type { DeliveryToSendAgain } from '../../ingest/pipeline/messages.ts'
import { createReplays } from '../../ingest/pipeline/replays.ts'
import { newLedger } from '../support/new-ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await newLedger()
})
afterEach(() => ledger.close())

const bad = (position: number, more: Partial<BadDelivery> = {}): BadDelivery => ({
  position,
  receivedAt: 1_768_435_200_000 + position,
  gateway: 'GW-1',
  topic: 'heating/v1/GW-1/readings',
  payload: Buffer.from([0x7b, 0x00, 0xff, position & 0xff]),
  storedReadings: 0,
  problems: [{ code: 'not_json', path: '$', detail: 'is not JSON' }],
  ...more,
})
const keep = (deliveries: BadDelivery[], bounds = quarantineBounds) =>
  ledger.write((transaction) => quarantineDeliveries(transaction, deliveries, bounds))
const list = (filter = {}, page: { before?: number; limit: number } = { limit: 100 }) =>
  listQuarantine(ledger.db, filter, page)
const positions = async (filter = {}) => (await list(filter)).map(({ position }) => position)

test('bytes and problems are kept verbatim', async () => {
  const problems = [
    { code: 'unknown_metric', path: '$[3].values.temp', detail: 'no metric is called "temp"' },
    { code: 'time_ahead', path: '$[4].at', detail: '7 minutes ahead' },
  ]
  await keep([bad(1, { problems, storedReadings: 3 })])
  const [entry] = await list()
  expect(entry).toMatchObject({ position: 1, storedReadings: 3, problems, problemCount: 2, payloadBytes: 4 })
  const whole = await readQuarantined(ledger.db, entry?.id ?? 0)
  expect(Buffer.from(whole?.payload ?? [])).toEqual(Buffer.from([0x7b, 0x00, 0xff, 1]))
  expect(await readQuarantined(ledger.db, 99)).toBeUndefined()
})

test('a thousand problems of one delivery are counted, the first of them listed', async () => {
  const problems = Array.from({ length: 1000 }, (_, index) => ({ code: 'schema', path: `$[${index}]`, detail: 'x' }))
  await keep([bad(1, { problems })])
  const [entry] = await list()
  expect([entry?.problems.length, entry?.problemCount, entry?.problems[0]?.path]).toEqual([20, 1000, '$[0]'])
})

test('a stretch of the journal that is read again adds nothing', async () => {
  await keep([bad(1), bad(2)])
  await keep([bad(2), bad(3)])
  expect(await positions()).toEqual([3, 2, 1])
  expect(await quarantineTotals(ledger.db)).toMatchObject({ total: 3, kept: 3, dropped: 0 })
})

test('the list is paged and filtered by gateway and by code', async () => {
  const schema = [{ code: 'schema', path: '$', detail: '' }]
  await keep([
    bad(1),
    bad(2, { gateway: 'GW-2' }),
    bad(3, { problems: schema }),
    bad(4, { gateway: 'GW-2', problems: schema }),
  ])
  expect(await positions({ gateway: 'GW-2' })).toEqual([4, 2])
  expect(await positions({ code: 'schema' })).toEqual([4, 3])
  expect(await positions({ gateway: 'GW-1', code: 'schema' })).toEqual([3])
  const first = await list({}, { limit: 3 })
  const rest = await list({}, { limit: 3, before: first.at(-1)?.id })
  expect([first.length, rest.map(({ position }) => position)]).toEqual([3, [1]])
})

test('over its bound a gateway loses its own oldest deliveries, and the counts balance', async () => {
  const big = (position: number, gateway = 'GW-1') => bad(position, { gateway, payload: Buffer.alloc(10_000) })
  await keep([big(1, 'GW-2')])
  for (let position = 2; position <= 30; position += 1) {
    await keep([big(position)], { gatewayBytesMax: 100_000, totalBytesMax: 1_000_000 })
  }
  const kept = await positions({ gateway: 'GW-1' })
  expect(kept[0]).toBe(30)
  expect(kept).toEqual(kept.toSorted((a, b) => b - a))
  expect(await positions({ gateway: 'GW-2' })).toEqual([1])
  const totals = await quarantineTotals(ledger.db)
  expect(totals.total).toBe(30)
  expect(totals.kept + totals.dropped).toBe(30)
  expect(totals.kept).toBe(kept.length + 1)
  expect(totals.keptBytes).toBeLessThan(110_200 + 10_200)
  expect(totals.droppedBytes / totals.dropped).toBeCloseTo(totals.keptBytes / totals.kept, -2)
})

test('over the bound of all, the gateway that takes most room makes it', async () => {
  const big = (position: number, gateway: string) => bad(position, { gateway, payload: Buffer.alloc(10_000) })
  const bounds = { gatewayBytesMax: 1_000_000, totalBytesMax: 100_000 }
  await keep([big(1, 'small')], bounds)
  for (let position = 2; position <= 40; position += 1) await keep([big(position, 'loud')], bounds)
  expect(await positions({ gateway: 'small' })).toEqual([1])
  expect((await quarantineTotals(ledger.db)).keptBytes).toBeLessThanOrEqual(100_000)
})

test('a replay hands the bytes back once, in the order in which they were received', async () => {
  await keep([bad(1), bad(2), bad(3)])
  const ids = (await list()).map(({ id }) => id)
  const ask = (some: number[]) =>
    ledger.write((transaction) => requestReplay(transaction, some, { actor: 'li', now: 77 }))
  expect(await ask([ids[0] ?? 0, ids[2] ?? 0, 999])).toEqual([ids[2], ids[0]])
  const pending = await pendingReplays(ledger.db, 10)
  expect(pending.map(({ position }) => position)).toEqual([1, 3])
  expect(pending[0]).toMatchObject({ replayRequestedBy: 'li', replayRequestedAt: 77, gateway: 'GW-1' })
  expect(Buffer.from(pending[0]?.payload ?? [])).toEqual(Buffer.from(bad(1).payload))
  await ledger.write((transaction) => markReplayed(transaction, [pending[0]?.id ?? 0], 99))
  expect((await pendingReplays(ledger.db, 10)).map(({ position }) => position)).toEqual([3])
  await ask([pending[0]?.id ?? 0])
  expect((await pendingReplays(ledger.db, 1)).map(({ position }) => position)).toEqual([1])
})

test('each worker sends its own gateways through, whatever waits for the others', async () => {
  const late = { gateway: 'GW-2' }
  await keep([...Array.from({ length: 250 }, (_, index) => bad(index + 1)), bad(251, late), bad(252, late)])
  const ids = (await listQuarantine(ledger.db, {}, { limit: 300 })).map(({ id }) => id)
  await ledger.write((transaction) => requestReplay(transaction, ids, { actor: 'li', now: 5 }))
  const sent: DeliveryToSendAgain[] = []
  const replays = createReplays(
    ledger.db,
    (some) => sent.push(...some),
    (gateway) => gateway === 'GW-2',
  )
  await replays.look()
  await replays.look()
  expect(sent.map(({ delivery }) => delivery.gateway)).toEqual(['GW-2', 'GW-2'])
  const nobodys = createReplays(
    ledger.db,
    (some) => sent.push(...some),
    () => false,
  )
  await nobodys.look()
  expect(sent).toHaveLength(2)
})

test('what waits to be sent through again is dropped last, what was sent through first', async () => {
  const big = (position: number) => bad(position, { payload: Buffer.alloc(10_000) })
  await keep([big(1), big(2), big(3)])
  const idOf = async (position: number) => (await list()).find((entry) => entry.position === position)?.id ?? 0
  const [waiting, done] = [await idOf(1), await idOf(3)]
  await ledger.write(async (transaction) => {
    await requestReplay(transaction, [waiting, done], { actor: 'li', now: 5 })
    await markReplayed(transaction, [done], 6)
  })
  const bounds = { gatewayBytesMax: 32_000, totalBytesMax: 1_000_000 }
  await keep([big(4)], bounds)
  expect(await positions()).toEqual([4, 2, 1])
  await keep([big(5)], bounds)
  expect(await positions()).toEqual([5, 4, 1])
})

test('an export holds every byte, and text where there is text', async () => {
  await keep([bad(1), bad(2, { payload: Buffer.from('{"温度":') })])
  const lines: Record<string, unknown>[] = []
  for await (const line of exportQuarantine(ledger.db, {})) lines.push(JSON.parse(line))
  expect(lines).toMatchObject([
    { position: 2, payloadText: '{"温度":' },
    { position: 1, payloadBase64: 'ewD/AQ==' },
  ])
  expect(lines[1]).not.toHaveProperty('payloadText')
})
