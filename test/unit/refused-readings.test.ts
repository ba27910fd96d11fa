import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { ReadingBatch, Sample } from '#domain/reading.ts'
import { listQuarantine, readQuarantined } from '#store/ledger/quarantine.ts'
import { exportQuarantine, requestReplay } from '#store/ledger/quarantine-replay.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import {
  makeWorld,
  type PipelineStore,
  type PipelineWorld,
  receivedAt,
  startPipeline,
} from '../support/pipeline-harness.ts'

const worlds: PipelineWorld[] = []
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove()
})

async function newWorld(): Promise<PipelineWorld> {
  const world = await makeWorld()
  worlds.push(world)
  return world
}

const item = (device: string, value: number) => ({ device, at: receivedAt, values: { indoor_temperature_c: value } })

/** A store that takes every reading but those of one device, as InfluxDB may, until it is mended. */
function refusing(device: string, isMended = () => false) {
  return async (open: () => Promise<PipelineStore>): Promise<PipelineStore> => {
    const store = await open()
    return {
      ...store,
      async append(batch, position, counters, keepRefused) {
        const rows = Array.from({ length: batch.count }, (_, row) => row)
        const bad = rows.filter((row) => !isMended() && batch.deviceIds.at(batch.device[row]) === device)
        await keepRefused?.(bad.map((row) => ({ row, reason: 'field type conflict' })))
        const good = rows.filter((row) => !bad.includes(row))
        const count = typeof counters === 'function' ? counters : () => counters
        return store.append(only(batch, good), position, (result) => count({ ...result, refused: bad.length }))
      },
    }
  }
}

async function storedOf({ directory }: PipelineWorld): Promise<Sample[]> {
  const reader = openSqliteTelemetryReader({ directory: join(directory, 'telemetry') })
  const samples = await reader.readings('P-bad', 'indoor_temperature_c', 0, receivedAt + 1, 10)
  await reader.close()
  return samples
}

function only(batch: ReadingBatch, rows: readonly number[]): ReadingBatch {
  const pick = <T extends Uint8Array | Uint32Array | Float64Array>(column: T): T =>
    column.filter((_, row) => rows.includes(row)) as T
  const { deviceIds, device, metric, at, value, quality, receivedAt: received } = batch
  return {
    count: rows.length,
    deviceIds,
    device: pick(device),
    metric: pick(metric),
    at: pick(at),
    value: pick(value),
    quality: pick(quality),
    receivedAt: pick(received),
  }
}

test('what a store can never take is in the quarantine with its reason, and goes in when the store is mended', async () => {
  const world = await newWorld()
  let mended = false
  const run = await startPipeline(world, { openTelemetry: refusing('P-bad', () => mended) })
  await run.accept({ payload: JSON.stringify([item('P-1', 20)]) })
  await run.accept({ payload: JSON.stringify([item('P-2', 21), item('P-bad', 5.5), item('P-3', 22)]) })
  await run.accept({ payload: JSON.stringify([item('P-bad', 6)]) })
  await run.settle()
  const entries = (await listQuarantine(world.ledger.db, {}, { limit: 10 })).reverse()
  expect(entries.map(({ storedReadings, problems }) => [storedReadings, problems])).toEqual([
    [2, [{ code: 'store_refused', path: '$[0]', detail: expect.stringContaining('field type conflict') }]],
    [0, [{ code: 'store_refused', path: '$[0]', detail: expect.stringContaining('field type conflict') }]],
  ])
  const kept = await readQuarantined(world.ledger.db, entries[0]?.id ?? 0)
  expect(kept).toMatchObject({ gateway: 'GW-nangang', topic: 'heating/v1/GW-nangang/readings' })
  expect(JSON.parse(Buffer.from(kept?.payload ?? []).toString())).toEqual([item('P-bad', 5.5)])
  expect(run.counters()).toMatchObject({ telemetry_readings: 5, telemetry_stored: 3, telemetry_refused: 2 })
  expect(run.messagesOf('gatewayErrors').length).toBeGreaterThan(0)
  mended = true
  const ids = entries.map(({ id }) => id)
  await world.ledger.write((transaction) => requestReplay(transaction, ids, { actor: 'test', now: receivedAt }))
  await expect.poll(() => run.counters().quarantine_sentAgain).toBe(2)
  await run.settle()
  expect(run.counters()).toMatchObject({ telemetry_readings: 7, telemetry_refused: 2, telemetry_corrections: 1 })
  const [stored, ...others] = await storedOf(world)
  expect([stored?.value, others]).toEqual([6, []])
  await run.stop()
})

test('what was wrong with the delivery itself keeps its place in the quarantine, with all bytes', async () => {
  const world = await newWorld()
  const run = await startPipeline(world, { openTelemetry: refusing('P-bad') })
  const payload = JSON.stringify([item('P-bad', 5.5), { device: 'P-1', at: receivedAt, values: { warmth: 1 } }])
  await run.accept({ payload })
  await run.settle()
  const lines: string[] = []
  for await (const line of exportQuarantine(world.ledger.db, {})) lines.push(String(line))
  expect(lines).toHaveLength(1)
  const [entry] = await listQuarantine(world.ledger.db, {}, { limit: 10 })
  expect(entry?.problems[0]?.code).toBe('unknown_metric')
  const kept = await readQuarantined(world.ledger.db, entry?.id ?? 0)
  expect(Buffer.from(kept?.payload ?? []).toString()).toBe(payload)
  await run.stop()
})
