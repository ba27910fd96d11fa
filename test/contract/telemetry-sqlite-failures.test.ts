import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { guardMainFile } from '#store/telemetry/sqlite/main-file.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { batchOf, numberedDevices, numberedReadings } from './telemetry-batches.ts'
import { tinyMerges } from './telemetry-tiny-merges.ts'

const metric = 'indoor_temperature_c'
const dayMs = 86_400_000
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'telemetry-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function sizeOfFile(name: string): Promise<number> {
  const found = await stat(join(directory, name))
  return found.isFile() ? found.size : 0
}

const openStore = (warn?: (message: string) => void) =>
  openSqliteTelemetry({ directory, mergeLimits: tinyMerges, warn })

/** Values of each device that batches up to `count` (exclusive) leave. */
function expectedValues(device: string, count: number): number[] {
  const numbers = Array.from({ length: count }, (_, number) => number)
  return numbers
    .flatMap((number) => numberedReadings(number).filter((reading) => reading.device === device))
    .map((reading) => reading.value)
}

/** A process that appends numbered batches and merges; `acknowledged` grows with what it says. */
function startWriter() {
  const script = join(import.meta.dirname, 'telemetry-writer-process.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const writer = {
    acknowledged: 0,
    isRunning: () => child.exitCode === null,
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      expect(await exited).toEqual([null, 'SIGKILL'])
    },
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    writer.acknowledged = Number(line) + 1
  })
  return writer
}

/** Compares what a reader sees with what was acknowledged before it was asked. */
async function expectAcknowledged(reader: TelemetryReader, device: string, acknowledged: number): Promise<void> {
  const expected = expectedValues(device, acknowledged)
  const samples = await reader.readings(device, metric, 0, Number.MAX_SAFE_INTEGER, 1e6)
  expect(samples.slice(0, expected.length).map((sample) => sample.value)).toEqual(expected)
  const newest = (await reader.latest(device)).at(0)?.value ?? -1
  expect(newest).toBeGreaterThanOrEqual(expected.at(-1) ?? -1)
}

