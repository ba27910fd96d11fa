import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteTelemetryMaintenance } from '#store/telemetry/sqlite/maintenance.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import { batchOf } from './telemetry-batches.ts'
import { tinyMerges } from './telemetry-tiny-merges.ts'

const metric = 'indoor_temperature_c'
const startAt = Date.UTC(2026, 0, 15)
const dayMs = 86_400_000
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'telemetry-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

/** What a statement gives for the main file, one number. */
function count(sql: string): number {
  const db = new DatabaseSync(join(directory, 'telemetry.sqlite'), { readOnly: true })
  const value = Object.values(db.prepare(sql).get() ?? {})[0]
  db.close()
  return Number(value)
}

describe('upkeep of sqlite telemetry', () => {
  test('leaves one file a complete day, with each reading once', async () => {
    const store = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges })
    for (let round = 0; round < 60; round++) {
      const at = startAt + (round % 30) * 3 * 3_600_000
      const receivedAt = startAt + round * 3 * 3_600_000
      await store.append(batchOf([{ device: 'P-1', at, value: round, receivedAt }]), round, {})
      await store.maintain(receivedAt)
    }
    await store.maintain(startAt + 9 * dayMs)
    expect(count("SELECT count(*) FROM run WHERE kind = 'readings'")).toBe(8)
    expect(count("SELECT max(same) FROM (SELECT count(*) AS same FROM run WHERE kind = 'readings' GROUP BY day)")).toBe(
      1,
    )
    const listed = await readdir(join(directory, 'runs'))
    expect(listed).toHaveLength(9)
    await store.append(
      batchOf([1, 2, 3].map((value) => ({ device: 'P-2', at: startAt, value, receivedAt: startAt + 9 * dayMs }))),
      61,
      {},
    )
    for (const value of [4, 5]) {
      const again = { device: 'P-2', at: startAt, value, receivedAt: startAt + 9 * dayMs }
      await store.append(batchOf([again]), 61, {})
    }
    await store.maintain(startAt + 11 * dayMs)
    expect(count("SELECT rows FROM run WHERE kind = 'readings' ORDER BY seq_to DESC LIMIT 1")).toBe(1)
    await store.close()
  })

  test('does not pile up batches that only carry the position', async () => {
    const store = await openSqliteTelemetry({ directory })
    await store.append(batchOf([{ device: 'P-1', at: startAt, value: 20 }]), 1, {})
    for (let position = 2; position <= 200; position++) await store.append(batchOf([]), position, { position })
    await store.maintain(startAt)
    expect(count('SELECT count(*) FROM batch')).toBe(2)
    await store.close()
    const again = await openSqliteTelemetry({ directory })
    expect(await again.progress()).toEqual({ position: 200, counters: { position: 200 } })
    await again.close()
  })

  test('joins the names of devices, which come in small pieces, and finds each of them', async () => {
    const store = await openSqliteTelemetry({ directory })
    const reader = openSqliteTelemetryReader({ directory })
    for (let device = 0; device < 300; device++) {
      await store.append(batchOf([{ device: `P-${device}`, at: startAt, value: device }]), device, {})
      if (device === 149) expect(await reader.latest('P-120')).toMatchObject([{ value: 120 }])
    }
    await store.maintain(startAt)
    expect(count('SELECT count(*) FROM device_names')).toBe(1)
    await store.close()
    const again = await openSqliteTelemetry({ directory })
    for (let device = 0; device < 300; device++) {
      for (const side of [again, reader]) {
        expect(await side.readings(`P-${device}`, metric, 0, startAt + 1, 10)).toMatchObject([{ value: device }])
      }
    }
    expect(await again.append(batchOf([{ device: 'P-299', at: startAt, value: 299 }]), 301, {})).toMatchObject({
      repeats: 1,
    })
    await reader.close()
    await again.close()
  })

  test('merges for a whole folder one at a time, and does nothing before there is a store', async () => {
    const early = openSqliteTelemetryMaintenance({ directory })
    await early.maintain(startAt)
    const store = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges })
    for (let number = 0; number < 40; number++) {
      await store.append(batchOf([{ device: `P-${number % 7}`, at: startAt + number, value: number }]), number, {})
    }
    const both = await Promise.allSettled([store.maintain(startAt), early.maintain(startAt)])
    expect(both).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'telemetry_maintenance_in_use' } },
    ])
    await early.maintain(startAt)
    await early.close()
    await store.close()
  })

  test('gives up a merge when it is closed, and does it again later', async () => {
    const store = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges })
    for (let number = 0; number < 40; number++) {
      await store.append(batchOf([{ device: `P-${number % 7}`, at: startAt + number, value: number }]), number, {})
    }
    const merging = store.maintain(startAt)
    await store.close()
    await expect(merging).rejects.toMatchObject({ code: 'telemetry_closed' })
    await expect(store.append(batchOf([]), 41, {})).rejects.toMatchObject({ code: 'telemetry_closed' })
    const again = await openSqliteTelemetry({ directory, mergeLimits: tinyMerges })
    await again.maintain(startAt)
    expect(count('SELECT count(*) FROM batch')).toBeLessThan(3)
    expect((await again.usage()).readings).toBe(40)
    await again.close()
  })
})
