import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import { openSqliteTelemetryMaintenance } from '#store/telemetry/sqlite/maintenance.ts'
import type { MergeLimits } from '#store/telemetry/sqlite/merge-plan.ts'
import { openSqliteTelemetryReader } from '#store/telemetry/sqlite/reader.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { Latest, TelemetryReader } from '#store/telemetry/telemetry-store.ts'
import { batchOf, type TestReading } from './telemetry-batches.ts'
import { type TelemetryHarness, telemetryContract } from './telemetry-contract.ts'
import { makeTelemetryModel } from './telemetry-model.ts'
import { tinyMerges } from './telemetry-tiny-merges.ts'

async function makeHarness(mergeLimits?: MergeLimits): Promise<TelemetryHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'telemetry-'))
  return {
    open: () => openSqliteTelemetry({ directory, mergeLimits }),
    openReader: async () => openSqliteTelemetryReader({ directory }),
    remove: () => rm(directory, { recursive: true }),
  }
}

const capabilities = { exactCounts: true, dropsAtMaintain: true }
telemetryContract('sqlite', () => makeHarness(), capabilities)
telemetryContract('sqlite with tiny merges', () => makeHarness(tinyMerges), capabilities)

const startAt = Date.UTC(2026, 0, 15)
const dayMs = 86_400_000
const devices = ['P-1', 'P-2', '暖-3']
const metricsUsed = ['indoor_temperature_c', 'humidity_pct'] as const

interface Step {
  readonly kind: 'append' | 'maintain' | 'maintain elsewhere' | 'restart' | 'look'
  readonly now: number
  /** Of an append. */
  readonly readings: readonly TestReading[]
}

interface DrawnReading extends Omit<TestReading, 'at' | 'receivedAt'> {
  readonly age: number
}

interface DrawnStep {
  readonly kind: Step['kind']
  readonly hours?: number
  readonly readings?: readonly DrawnReading[]
  readonly aheadDays?: number
}

/** Readings lie on few times of few devices, so that repeats, corrections and late ones are frequent. */
const reading: fc.Arbitrary<DrawnReading> = fc.record({
  device: fc.constantFrom(...devices),
  metric: fc.constantFrom(...metricsUsed),
  /** Intervals of two hours before the receipt. */
  age: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(6) }, fc.nat(30)),
  value: fc.constantFrom(20, 20.4, 21.25, 1 / 3),
  quality: fc.constantFrom(quality.good, quality.suspect, quality.fail),
})

const drawnStep: fc.Arbitrary<DrawnStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant<Step['kind']>('append'),
      /** Hours that passed since the step before. */
      hours: fc.oneof(fc.nat(3), fc.nat(30)),
      readings: fc.array(reading, { maxLength: 14 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom<Step['kind'][]>('maintain', 'maintain elsewhere'),
      /** The clock of the merges may be far ahead of the last receipt. */
      aheadDays: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(5)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom<Step['kind'][]>('restart', 'look') }) },
)
const steps = fc.array(drawnStep, { minLength: 5, maxLength: 60 }).map(withTimes)

/** Hours and ages become times: the clock only goes on, and stands between two appends. */
function withTimes(drawn: readonly DrawnStep[]): Step[] {
  let now = startAt
  return drawn.map(({ kind, hours = 0, readings = [], aheadDays = 0 }) => {
    now += hours * 3_600_000
    const slot = Math.floor(now / 7_200_000)
    const times = (age: number) => ({ at: (slot - age) * 7_200_000, receivedAt: now })
    return {
      kind,
      now: now + aheadDays * dayMs,
      readings: readings.map(({ age, ...rest }) => ({ ...rest, ...times(age) })),
    }
  })
}

describe('sqlite telemetry against a naive model', () => {
  test('gives the same answers whatever is appended, merged, restarted and dropped', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const directory = await mkdtemp(join(tmpdir(), 'telemetry-'))
        const options = { directory, retentionDays: 3, mergeLimits: tinyMerges }
        const model = makeTelemetryModel(options.retentionDays)
        let store = await openSqliteTelemetry(options)
        const elsewhere = openSqliteTelemetryMaintenance(options)
        const reader = openSqliteTelemetryReader({ directory })
        let merging: Promise<void> = Promise.resolve()
        try {
          for (const [index, step] of drawn.entries()) {
            if (step.kind === 'append') {
              const result = await store.append(batchOf(step.readings), index + 1, { index })
              expect(result).toEqual(model.append(step.readings))
              continue
            }
            await merging
            if (step.kind === 'restart') {
              const before = await store.progress()
              await store.close()
              store = await openSqliteTelemetry(options)
              expect(await store.progress()).toEqual(before)
            } else if (step.kind === 'look') {
              await expectSameAnswers(store, model, step.now)
              await expectSameAnswers(reader, model, step.now)
            } else {
              // What follows is appended while the merge goes on; days are dropped before its first pause.
              merging = (step.kind === 'maintain' ? store : elsewhere).maintain(step.now)
              await setImmediate()
              model.maintain(step.now)
            }
          }
          await merging
          await expectSameAnswers(store, model, drawn.at(-1)?.now ?? startAt)
          await expectSameAnswers(reader, model, drawn.at(-1)?.now ?? startAt)
        } finally {
          await merging.catch(() => undefined)
          await reader.close()
          await elsewhere.close()
          await store.close()
          await rm(directory, { recursive: true })
        }
      }),
      {
        numRuns: Number(process.env.TELEMETRY_RUNS ?? 40),
        seed: seedOf(process.env.TELEMETRY_SEED),
        // On a busy machine fewer runs, and a failure that is shrunk less, are better than a timeout without a word.
        interruptAfterTimeLimit: 20_000,
      },
    )
  })
})

/** fast-check prints the seed of a failure; the variable brings it back. */
function seedOf(text: string | undefined): number {
  return text === undefined ? Date.now() % 2 ** 31 : Number(text)
}

async function expectSameAnswers(
  reader: TelemetryReader,
  model: ReturnType<typeof makeTelemetryModel>,
  now: number,
): Promise<void> {
  const byMetric = (rows: Latest[]) => rows.sort((left, right) => left.metric.localeCompare(right.metric))
  for (const device of devices) {
    expect(byMetric(await reader.latest(device))).toEqual(byMetric(model.latest(device)))
    for (const metric of metricsUsed) {
      for (const [from, to, limit] of [
        [0, Number.MAX_SAFE_INTEGER, 1_000],
        [now - dayMs, now, 1_000],
        [0, now, 3],
      ]) {
        const expected = model.readings(device, metric, from, to, limit)
        expect(await reader.readings(device, metric, from, to, limit)).toEqual(expected)
      }
    }
  }
  const { readings, oldestAt, newestAt } = await reader.usage()
  expect({ readings, oldestAt, newestAt }).toEqual({ oldestAt: undefined, newestAt: undefined, ...model.usage() })
}