describe('sqlite telemetry under kill -9', () => {
  test('loses nothing acknowledged while it appends and merges, and readers elsewhere see all of it', async () => {
    const reader = openSqliteTelemetryReader({ directory })
    let acknowledged = 0
    try {
      for (let round = 0; round < 5; round++) {
        const writer = startWriter()
        try {
          const goal = acknowledged + 30 + round * 7
          for (let asked = 0; writer.acknowledged < goal && writer.isRunning(); asked++) {
            const device = numberedDevices[asked % numberedDevices.length]
            await expectAcknowledged(reader, device, Math.max(acknowledged, writer.acknowledged))
            await setImmediate()
          }
        } finally {
          await writer.kill()
        }
        acknowledged = writer.acknowledged
      }
      const store = await openStore()
      const { position, counters } = await store.progress()
      expect(position).toBeGreaterThanOrEqual(acknowledged)
      expect(counters).toEqual({ batches: position })
      for (const device of numberedDevices) {
        const samples = await store.readings(device, metric, 0, Number.MAX_SAFE_INTEGER, 1e6)
        expect(samples.map((sample) => sample.value)).toEqual(expectedValues(device, position))
      }
      expect((await store.usage()).readings).toBe(4 * position)
      const again = await store.append(batchOf(numberedReadings(position - 1)), position, counters)
      expect(again).toEqual({ stored: 0, repeats: 4, corrections: 0 })
      await store.maintain(numberedReadings(position)[0].at)
      const sizes = await Promise.all((await readdir(directory, { recursive: true })).map(sizeOfFile))
      expect((await store.usage()).bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
      await store.close()
    } finally {
      await reader.close()
    }
  })
})

describe('sqlite telemetry with damaged files', () => {
  /** A store with merged days; returns the names of its run files, oldest first. */
  async function fill(): Promise<string[]> {
    const store = await openStore()
    for (let number = 0; number < 24; number++) {
      await store.append(batchOf(numberedReadings(number)), number + 1, {})
    }
    await store.maintain(numberedReadings(24)[0].at + 2 * dayMs)
    await store.close()
    return (await readdir(join(directory, 'runs'))).filter((name) => !name.startsWith('newest')).sort()
  }

  const runPath = (name: string) => join(directory, 'runs', name)

  test('refuses a second writer and says so', async () => {
    const store = await openStore()
    await expect(openStore()).rejects.toMatchObject({ code: 'telemetry_in_use' })
    await store.close()
    await (await openStore()).close()
  })

  test('names a run file that was cut, and goes on without it once it is given up', async () => {
    const [first] = await fill()
    await truncate(runPath(first), 100)
    await expect(openStore()).rejects.toMatchObject({
      code: 'telemetry_file_corrupt',
      message: expect.stringContaining(`${first} is damaged. Stop the service`),
    })
    await rename(runPath(first), `${runPath(first)}.abandoned`)
    const warnings: string[] = []
    const store = await openStore((message) => warnings.push(message))
    expect(warnings).toEqual([expect.stringContaining(`${first} was given up: 32 readings`)])
    expect((await store.usage()).readings).toBe(24 * 4 - 32)
    const left = await store.readings('P-1', metric, 0, Number.MAX_SAFE_INTEGER, 1000)
    expect(left.map((sample) => sample.value)).toEqual(expectedValues('P-1', 24).filter((value) => value >= 0.8))
    await store.close()
  })

  test('names a run file that is missing', async () => {
    const [first] = await fill()
    await rm(runPath(first))
    await expect(openStore()).rejects.toMatchObject({ code: 'telemetry_file_missing' })
    const reader = openSqliteTelemetryReader({ directory })
    await expect(reader.readings('P-1', metric, 0, Number.MAX_SAFE_INTEGER, 10)).rejects.toMatchObject({
      code: 'telemetry_file_missing',
      message: expect.stringContaining(first),
    })
    await reader.close()
    await writeFile(`${runPath(first)}.abandoned`, '')
    await (await openStore()).close()
  })

  test('never gives out a changed byte of a run file', async () => {
    const [first] = await fill()
    const whole = await readFile(runPath(first))
    const reader = openSqliteTelemetryReader({ directory })
    const ask = () => reader.readings('P-1', metric, 0, Number.MAX_SAFE_INTEGER, 1000)
    const right = await ask()
    await reader.close()
    // The readings lie at the end of the file's last page.
    for (let offset = whole.length - 60; offset < whole.length; offset += 7) {
      const file = await open(runPath(first), 'r+')
      await file.write(Buffer.of(whole[offset] ^ 0x40), 0, 1, offset)
      await file.close()
      const another = openSqliteTelemetryReader({ directory })
      const answer = await another
        .readings('P-1', metric, 0, Number.MAX_SAFE_INTEGER, 1000)
        .catch((error) => error.code)
      await another.close()
      expect([right, 'telemetry_file_corrupt']).toContainEqual(answer)
      await writeFile(runPath(first), whole)
    }
  })

  test('says what to do when the main file is no database', async () => {
    await fill()
    await writeFile(join(directory, 'telemetry.sqlite'), Buffer.alloc(8192, 7))
    await expect(openStore()).rejects.toMatchObject({
      code: 'telemetry_file_corrupt',
      message: expect.stringContaining('put the whole folder back from a backup'),
    })
  })

  test('sweeps away what a merge left half built', async () => {
    await fill()
    await writeFile(runPath('2026-01-15-level9-1-99.sqlite'), 'half')
    const store = await openStore()
    await store.maintain(numberedReadings(24)[0].at)
    expect(await readdir(join(directory, 'runs'))).not.toContain('2026-01-15-level9-1-99.sqlite')
    await store.close()
  })

  test('takes nothing over from an append that failed', async () => {
    const store = await openStore()
    const [reading] = numberedReadings(1)
    await store.append(batchOf([reading]), 1, { appends: 1 })
    const changed = batchOf([
      { ...reading, value: 5 },
      { ...reading, device: 'new', value: 6 },
    ])
    // A position that is no number is refused when the batch is written, after its readings were looked at.
    await expect(store.append(changed, Number.NaN, { appends: 2 })).rejects.toThrow('NOT NULL')
    expect(await store.progress()).toEqual({ position: 1, counters: { appends: 1 } })
    expect(await store.append(changed, 2, { appends: 2 })).toEqual({ stored: 1, repeats: 0, corrections: 1 })
    await store.close()
    const again = await openStore()
    expect(await again.latest('new')).toMatchObject([{ value: 6 }])
    await again.close()
  })

  test('looks nothing up in what an append wrote before it failed', async () => {
    const store = await openStore()
    const at = numberedReadings(0)[0].at
    await store.append(batchOf([{ device: 'P', at, value: 20 }]), 1, {})
    // The second reading is looked up when the first, received the day before, is written already.
    const failing = batchOf([
      { device: 'Q', at: at - dayMs, value: 1, receivedAt: at },
      { device: 'P', at: at - dayMs, value: 2, receivedAt: at + dayMs },
    ])
    const fail = () => {
      throw new Error('too late')
    }
    await expect(store.append(failing, 2, fail)).rejects.toThrow('too late')
    const earlier = { device: 'R', at: at - dayMs, value: 3, receivedAt: at }
    await store.append(batchOf([{ ...earlier, at }, earlier]), 2, {})
    expect(await store.append(batchOf([earlier]), 3, {})).toEqual({ stored: 0, repeats: 1, corrections: 0 })
    expect(await store.append(failing, 4, {})).toEqual({ stored: 2, repeats: 0, corrections: 0 })
    await store.close()
  })

  test('says that the disk is full', () => {
    const path = join(directory, 'full.sqlite')
    const db = new DatabaseSync(path)
    db.exec('CREATE TABLE t(x); PRAGMA max_page_count = 4')
    const fill = () => db.exec('INSERT INTO t VALUES (zeroblob(100000))')
    expect(() => guardMainFile(path, fill)).toThrow(
      expect.objectContaining({ code: 'telemetry_write_failed', message: expect.stringContaining('make room') }),
    )
    db.close()
  })

  test('cuts fractions of a millisecond and refuses a reading without a time', async () => {
    const store = await openStore()
    const [reading] = numberedReadings(0)
    await store.append(batchOf([{ ...reading, at: reading.at + 0.75 }]), 1, {})
    expect(await store.latest(reading.device)).toMatchObject([{ at: reading.at }])
    await expect(store.append(batchOf([{ ...reading, at: Number.NaN }]), 2, {})).rejects.toThrow('without a time')
    expect(await store.progress()).toEqual({ position: 1, counters: {} })
    await store.close()
  })

  test('does not give out a batch that was changed on disk', async () => {
    const store = await openStore()
    const readings = numberedReadings(0)
    await store.append(batchOf(readings), 1, {})
    await store.close()
    const db = new DatabaseSync(join(directory, 'telemetry.sqlite'))
    db.exec("UPDATE batch SET data = CAST(substr(data, 1, length(data) - 1) || x'01' AS BLOB)")
    db.close()
    await expect(openStore()).rejects.toMatchObject({ code: 'telemetry_file_corrupt' })
  })
})
