import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { listQuarantine } from '#store/ledger/quarantine.ts'
import { requestReplay } from '#store/ledger/quarantine-replay.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { readSparkplugPayload } from '../../ingest/codecs/sparkplug-payload.ts'
import { makeBirth, type NodeSession } from '../../ingest/codecs/sparkplug-session.ts'
import { SparkplugBook } from '../../ingest/pipeline/sparkplug-book.ts'
import { sparkplugFileAt } from '../../ingest/pipeline/sparkplug-file.ts'
import { type SparkplugNotation, sparkplugBytes } from '../codecs/sparkplug-bytes.ts'
import { makeWorld, type PipelineWorld, receivedAt, startPipeline } from '../support/pipeline-harness.ts'
import { importSmallRegistry, registryBeginning } from '../support/small-registry.ts'

const gateway = 'GW-nangang'
const probe = 'P-nangang-1'

async function newWorld(): Promise<PipelineWorld> {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  await importSmallRegistry(world.ledger)
  await importSmallRegistry(world.ledger, {
    payload_mapping: [{ id: 'node', format: 'sparkplug_b' }],
    payload_field: [
      { mapping: 'node', field: 'Room', metric: 'indoor_temperature_c' },
      { mapping: 'node', field: 'Air', metric: 'humidity_pct' },
    ],
    foreign_topic: [{ gateway, topic: 'spBv1.0/#', mapping: 'node' }],
    foreign_device: [{ gateway, address: 'Heat/Edge/Probe', device: probe, valid_from: registryBeginning }],
  })
  return world
}

const message = (type: string, input: SparkplugNotation) => ({
  topic: `spBv1.0/Heat/${type}/Edge${type.startsWith('D') ? '/Probe' : ''}`,
  payload: sparkplugBytes({ timestamp: receivedAt, ...input }),
})
const nodeBirth = message('NBIRTH', { seq: 0, metrics: [{ name: 'bdSeq', dataType: 'UInt64', value: 0 }] })
const deviceBirth = (room: number, air: number) =>
  message('DBIRTH', {
    seq: 1,
    metrics: [
      { name: 'Room', alias: room, dataType: 'Float', isNull: true, isTransient: true },
      { name: 'Air', alias: air, dataType: 'Int32', isNull: true, isTransient: true },
    ],
  })
const dataOf = (seq: number, alias: number, value: number) =>
  message('DDATA', {
    seq,
    metrics: [{ alias, dataType: 'Float', typeLeftOut: true, value, timestamp: receivedAt - 60_000 + seq }],
  })

async function storedOf(world: PipelineWorld, metric: 'indoor_temperature_c' | 'humidity_pct') {
  const reader = openSqliteTelemetryReader({ directory: join(world.directory, 'telemetry') })
  const samples = await reader.readings(probe, metric, 0, Number.MAX_SAFE_INTEGER, 100)
  await reader.close()
  return samples.map(({ at, value }) => [at - receivedAt + 60_000, value])
}

test('what an alias stands for is known after a restart', async () => {
  const world = await newWorld()
  const before = await startPipeline(world)
  await before.accept(nodeBirth)
  await before.accept(deviceBirth(1, 2))
  await before.accept(dataOf(2, 1, 20.5))
  await before.settle()
  await before.stop()

  const after = await startPipeline(world)
  await after.accept(dataOf(3, 1, 20.25))
  await after.settle()
  expect(after.messagesOf('command')).toEqual([])
  await after.stop()
  expect(await storedOf(world, 'indoor_temperature_c')).toEqual([
    [2, 20.5],
    [3, 20.25],
  ])
})

test('a reader that is behind reads by the birth that was in force, not by a later one, also after a restart', async () => {
  const world = await newWorld()
  let isAway = false
  const openTelemetry: NonNullable<Parameters<typeof startPipeline>[1]>['openTelemetry'] = async (open) => {
    const store = await open()
    return {
      append: async (...given) => {
        if (isAway) throw new Error('the disk is away')
        return store.append(...given)
      },
      progress: () => store.progress(),
      check: async () => store.check?.(),
      close: () => store.close(),
    }
  }
  const before = await startPipeline(world, { openTelemetry })
  await before.accept(nodeBirth)
  await before.accept(deviceBirth(1, 2))
  await before.settle()
  isAway = true
  await before.accept(dataOf(2, 1, 20.5))
  await before.accept(nodeBirth)
  // The same numbers stand for other metrics now.
  await before.accept(deviceBirth(2, 1))
  await before.accept(dataOf(2, 2, 20.25))
  const end = before.journal.durableEnd.get()
  await expect.poll(() => before.messagesOf('progress').at(-1)?.positions.watch).toBeGreaterThanOrEqual(end)
  await before.stop()

  const after = await startPipeline(world)
  await after.settle()
  await after.stop()
  expect(await storedOf(world, 'indoor_temperature_c')).toEqual([[2, 20.25]])
  expect(await storedOf(world, 'humidity_pct')).toEqual([])
})

test('a disk that cannot forget old sessions holds nobody up', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  await run.accept(nodeBirth)
  await run.settle()
  const other = new DatabaseSync(join(world.directory, 'journal', 'sparkplug.db'))
  other.exec('begin immediate')
  const megabyte = randomBytes(1_000_000)
  // The file forgets when the journal has gone on by some megabytes.
  for (let count = 0; count < 20; count++) {
    await run.accept({ topic: `heating/v1/${gateway}/status`, payload: megabyte })
  }
  await run.settle()
  const released = () => run.messagesOf('progress').at(-1)?.releasePosition
  await expect.poll(released).toBeGreaterThan(17_000_000)
  other.close()
  await run.stop()
})

