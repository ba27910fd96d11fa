import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeMapping } from '#domain/payload-mapping.ts'
import { listQuarantine } from '#store/ledger/quarantine.ts'
import { requestReplay } from '#store/ledger/quarantine-replay.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import type { ForeignDirectory } from '../../ingest/pipeline/foreign-book.ts'
import { makeDecoder, rowsOf, stretchOf } from '../support/decoded-delivery.ts'
import {
  makeWorld,
  type PipelineWorld,
  type RunningPipeline,
  receivedAt,
  startPipeline,
} from '../support/pipeline-harness.ts'
import { importSmallRegistry, registryBeginning } from '../support/small-registry.ts'

const gateway = 'GW-nangang'
const probe = 'P-nangang-1'
const topic = 'zigbee2mqtt/living room'
const lastSeen = receivedAt - 1_000

const state = (values: object, at = lastSeen) => ({
  topic,
  payload: JSON.stringify({ linkquality: 97, last_seen: new Date(at).toISOString(), ...values }),
})

const zigbee = {
  payload_mapping: [{ id: 'zigbee', format: 'zigbee2mqtt' }],
  payload_field: [{ mapping: 'zigbee', field: 'temperature', metric: 'indoor_temperature_c' }],
  foreign_topic: [{ gateway, topic: 'zigbee2mqtt/#', mapping: 'zigbee' }],
  foreign_device: [{ gateway, address: 'living room', device: probe, valid_from: registryBeginning }],
}

async function newWorld(): Promise<PipelineWorld> {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  await importSmallRegistry(world.ledger)
  return world
}

async function storedOf(world: PipelineWorld, device: string) {
  const reader = openSqliteTelemetryReader({ directory: join(world.directory, 'telemetry') })
  const samples = await reader.readings(device, 'indoor_temperature_c', 0, Number.MAX_SAFE_INTEGER, 100)
  await reader.close()
  return samples.map(({ at, value }) => [at - receivedAt, value])
}

const quarantined = async (world: PipelineWorld) =>
  (await listQuarantine(world.ledger.db, {}, { limit: 100 })).filter(({ replayedAt }) => replayedAt === undefined)

/** Resolves when new deliveries are judged by a registry later than `version`. */
async function registrySeen(run: RunningPipeline, known: number): Promise<void> {
  await expect.poll(() => run.messagesOf('registryVersion').length).toBeGreaterThan(known)
}

async function replayAll(world: PipelineWorld, run: RunningPipeline): Promise<void> {
  const sentBefore = run.counters().quarantine_sentAgain ?? 0
  const ids = (await quarantined(world)).map(({ id }) => id)
  await world.ledger.write((transaction) =>
    requestReplay(transaction, ids, { actor: 'test', now: receivedAt + 60_000 }),
  )
  await expect.poll(() => run.counters().quarantine_sentAgain).toBe(sentBefore + ids.length)
  await run.settle()
}

test('a state of Zigbee2MQTT becomes a reading of the probe that the device map names', async () => {
  const world = await newWorld()
  await importSmallRegistry(world.ledger, zigbee)
  const run = await startPipeline(world)
  await run.accept(state({ temperature: 21.5 }))
  await run.accept({ topic: 'zigbee2mqtt/bridge/state', payload: '{"state":"online"}', retain: true })
  // After a restart the bridge publishes what it remembers: the time tells that it is the same reading.
  await run.accept({ ...state({ temperature: 21.5, battery: 80 }), retain: true })
  await run.settle()
  expect(await storedOf(world, probe)).toEqual([[-1_000, 21.5]])
  expect(run.counters()).toMatchObject({ quarantine_taken: 3, telemetry_stored: 1, telemetry_repeats: 1 })
  expect(await quarantined(world)).toEqual([])
  await run.stop()
})

