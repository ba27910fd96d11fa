import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { unassignedDevices } from '#store/ledger/commissioning.ts'
import { listQuarantine } from '#store/ledger/quarantine.ts'
import { requestReplay } from '#store/ledger/quarantine-replay.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { unregisteredPerGatewayMax } from '../../ingest/pipeline/registrations.ts'
import {
  heldMs,
  makeWorld,
  type PipelineStore,
  type PipelineWorld,
  receivedAt,
  startPipeline,
} from '../support/pipeline-harness.ts'
import { importSmallRegistry } from '../support/small-registry.ts'

async function newWorld(): Promise<PipelineWorld> {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  return world
}

const reading = (device: string, at: number, celsius: number) => ({
  payload: JSON.stringify({ device, at, values: { indoor_temperature_c: celsius } }),
})

async function storedOf(world: PipelineWorld, device: string) {
  const reader = openSqliteTelemetryReader({ directory: join(world.directory, 'telemetry') })
  const samples = await reader.readings(device, 'indoor_temperature_c', 0, Number.MAX_SAFE_INTEGER, 10_000)
  await reader.close()
  return samples.map(({ at, value }) => [at - receivedAt, value])
}

test('every delivery becomes readings, a repeat, quarantined bytes or a status, and the counts balance', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  run.journal.tick(receivedAt, false, true)
  await run.accept(reading('P-1', receivedAt, 20.4))
  await run.accept(reading('P-1', receivedAt, 20.4))
  await run.accept(reading('P-1', receivedAt, 20.5))
  await run.accept({ ...reading('P-2', receivedAt, 21), packetId: 77 })
  await run.accept({ ...reading('P-2', receivedAt, 21), packetId: 77, dup: true })
  await run.accept({ payload: '{"device":"P-3","values":{"indoor_temperature_c":19}}' })
  await run.accept({ payload: `{"device":"P-4","at":${receivedAt},"values":{"indoor_temperature_c":19,"nonsense":1}}` })
  await run.accept({ payload: 'not json' })
  await run.accept({ payload: '{"online":true}', topic: 'heating/v1/GW-nangang/status' })
  await run.settle()
  expect(run.counters()).toMatchObject({
    quarantine_deliveries: 9,
    quarantine_taken: 5,
    quarantine_repeats: 1,
    quarantine_rejected: 2,
    quarantine_status: 1,
    quarantine_readings: 6,
    telemetry_readings: 6,
    telemetry_stored: 4,
    telemetry_repeats: 1,
    telemetry_corrections: 1,
    telemetry_withoutTime: 1,
  })
  expect(await storedOf(world, 'P-1')).toEqual([[0, 20.5]])
  expect(await storedOf(world, 'P-4')).toEqual([[0, 19]])
  const quarantined = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  expect(quarantined.map(({ problems, storedReadings }) => [problems[0]?.code, storedReadings])).toEqual([
    ['not_json', 0],
    ['unknown_metric', 1],
  ])
  const unassigned = await unassignedDevices(world.ledger.db, receivedAt, { limit: 10 })
  expect(unassigned.map(({ device }) => device)).toEqual(['P-1', 'P-2', 'P-3', 'P-4'])
  expect(world.watched.reduce((sum, block) => sum + block.readings.count, 0)).toBe(6)
  await run.stop()
})

test('a gateway is told what was wrong, and not told a thousand times', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  for (let index = 0; index < 50; index++) await run.accept({ payload: `broken ${index}` })
  await run.settle()
  const told = run.messagesOf('gatewayErrors')
  expect(told.length).toBe(1)
  expect(told[0]).toMatchObject({ gateway: 'GW-nangang', message: { problems: [{ code: 'not_json', path: '$' }] } })
  await run.stop()
})

test('readers that are together decode the journal once', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  for (let index = 0; index < 500; index++) await run.accept(reading(`P-${index % 20}`, receivedAt + index, 20))
  await run.settle()
  const { blocksDecoded, blocksShared } = run.counters()
  expect(blocksShared).toBe(2 * (blocksDecoded ?? 0))
  await run.stop()
})

test('a restart goes on where each reader was, and counts go on', async () => {
  const world = await newWorld()
  const first = await startPipeline(world)
  for (let index = 0; index < 100; index++) await first.accept(reading('P-1', receivedAt + index, 20))
  await first.settle()
  await first.stop()
  const second = await startPipeline(world)
  for (let index = 100; index < 150; index++) await second.accept(reading('P-1', receivedAt + index, 20))
  await second.settle()
  expect(second.counters()).toMatchObject({
    quarantine_deliveries: 150,
    telemetry_readings: 150,
    telemetry_stored: 150,
    telemetry_repeats: 0,
  })
  expect(await storedOf(world, 'P-1')).toHaveLength(150)
  expect(world.watched.reduce((sum, block) => sum + block.readings.count, 0)).toBe(150)
  await second.stop()
})