test('a node whose messages are missing is asked for its births, once', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  await run.accept(nodeBirth)
  await run.accept(deviceBirth(1, 2))
  await run.accept(dataOf(5, 1, 20.5))
  await run.accept(dataOf(9, 1, 20.25))
  await run.settle()
  const [command, ...more] = run.messagesOf('command')
  expect(more).toEqual([])
  expect(command?.topic).toBe('spBv1.0/Heat/NCMD/Edge')
  const asked = readSparkplugPayload(command?.payload ?? new Uint8Array())
  expect(asked?.seq).toBeUndefined()
  expect(asked?.metrics).toMatchObject([{ name: 'Node Control/Rebirth', sent: { booleanValue: true } }])
  expect(run.counters()).toMatchObject({ sparkplugGaps: 2, sparkplugRebirthsAsked: 1, sparkplugNodes: 1 })
  await run.stop()
})

test('what came before its birth is read when it is sent through again, and changes nothing of what is known', async () => {
  const world = await newWorld()
  const run = await startPipeline(world)
  await run.accept(dataOf(200, 1, 20.5))
  await run.accept(nodeBirth)
  await run.accept(deviceBirth(1, 2))
  await run.settle()
  const [kept] = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  if (kept === undefined) throw new Error('nothing is in quarantine')
  await world.ledger.write((transaction) => requestReplay(transaction, [kept.id], { actor: 'test', now: receivedAt }))
  await expect.poll(() => run.counters().quarantine_sentAgain).toBe(1)
  await run.accept(dataOf(2, 1, 20.25))
  await run.settle()
  expect(run.counters()).toMatchObject({ sparkplugGaps: 0, quarantine_rejected: 1 })
  await run.stop()
  expect(await storedOf(world, 'indoor_temperature_c')).toEqual([
    [2, 20.25],
    [200, 20.5],
  ])
})

test('an attempt that is begun anew finds nothing of the one before', () => {
  const book = new SparkplugBook()
  book.begin(0)
  const sessions = book.sessionsOf(gateway)
  expect(sessions.of('Heat/Edge')).toBeUndefined()
  expect(sessions.put('Heat/Edge', session(1))).toBe(true)
  // An attempt that asked the ledger begins again, without what it had found.
  book.begin(0)
  expect(sessions.of('Heat/Edge')).toBeUndefined()
})

const birth = makeBirth([{ name: 'Room', alias: '1', type: 9 }])
const session = (seq: number): NodeSession => ({ bdSeq: 0, seq, trusted: true, births: new Map([['Probe', birth]]) })

test('sessions are as they were at each position that a reader may come back to, and forgotten when none can', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  const path = join(world.directory, 'sparkplug.db')
  const file = sparkplugFileAt(path)
  const book = new SparkplugBook({ file })
  const far = 64 << 20
  for (const [from, to, seq] of [
    [0, 100, 1],
    [100, 200, 2],
    [200, far, 3],
  ] as const) {
    book.begin(from)
    book.sessionsOf(gateway).put('Heat/Edge', session(seq))
    book.finish(to, receivedAt)
  }
  book.close()

  const again = sparkplugFileAt(path)
  const reopened = new SparkplugBook({ file: again })
  const seqAt = (position: number) => {
    reopened.begin(position)
    return reopened.sessionsOf(gateway).of('Heat/Edge')?.seq
  }
  expect([0, 100, 150, 200, far].map(seqAt)).toEqual([undefined, 1, 1, 2, 3])
  expect(reopened.sessionsOf('GW-daoli').of('Heat/Edge')).toBeUndefined()
  expect(reopened.sessionsOf(gateway).of('Heat/Edge')?.births.get('Probe')?.byAlias.get('1')).toEqual({
    name: 'Room',
    alias: '1',
    type: 9,
  })
  reopened.release(far)
  expect([200, far].map(seqAt)).toEqual([undefined, 3])
  expect([...again.read().values()].map((versions) => versions.map(({ position }) => position))).toEqual([[far]])

  reopened.begin(far)
  reopened.sessionsOf(gateway).put('Heat/Edge', undefined)
  reopened.finish(2 * far, receivedAt)
  reopened.release(2 * far)
  expect(again.read().size).toBe(0)
  expect(reopened.counters().sparkplugNodes).toBe(0)
  reopened.close()
})

test('a gateway cannot fill the memory with nodes', () => {
  const book = new SparkplugBook()
  book.begin(0)
  const taken = Array.from({ length: 1_200 }, (_, number) => {
    const one = book.sessionsOf(gateway).put(`Heat/Edge-${number}`, session(0))
    book.finish(number + 1, receivedAt)
    return one
  })
  expect(taken.filter(Boolean)).toHaveLength(1_000)
  expect(book.sessionsOf('GW-daoli').put('Heat/Edge', session(0))).toBe(true)
})

test('a gateway cannot fill the memory with metrics, and has room again when births become smaller', () => {
  const book = new SparkplugBook()
  const sessions = book.sessionsOf(gateway)
  const large = makeBirth(Array.from({ length: 5_000 }, (_, number) => ({ name: `M${number}`, alias: '1', type: 9 })))
  const births = new Map(Array.from({ length: 30 }, (_, number) => [`Device-${number}`, large]))
  const put = (node: string, one: NodeSession) => {
    book.begin(0)
    const isTaken = sessions.put(node, one)
    book.finish(1, receivedAt)
    return isTaken
  }
  expect(put('Heat/A', { ...session(0), births })).toBe(true)
  expect(put('Heat/B', { ...session(0), births: new Map(births) })).toBe(false)
  expect(put('Heat/A', session(1))).toBe(true)
  expect(put('Heat/B', { ...session(0), births: new Map(births) })).toBe(true)
})
