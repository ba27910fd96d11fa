import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectInflux, type InfluxTarget } from '#store/telemetry/influx/connection.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { RefusedReading, TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { hasProgram } from '../support/required-programs.ts'
import { batchOf } from './telemetry-batches.ts'

const suite = 'what InfluxDB 1 refuses, and when it is away'
const tagValuesMax = 20
const startAt = Date.UTC(2026, 0, 15)
const weekMs = 7 * 86_400_000
const always = [0, Number.MAX_SAFE_INTEGER, 1_000] as const

describe.runIf(hasProgram('influxd', suite))(suite, () => {
  let influxd: Influxd
  let directory: string
  let target: InfluxTarget
  let store: TelemetryStore

  beforeAll(async () => {
    influxd = await startInfluxd({ 'index-version': 'inmem', 'max-values-per-tag': tagValuesMax })
  })
  afterAll(() => influxd.remove())

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'influx-telemetry-'))
    target = { url: influxd.url, database: `test ${randomUUID()}` }
    await setUpInflux(target, 0)
    store = await openInfluxTelemetry({ target, directory })
  })
  afterEach(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  const ask = (statement: string) => connectInflux(target).query(statement, { post: true })
  const readings = (count: number, at = startAt) =>
    batchOf(Array.from({ length: count }, (_, index) => ({ device: 'P-1', at: at + index, value: index })))

  test('keeps everything but the readings that are refused for themselves, and gives those out with the reason', async () => {
    // The shard of the first week has the field as a text; that of the week after takes numbers.
    expect(await connectInflux(target).write(`reading,device=P-9,metric=x value="text" ${startAt}`)).toBeUndefined()
    const later = startAt + 2 * weekMs
    const batch = batchOf(
      Array.from({ length: 1_000 }, (_, index) => ({
        device: 'P-1',
        at: (index === 3 || index === 700 ? startAt : later) + index,
        value: index,
      })),
    )
    const kept: RefusedReading[] = []
    const positions: number[] = []
    const result = await store.append(batch, 500, {}, async (refused) => {
      kept.push(...refused)
      positions.push((await store.progress()).position)
    })
    expect(result).toEqual({ stored: 998, repeats: 0, corrections: 0, refused: 2 })
    expect(kept.map(({ row }) => row)).toEqual([3, 700])
    expect(kept[0]?.reason).toContain('field type conflict')
    expect(positions).toEqual([0])
    expect((await store.progress()).position).toBe(500)
    const stored = await store.readings('P-1', 'indoor_temperature_c', later, later + weekMs, 2_000)
    expect(stored).toHaveLength(998)
  })

  test('does not go on before the refused readings are kept', async () => {
    const batch = batchOf([
      { device: 'P-1', at: startAt, value: 20 },
      { device: 'X'.repeat(70_000), at: startAt, value: 20 },
    ])
    const notKept = store.append(batch, 500, {}, () => Promise.reject(new Error('the ledger is full')))
    await expect(notKept).rejects.toThrow('the ledger is full')
    expect((await store.progress()).position).toBe(0)
    const reasons: string[] = []
    await store.append(batch, 500, {}, async (refused) => {
      reasons.push(...refused.map(({ row, reason }) => `${row}: ${reason}`))
    })
    expect(reasons).toEqual([expect.stringMatching(/^1: .*max key length exceeded/)])
    expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toHaveLength(1)
  })

  test('takes it for no fault of the readings when a whole batch is refused', async () => {
    expect(await connectInflux(target).write(`reading,device=P-9,metric=x value="text" ${startAt}`)).toBeUndefined()
    const keep = () => Promise.reject(new Error('nothing is to be kept'))
    await expect(store.append(readings(300), 500, {}, keep)).rejects.toMatchObject({ code: 'influx_refuses_all' })
    expect((await store.progress()).position).toBe(0)
  })

  test('waits at a limit of the server, whatever stands in the same batch', async () => {
    const device = (index: number) => ({ device: `P-${index}`, at: startAt, value: 20 })
    await store.append(batchOf(Array.from({ length: tagValuesMax }, (_, index) => device(index))), 100, {})
    const batch = batchOf([device(0), device(tagValuesMax)])
    const keep = () => Promise.reject(new Error('nothing is to be kept'))
    await expect(store.append(batch, 500, {}, keep)).rejects.toMatchObject({
      code: 'influx_limit',
      message: expect.stringContaining('max-values-per-tag'),
    })
    expect((await store.progress()).position).toBe(100)
  })

  test('waits where the retention policy would drop what is written', async () => {
    await ask(`ALTER RETENTION POLICY "warmcity" ON "${target.database}" DURATION 1h SHARD DURATION 1h`)
    await expect(store.append(readings(3), 500, {})).rejects.toMatchObject({ code: 'influx_retention' })
    const { done } = await setUpInflux(target, 3_650)
    expect(done).toHaveLength(1)
    expect(await store.append(readings(3), 500, {})).toMatchObject({ stored: 3 })
  })

  test('waits for a database that is not there', async () => {
    await ask(`DROP DATABASE "${target.database}"`)
    await expect(store.append(readings(1), 500, {})).rejects.toMatchObject({ code: 'influx_missing' })
    expect((await store.progress()).position).toBe(0)
    await setUpInflux(target, 0)
    await store.append(readings(1), 500, {})
    expect((await store.progress()).position).toBe(500)
  })

  test('opens while InfluxDB is away, says so, and goes on where it was', async () => {
    await store.append(readings(2), 500, { taken: 2 })
    await store.close()
    await influxd.stop('SIGKILL')
    store = await openInfluxTelemetry({ target, directory })
    expect(await store.progress()).toEqual({ position: 500, counters: { taken: 2 } })
    await expect(store.check?.()).rejects.toMatchObject({ code: 'influx_unreachable' })
    await expect(store.append(readings(3), 600, {})).rejects.toMatchObject({ code: 'influx_unreachable' })
    await expect(store.append(batchOf([]), 600, {})).rejects.toMatchObject({ code: 'influx_unreachable' })
    await influxd.start()
    await store.append(readings(3), 600, {})
    expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toHaveLength(3)
  })

  test('goes on where files in the same folder end', async () => {
    const folder = join(directory, 'files')
    const files = await openSqliteTelemetry({ directory: folder })
    await files.append(readings(2), 700, { taken: 2 })
    await files.close()
    const after = await openInfluxTelemetry({ target, directory: folder })
    expect(await after.progress()).toEqual({ position: 700, counters: { taken: 2 } })
    await after.append(readings(1), 800, { taken: 3 })
    await after.close()
    const again = await openInfluxTelemetry({ target, directory: folder })
    expect(await again.progress()).toEqual({ position: 800, counters: { taken: 3 } })
    await again.close()
  })

  test('says what to do with a position that cannot be read', async () => {
    await writeFile(join(directory, 'influx-position.json'), '{"position":')
    await expect(openInfluxTelemetry({ target, directory })).rejects.toMatchObject({
      code: 'influx_position_unreadable',
      message: expect.stringContaining('backup'),
    })
  })

  test('is set up once, keeps data longer when asked, never shorter, and says which limits bite', async () => {
    const other = { url: influxd.url, database: `test ${randomUUID()}` }
    const first = await setUpInflux(other, 67)
    expect(first.done).toEqual([
      `made the database ${other.database}, which keeps data 67 days`,
      `made the database ${other.database}_roll_ups, which keeps data 400 days`,
    ])
    expect(first.version).toMatch(/^1\./)
    const advice = first.advice.join('\n')
    expect(advice).toContain(`max-values-per-tag is ${tagValuesMax}`)
    expect(advice).toContain('max-series-per-database is 1000000')
    expect(advice).toContain('tsi1')
    expect((await setUpInflux(other, 67)).done).toEqual([])
    expect((await setUpInflux(other, 30)).done).toEqual([])
    expect((await setUpInflux(other, 90)).done).toEqual([expect.stringContaining('keeps it 90 days now')])
    const forEver = expect.stringContaining('for ever')
    expect((await setUpInflux(other, 0)).done).toEqual([forEver, forEver])
    expect((await setUpInflux(other, 90)).done).toEqual([])
  })
})