test('a store that fails holds back only its own reader, and the journal keeps what it has not read', async () => {
  const world = await newWorld()
  let broken = true
  const changes = {
    segmentBytes: 4_000,
    openTelemetry: async (open: () => Promise<PipelineStore>): Promise<PipelineStore> => {
      const store = await open()
      return {
        ...store,
        append: (...batch: Parameters<typeof store.append>) =>
          broken ? Promise.reject(new Error('the disk is full')) : store.append(...batch),
      }
    },
  }
  const run = await startPipeline(world, changes)
  for (let index = 0; index < 300; index++) await run.accept(reading('P-1', receivedAt + index, 20))
  const settling = run.settle()
  await expect.poll(() => run.counters().quarantine_deliveries).toBe(300)
  await expect.poll(() => run.counters().telemetry_failures).toBeGreaterThan(0)
  expect(world.watched.reduce((sum, block) => sum + block.readings.count, 0)).toBe(300)
  expect(run.journal.start()).toBe(0)
  broken = false
  await settling
  expect(run.counters()).toMatchObject({ telemetry_stored: 300, telemetry_repeats: 0 })
  expect(await storedOf(world, 'P-1')).toHaveLength(300)
  await expect.poll(() => run.journal.start()).toBeGreaterThan(0)
  expect(readdirSync(join(world.directory, 'journal')).length).toBeLessThan(6)
  await run.stop()
})

test('the watch is settled when its effects are durable, not as soon as it has taken a delivery', async () => {
  const world = await newWorld()
  const committed = Promise.withResolvers<void>()
  const run = await startPipeline(world, {
    watch: {
      async apply(block) {
        world.watchPosition = block.to
        await committed.promise
        return { signals: [] }
      },
    },
  })
  await run.accept({ payload: JSON.stringify({ device: 'P-1', values: { indoor_temperature_c: 20 } }) })
  let isSettled = false
  const settling = run.settle().then(() => {
    isSettled = true
  })
  const end = run.journal.durableEnd.get()
  const positions = () => run.messagesOf('progress').at(-1)?.positions
  await vi.waitFor(() => expect(positions()).toMatchObject({ telemetry: end, quarantine: end }))
  expect(world.watchPosition).toBe(end)
  expect(positions()).toMatchObject({ watch: 0 })
  expect(isSettled).toBe(false)
  committed.resolve()
  await settling
  await run.stop()
})

test('a gateway speaks only for its own devices and for those that nobody has', async () => {
  const world = await newWorld()
  await importSmallRegistry(world.ledger)
  const run = await startPipeline(world)
  await run.accept(reading('P-nangang-1', receivedAt, 20))
  await run.accept(reading('P-daoli-1', receivedAt, 5))
  await run.accept(reading('P-new', receivedAt, 20))
  await run.settle()
  const [entry] = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  expect(entry?.problems).toEqual([
    { code: 'device_of_other_gateway', path: '$.device', detail: expect.stringContaining('GW-daoli') },
  ])
  expect(await storedOf(world, 'P-nangang-1')).toHaveLength(1)
  expect(await storedOf(world, 'P-daoli-1')).toEqual([])
  expect(await storedOf(world, 'P-new')).toHaveLength(1)
  await run.stop()
})

test('a gateway that makes up devices is stopped at a number, also over a restart', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  const items = (from: number, count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, index) => ({
        device: `X-${from + index}`,
        at: receivedAt,
        values: { indoor_temperature_c: 20 },
      })),
    )
  await run.accept({ payload: items(0, 600) })
  await run.settle()
  await run.stop()
  const again = await startPipeline(world)
  await again.accept({ payload: items(300, 600) })
  await again.accept({ payload: items(900, 200) })
  await again.accept({ payload: items(0, 100) })
  await again.accept({ payload: items(5_000, 5), gateway: 'GW-daoli', topic: 'heating/v1/GW-daoli/readings' })
  await again.settle()
  expect(again.counters()).toMatchObject({
    quarantine_rejected: 1,
    telemetry_stored: unregisteredPerGatewayMax + 5,
    telemetry_repeats: 400,
  })
  const [entry] = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  expect(entry).toMatchObject({
    storedReadings: 100,
    problemCount: 100,
    problems: [{ path: '$[100].device' }, ...Array(19).fill({ code: 'too_many_unregistered_devices' })],
  })
  await again.stop()
})

test('a quarantined delivery is sent through again, by the registry as it is now, with its time of receipt', async () => {
  const world = await newWorld()
  await importSmallRegistry(world.ledger)
  const run = await startPipeline(world)
  run.journal.tick(receivedAt, false, true)
  await run.accept({
    payload: '{"device":"P-daoli-1","values":{"indoor_temperature_c":20}}',
    receivedAt: receivedAt + 5,
  })
  await run.settle()
  const [entry] = await listQuarantine(world.ledger.db, {}, { limit: 1 })
  const period = {
    device: 'P-daoli-1',
    gateway: 'GW-nangang',
    place_kind: 'dwelling',
    place: 'D-daoli-1',
    valid_from: receivedAt - 1_000,
    sampling_interval_s: 600,
    reporting_interval_s: 600,
  }
  await importSmallRegistry(world.ledger, { device_period: [period] })
  await world.ledger.write((transaction) =>
    requestReplay(transaction, [entry?.id ?? 0], { actor: 'test', now: receivedAt + 60_000 }),
  )
  await expect.poll(() => run.counters().quarantine_sentAgain).toBe(1)
  await run.settle()
  expect(await storedOf(world, 'P-daoli-1')).toEqual([[5, 20]])
  // Its time is that of its receipt, but the rules must take it for what it is: old news.
  const watched = world.watched.findLast(({ readings }) => readings.count === 1)?.readings
  expect([watched?.at[0], watched?.receivedAt[0]]).toEqual([receivedAt + 5, receivedAt + 5 + heldMs])
  const [replayed, ...others] = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  expect(replayed?.replayedAt).toBe(receivedAt)
  expect(others).toEqual([])
  await run.stop()
})