test('what is not mapped waits in quarantine with the reason, and becomes readings when the mapping is mended', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  const reasons = async () => (await quarantined(world)).map(({ problems }) => problems[0]?.code)
  await run.accept(state({ temperature: 70.7 }))
  await run.settle()
  const [entry] = await quarantined(world)
  expect(entry?.problems).toEqual([{ code: 'no_codec', path: '$', detail: expect.stringContaining('foreign_topic') }])

  // The topic is mapped now, to a field that the maker does not send.
  const { payload_field, foreign_device, ...topics } = zigbee
  await importSmallRegistry(world.ledger, {
    ...topics,
    payload_field: [{ mapping: 'zigbee', field: 'temp', metric: 'indoor_temperature_c' }],
  })
  await registrySeen(run, 0)
  await replayAll(world, run)
  expect(await reasons()).toEqual(['device_not_mapped'])

  await importSmallRegistry(world.ledger, { foreign_device })
  await registrySeen(run, 1)
  await replayAll(world, run)
  expect(await reasons()).toEqual(['field_not_mapped'])

  await importSmallRegistry(world.ledger, { payload_field: payload_field.map((field) => ({ ...field, unit: '°F' })) })
  await registrySeen(run, 2)
  await replayAll(world, run)
  expect(await reasons()).toEqual([])
  expect(await storedOf(world, probe)).toEqual([[-1_000, 21.5]])
  await run.stop()
})

test('a retained message without a time of its own stays doubtful however often it is sent through again', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  await run.accept({ topic, payload: '{"temperature":21.5}', retain: true })
  await run.accept({ topic, payload: '{"temperature":20.5}' })
  await run.settle()
  expect((await quarantined(world)).map(({ problems }) => problems[0]?.code)).toEqual(['no_codec', 'no_codec'])
  await importSmallRegistry(world.ledger, {
    ...zigbee,
    payload_mapping: [{ id: 'zigbee', format: 'zigbee2mqtt', without_time: 'receipt' }],
  })
  await registrySeen(run, 0)
  await replayAll(world, run)
  expect((await quarantined(world)).map(({ problems }) => problems[0]?.code)).toEqual(['retained_without_time'])
  expect((await storedOf(world, probe)).map(([, value]) => value)).toEqual([20.5])
  await run.stop()
})

test('another gateway cannot speak for the probe by mapping an address to it', async () => {
  const world = await newWorld()
  await importSmallRegistry(world.ledger, {
    ...zigbee,
    foreign_device: [{ gateway, address: 'living room', device: 'P-daoli-1', valid_from: registryBeginning }],
  })
  const run = await startPipeline(world)
  await run.accept(state({ temperature: 5 }))
  await run.settle()
  const [entry] = await quarantined(world)
  expect(entry?.problems).toEqual([
    { code: 'device_of_other_gateway', path: '$', detail: expect.stringContaining('GW-daoli') },
  ])
  expect(await storedOf(world, 'P-daoli-1')).toEqual([])
  await run.stop()
})

test('a probe that was changed takes over from its day on', async () => {
  const world = await newWorld()
  const changed = receivedAt - 600_000
  await importSmallRegistry(world.ledger, {
    ...zigbee,
    device: [{ id: 'P-spare', kind: 'probe' }],
    foreign_device: [
      { gateway, address: 'living room', device: probe, valid_from: registryBeginning, valid_to: changed },
      { gateway, address: 'living room', device: 'P-spare', valid_from: changed },
    ],
  })
  const run = await startPipeline(world)
  await run.accept(state({ temperature: 20 }, changed - 1))
  await run.accept(state({ temperature: 21 }, changed))
  await run.settle()
  expect(await storedOf(world, probe)).toEqual([[-600_001, 20]])
  expect(await storedOf(world, 'P-spare')).toEqual([[-600_000, 21]])
  await run.stop()
})

