import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { metricNames } from '#domain/metric.ts'
import { quality } from '#domain/quality.ts'
import type { Latest, TelemetryReader, TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { batchOf, type TestReading } from './telemetry-batches.ts'

/** One store of a test, which may be opened, closed and opened again. */
export interface TelemetryHarness {
  open(): Promise<TelemetryStore>
  /** A reader of its own, as another process would have it. */
  openReader(): Promise<TelemetryReader>
  /** Removes everything that the test stored. */
  remove(): Promise<void>
}

/** What an adapter can do beyond keeping and giving back readings. */
export interface TelemetryCapabilities {
  /** `append` tells stored, repeats and corrections apart exactly, and `usage` counts each reading once. */
  readonly exactCounts: boolean
  /** `maintain` itself drops what is past retention, which the harness sets to 30 days. */
  readonly dropsAtMaintain: boolean
}

const startAt = Date.UTC(2026, 0, 15)
const minute = 60_000
const day = 86_400_000
const always = [0, Number.MAX_SAFE_INTEGER, 1_000_000] as const

/** What every telemetry adapter has to do; `makeHarness` gives an empty store. */
export function telemetryContract(
  name: string,
  makeHarness: () => Promise<TelemetryHarness>,
  capabilities: TelemetryCapabilities,
): void {
  describe(`telemetry: ${name}`, () => {
    let harness: TelemetryHarness
    let store: TelemetryStore

    beforeEach(async () => {
      harness = await makeHarness()
      store = await harness.open()
    })

    afterEach(async () => {
      await store.close()
      await harness.remove()
    })

    async function reopen(): Promise<void> {
      await store.close()
      store = await harness.open()
    }

    let position = 0
    function append(readings: readonly TestReading[]) {
      position += 100
      return store.append(batchOf(readings), position, { readings: position })
    }

    test('is empty when it is new', async () => {
      expect(await store.progress()).toEqual({ position: 0, counters: {} })
      expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toEqual([])
      expect(await store.latest('P-1')).toEqual([])
      expect((await store.usage()).readings).toBe(0)
    })

    test('gives back what was appended, oldest first, within bounds and limit', async () => {
      const times = [40, 10, 30, 20].map((minutes) => startAt + minutes * minute)
      await append(times.map((at, index) => ({ device: 'P-1', at, value: 20 + index / 10 })))
      const sorted = [10, 20, 30, 40].map((minutes) => startAt + minutes * minute)
      const read = async (from: number, to: number, limit: number) =>
        (await store.readings('P-1', 'indoor_temperature_c', from, to, limit)).map((sample) => sample.at)
      expect(await read(0, startAt + day, 10)).toEqual(sorted)
      expect(await read(sorted[1], sorted[3], 10)).toEqual([sorted[1], sorted[2]])
      expect(await read(sorted[1] + 1, sorted[3] + 1, 10)).toEqual([sorted[2], sorted[3]])
      expect(await read(0, startAt + day, 2)).toEqual(sorted.slice(0, 2))
      expect(await read(sorted[3] + 1, startAt + day, 10)).toEqual([])
    })

    test('keeps devices and metrics apart, whatever they are called', async () => {
      const devices = ['P-1', 'P-10', '室温-01', 'a b,c="d"', 'X'.repeat(200), "o'clock"]
      const readings = devices.flatMap((device, index) => [
        { device, at: startAt, value: index },
        { device, metric: 'humidity_pct' as const, at: startAt, value: 100 - index },
      ])
      await append(readings)
      for (const [index, device] of devices.entries()) {
        const samples = await store.readings(device, 'humidity_pct', ...always)
        expect(samples).toEqual([{ at: startAt, value: 100 - index, quality: quality.good }])
        expect(await store.readings(device, 'indoor_temperature_c', ...always)).toHaveLength(1)
      }
      expect(await store.readings('P-2', 'indoor_temperature_c', ...always)).toEqual([])
    })

    test('gives every value, quality and metric back exactly, before and after a merge', async () => {
      const values = [20.4, -17.25, 0.1 + 0.2, 1e-9, 123456789.123, 1e9, 2 ** 53, 1 / 3, -40, 85, 0, 5e-324, 1.7e308]
      const qualities = Object.values(quality)
      const readings = values.flatMap((value, index) =>
        metricNames.map((metric, place) => ({
          device: 'P-1',
          metric,
          at: startAt + index * 7_919 + place,
          value,
          quality: qualities[(index + place) % qualities.length],
        })),
      )
      await append(readings)
      for (const now of [startAt, startAt + 2 * day]) {
        await store.maintain(now)
        for (const [place, metric] of metricNames.entries()) {
          const expected = readings
            .filter((reading) => reading.metric === metric)
            .map(({ at, value, quality }) => ({ at, value, quality }))
          expect(await store.readings('P-1', metric, ...always), `${metric} ${place}`).toEqual(expected)
        }
      }
    })

    test('lets the last value win, across batches, merges and restarts', async () => {
      const reading = { device: 'P-1', at: startAt }
      const expectValue = async (value: number) =>
        expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toMatchObject([{ at: startAt, value }])
      await append([{ ...reading, value: 20 }])
      await append([
        { ...reading, value: 21 },
        { ...reading, value: 22 },
      ])
      await expectValue(22)
      await store.maintain(startAt + 2 * day)
      await append([{ ...reading, value: 19, receivedAt: startAt + 3 * day }])
      await expectValue(19)
      await reopen()
      await expectValue(19)
      await store.maintain(startAt + 5 * day)
      await expectValue(19)
    })

    test('gives the same data when a batch is appended again', async () => {
      const readings = [0, 1, 2].map((index) => ({ device: 'P-1', at: startAt + index * minute, value: 20 + index }))
      await append(readings)
      await reopen()
      await append(readings)
      expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toEqual(
        readings.map(({ at, value }) => ({ at, value, quality: quality.good })),
      )
    })

    test('keeps position and counters with the data, also of empty batches and through merges', async () => {
      await store.append(batchOf([{ device: 'P-1', at: startAt, value: 20 }]), 4_000_000_000_000, { taken: 1 })
      expect(await store.progress()).toEqual({ position: 4_000_000_000_000, counters: { taken: 1 } })
      await store.append(batchOf([]), 4_000_000_000_007, { taken: 1, ticks: 1 })
      await reopen()
      expect(await store.progress()).toEqual({ position: 4_000_000_000_007, counters: { taken: 1, ticks: 1 } })
      await store.maintain(startAt + 2 * day)
      await reopen()
      expect(await store.progress()).toEqual({ position: 4_000_000_000_007, counters: { taken: 1, ticks: 1 } })
    })

    test('knows the newest reading of each metric, by time and not by arrival', async () => {
      await append([
        { device: 'P-1', at: startAt + minute, value: 20.5 },
        { device: 'P-1', metric: 'humidity_pct', at: startAt, value: 38, quality: quality.suspect },
        { device: 'P-2', at: startAt + 5 * minute, value: 18 },
      ])
      await append([{ device: 'P-1', at: startAt, value: 19, receivedAt: startAt + 2 * minute }])
      const expected: Latest[] = [
        {
          device: 'P-1',
          metric: 'indoor_temperature_c',
          at: startAt + minute,
          value: 20.5,
          quality: quality.good,
        },
        { device: 'P-1', metric: 'humidity_pct', at: startAt, value: 38, quality: quality.suspect },
      ]
      const sorted = async () => (await store.latest('P-1')).sort((left, right) => right.at - left.at)
      expect(await sorted()).toEqual(expected)
      await store.maintain(startAt + 2 * day)
      await reopen()
      expect(await sorted()).toEqual(expected)
    })

    test('shows a second reader what was appended and merged', async () => {
      const reader = await harness.openReader()
      try {
        for (let round = 0; round < 5; round++) {
          const receivedAt = startAt + round * day
          await append([{ device: `P-${round}`, at: receivedAt, value: round, receivedAt }])
          if (round % 2 === 1) await store.maintain(receivedAt)
          for (let device = 0; device <= round; device++) {
            const samples = await reader.readings(`P-${device}`, 'indoor_temperature_c', ...always)
            expect(samples).toMatchObject([{ at: startAt + device * day, value: device }])
          }
          expect(await reader.latest(`P-${round}`)).toMatchObject([{ value: round }])
        }
        expect((await reader.usage()).readings).toBe(5)
      } finally {
        await reader.close()
      }
    })

    test('counts its bytes and the span of what it holds', async () => {
      await append([{ device: 'P-1', at: startAt, value: 20 }])
      await append([{ device: 'P-1', at: startAt + day, value: 20 }])
      const usage = await store.usage()
      expect(usage).toMatchObject({ readings: 2, oldestAt: startAt, newestAt: startAt + day })
      expect(usage.bytes).toBeGreaterThan(0)
    })

    test.runIf(capabilities.exactCounts)('counts stored readings, repeats and corrections exactly', async () => {
      const reading = { device: 'P-1', at: startAt, value: 20 }
      expect(await append([reading])).toEqual({ stored: 1, repeats: 0, corrections: 0 })
      expect(await append([reading, reading])).toEqual({ stored: 0, repeats: 2, corrections: 0 })
      expect(
        await append([
          { ...reading, value: 21 },
          { ...reading, value: 20 },
          reading,
          { ...reading, at: startAt - minute },
          { ...reading, at: startAt - minute },
          { ...reading, at: startAt - minute, value: 19 },
        ]),
      ).toEqual({ stored: 1, repeats: 2, corrections: 3 })
      await store.maintain(startAt + 2 * day)
      await reopen()
      const late = [
        { ...reading, receivedAt: startAt + 3 * day },
        { ...reading, at: startAt - minute, value: 18, receivedAt: startAt + 3 * day },
        { ...reading, at: startAt + 1, receivedAt: startAt + 3 * day },
      ]
      expect(await append(late)).toEqual({ stored: 1, repeats: 1, corrections: 1 })
      expect(await append([])).toEqual({ stored: 0, repeats: 0, corrections: 0 })
      expect((await store.usage()).readings).toBe(3)
    })

    test.runIf(capabilities.exactCounts)('keeps counters that tell what became of their own batch', async () => {
      const readings = [0, 0, 1, 2].map((days) => ({ device: 'P-1', at: startAt + days * day, value: 20 }))
      await store.append(batchOf(readings), 100, (result) => ({ ...result }))
      await reopen()
      const kept = { position: 100, counters: { stored: 3, repeats: 1, corrections: 0 } }
      expect(await store.progress()).toEqual(kept)
      await store.maintain(startAt + 2 * day)
      await reopen()
      expect(await store.progress()).toEqual(kept)
    })

    test.runIf(capabilities.exactCounts)('knows the newest reading after a late one and a restart', async () => {
      await append([{ device: 'P-1', at: startAt, value: 20 }])
      await append([{ device: 'P-1', at: startAt - minute, value: 19, receivedAt: startAt }])
      await reopen()
      const again = await append([{ device: 'P-1', at: startAt, value: 20 }])
      expect(again).toEqual({ stored: 0, repeats: 1, corrections: 0 })
    })

    test.runIf(capabilities.exactCounts)('tells late readings from stored ones while newer ones come in', async () => {
      const at = (minutes: number) => ({ device: 'P-1', at: startAt + minutes * minute, value: 20 })
      await append([at(60)])
      expect(await append([at(30)])).toMatchObject({ stored: 1 })
      await append([at(70)])
      await append([at(80)])
      expect(await append([at(70), at(30), at(50)])).toEqual({ stored: 1, repeats: 2, corrections: 0 })
      expect(await append([at(75), at(50)])).toEqual({ stored: 1, repeats: 1, corrections: 0 })
    })

    test.runIf(capabilities.exactCounts)('knows a late reading again that came beside another of its day', async () => {
      const at = (hours: number) => ({ device: 'P-1', at: startAt + hours * 60 * minute, value: 20 })
      await append([at(23)])
      expect(await append([at(17), at(21)])).toMatchObject({ stored: 2 })
      expect(await append([at(17), at(21)])).toEqual({ stored: 0, repeats: 2, corrections: 0 })
    })

    test.runIf(capabilities.exactCounts)('tells a replayed day from the gaps in it', async () => {
      const at = (index: number) => startAt + index * 10 * minute
      const had = Array.from({ length: 144 }, (_, index) => index).filter((index) => index % 5 !== 0)
      const devices = ['P-1', 'P-2', 'P-3']
      for (const index of had) await append(devices.map((device) => ({ device, at: at(index), value: index })))
      await store.maintain(at(144))
      const receivedAt = at(150)
      let stored = 0
      let repeats = 0
      for (let index = 0; index < 144; index++) {
        const result = await append(devices.map((device) => ({ device, at: at(index), value: index, receivedAt })))
        stored += result.stored
        repeats += result.repeats
      }
      expect({ stored, repeats }).toEqual({ stored: 3 * (144 - had.length), repeats: 3 * had.length })
    })

    const exactAndDropping = capabilities.exactCounts && capabilities.dropsAtMaintain
    test.runIf(exactAndDropping)(
      'does not take a dropped reading for stored, even when it was replayed before',
      async () => {
        const readings = [0, 1].map((index) => ({ device: 'P-1', at: startAt + index * minute, value: 20 }))
        await append(readings)
        const [first] = readings
        expect(await append([first])).toMatchObject({ repeats: 1 })
        await store.maintain(startAt + 31 * day)
        const again = readings.map((reading) => ({ ...reading, receivedAt: startAt + 31 * day }))
        expect(await append(again)).toEqual({ stored: 2, repeats: 0, corrections: 0 })
      },
    )

    test.runIf(capabilities.dropsAtMaintain)('drops readings after the retention time, and only them', async () => {
      await append([{ device: 'P-1', at: startAt, value: 20 }])
      await append([{ device: 'P-1', metric: 'humidity_pct', at: startAt, value: 40 }])
      // Enough for a merge, which must not remember what is dropped later.
      for (let other = 0; other < 12; other++) await append([{ device: `P-${other + 2}`, at: startAt, value: 21 }])
      await store.maintain(startAt + day)
      await append([{ device: 'P-1', at: startAt - day, value: 19, receivedAt: startAt + 10 * day }])
      await store.maintain(startAt + 31 * day - 1)
      expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toHaveLength(2)
      await store.maintain(startAt + 31 * day)
      const left = [{ at: startAt - day, value: 19, quality: quality.good }]
      expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toEqual(left)
      expect(await store.latest('P-1')).toEqual([{ device: 'P-1', metric: 'indoor_temperature_c', ...left[0] }])
      expect(await append([{ device: 'P-1', at: startAt, value: 20, receivedAt: startAt + 31 * day }])).toMatchObject(
        capabilities.exactCounts ? { stored: 1, repeats: 0 } : {},
      )
      expect(await store.readings('P-1', 'indoor_temperature_c', ...always)).toHaveLength(2)
    })
  })
}