test('the examples of the guide read what they say they read', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  for (const folder of ['small-city', 'foreign-formats']) {
    const path = join(import.meta.dirname, '../../docs/examples', folder)
    const result = await importRegistry(world.ledger, { path }, { actor: 'test', now: () => receivedAt })
    expect(result).toMatchObject({ ok: true })
  }
  const run = await startPipeline(world)
  await run.accept({ ...state({ temperature: 21.5 }), gateway: 'GW-0001' })
  await run.accept({ topic: 'zigbee2mqtt/hall lamp', payload: '{"state":"ON"}', gateway: 'GW-0001' })
  await run.accept({
    topic: 'tele/kitchen/SENSOR',
    payload: '{"Time":"2026-01-15T07:59:59","DS18B20-1":{"Id":"00000566CC39","Temperature":19.5},"TempUnit":"C"}',
    gateway: 'GW-0001',
  })
  await run.accept({
    topic: 'brand-x/7/up',
    payload: '{"data":{"list":[{"sn":"A01","ts":"2026-01-15 07:59:59","wd":205,"yl":350}]}}',
    gateway: 'GW-0002',
  })
  await run.settle()
  expect(await quarantined(world)).toEqual([])
  expect(await storedOf(world, 'P-0001')).toEqual([[-1_000, 21.5]])
  expect(await storedOf(world, 'P-0002')).toEqual([[-1_000, 19.5]])
  expect(await storedOf(world, 'M-0001')).toEqual([[-1_000, 20.5]])
  await run.stop()
})

test('what no registry could hold as an address is refused without asking the ledger, and in plain words', async () => {
  const asked: string[] = []
  const mapping = makeMapping({ id: 'board', format: 'thingsboard', without_time: 'refuse' }, [
    { field: 'temperature', metric: 'indoor_temperature_c', scale: 1, shift: 0 },
  ])
  const directory: ForeignDirectory = {
    topics: async (gateways) => new Map(gateways.map((id) => [id, [{ filter: 'v1/gateway/telemetry', mapping }]])),
    async addresses(addresses) {
      asked.push(...addresses.map(({ address }) => address))
      return new Map()
    },
  }
  const entry = [{ ts: lastSeen, values: { temperature: 20 } }]
  const payload = JSON.stringify({ 'a\u0000b': entry, ['x'.repeat(10_000)]: entry, kitchen: entry })
  const block = await makeDecoder(undefined, directory).decode(
    stretchOf([{ topic: 'v1/gateway/telemetry', payload, receivedAt }]),
  )
  expect(asked.toSorted()).toEqual(['kitchen', 'kitchen#temperature'])
  const problems = block.rejected[0]?.problems ?? []
  expect(problems.map(({ code }) => code)).toEqual(Array(3).fill('device_not_mapped'))
  for (const { detail, path } of problems) {
    expect(`${path}${detail}`).not.toMatch(/\p{Cc}/u)
    expect(path.length + detail.length).toBeLessThan(600)
  }
})

test('a record is read by the registry that it names, however often mappings change', async () => {
  const versions = [1, 2, 3, 4, 5]
  const asked: number[] = []
  const directory: ForeignDirectory = {
    async topics(gateways, version) {
      asked.push(version)
      const mapping = makeMapping({ id: 'zigbee', format: 'zigbee2mqtt', without_time: 'refuse' }, [
        { field: 'temperature', metric: 'indoor_temperature_c', scale: 1, shift: version },
      ])
      return new Map(gateways.map((id) => [id, [{ filter: 'zigbee2mqtt/#', mapping }]]))
    },
    addresses: async (addresses, version) =>
      new Map(
        addresses.map(({ gateway: id, address }) => [
          `${id}\n${address}`,
          [{ device: `P-${version}`, from: 0, to: undefined }],
        ]),
      ),
  }
  const stretch = stretchOf(
    versions.map((registryVersion) => ({ ...state({ temperature: 10 }), receivedAt, registryVersion })),
  )
  const expected = versions.map((version) => [`P-${version}`, 10 + version])
  const decoder = makeDecoder(undefined, directory)
  const read = async () => rowsOf(await decoder.decode(stretch)).map(({ device, value }) => [device, value])
  expect(await read()).toEqual(expected)
  expect(asked.toSorted((a, b) => a - b)).toEqual(versions)
  expect(await read()).toEqual(expected)
})
