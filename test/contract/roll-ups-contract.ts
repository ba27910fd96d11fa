import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LiveRollUp, RollUpFigures } from '#domain/live-roll-up.ts'
import { type RollUpLevel, rollUpFigures } from '#domain/telemetry-names.ts'
import type { RollUpReader, RollUpStore } from '#store/telemetry/roll-up-store.ts'

/** One store of a test, which may be opened, closed and opened again. */
export interface RollUpsHarness {
  open(): Promise<RollUpStore>
  /** A reader of its own, as another process would have it. */
  openReader(): Promise<RollUpReader>
  remove(): Promise<void>
}

const startAt = Date.UTC(2026, 0, 15)
const period = 600_000
const figures = { dwellings_heated: 60, dwellings_measured: 58, indoor_p10_c: 18.7, indoor_mean_c: 20.123 }

function rollUp(level: RollUpLevel, id: string, at: number, more: Partial<LiveRollUp> = {}): LiveRollUp {
  const belongs = level === 'building' ? { district: 'D-1', firm: 'F-1', circuit: 'C-1' } : {}
  return { place: { level, id, name: `${id}, "1 号" \\`, ...belongs }, at, few: false, figures, ...more }
}

/** What every adapter of roll-ups has to do; `makeHarness` gives an empty store. */
export function rollUpsContract(name: string, makeHarness: () => Promise<RollUpsHarness>, drops: boolean): void {
  describe(`roll-ups: ${name}`, () => {
    let harness: RollUpsHarness
    let store: RollUpStore

    beforeEach(async () => {
      harness = await makeHarness()
      store = await harness.open()
    })

    afterEach(async () => {
      await store.close()
      await harness.remove()
    })

    const always = [0, startAt + 1e9, 10_000] as const
    const seen = ({ at, figures }: { at: number; figures: RollUpFigures }) => [at, figures]

    test('is empty when it is new', async () => {
      expect(await store.rollUps('building', 'B-1', ...always)).toEqual([])
      expect(await store.rollUpsAt(['city', 'district'], startAt)).toEqual([])
      expect(await store.newestRollUpAt()).toBeUndefined()
    })

    test('gives back what was written, of one place, in order of time', async () => {
      const second = { ...figures, indoor_p10_c: -3.4, degree_hours_below_target: 12.5 }
      await store.writeRollUps([rollUp('building', 'B-1', startAt + period, { figures: second })])
      await store.writeRollUps([rollUp('building', 'B-1', startAt), rollUp('building', 'B-2', startAt)])
      await store.writeRollUps([rollUp('circuit', 'B-1', startAt)])
      expect(await store.rollUps('building', 'B-1', ...always)).toEqual([
        { level: 'building', id: 'B-1', at: startAt, few: false, figures },
        { level: 'building', id: 'B-1', at: startAt + period, few: false, figures: second },
      ])
    })

    test('keeps every figure to the thousandth', async () => {
      const all = Object.fromEntries(rollUpFigures.map((figure, index) => [figure, index]))
      const fractions = { indoor_mean_c: -29.999, heat_energy_gj: 123_456_789.125, coverage_share: 0.001 }
      await store.writeRollUps([rollUp('source', 'Q-1', startAt, { figures: { ...all, ...fractions } })])
      const [kept] = await store.rollUps('source', 'Q-1', ...always)
      expect(kept?.figures).toEqual({ ...all, ...fractions })
    })

    test('leaves out what lies before from, at to, or beyond the limit', async () => {
      const times = Array.from({ length: 20 }, (_, index) => startAt + index * period)
      await store.writeRollUps(times.map((at) => rollUp('city', 'city', at)))
      const [, first, second] = times as [number, number, number]
      const between = await store.rollUps('city', 'city', first, first + 9 * period, 100)
      expect(between.map(({ at }) => at)).toEqual(times.slice(1, 10))
      expect((await store.rollUps('city', 'city', second, startAt + 1e9, 3)).map(({ at }) => at)).toEqual(
        times.slice(2, 5),
      )
    })

    test('lets the last win when a period is written again', async () => {
      await store.writeRollUps([rollUp('district', 'D-1', startAt), rollUp('district', 'D-2', startAt)])
      const mended = { ...figures, dwellings_measured: 59, indoor_mean_c: 20.2 }
      await store.writeRollUps([rollUp('district', 'D-1', startAt, { figures: mended })])
      await store.writeRollUps([rollUp('district', 'D-1', startAt, { figures: mended })])
      expect((await store.rollUps('district', 'D-1', ...always)).map(seen)).toEqual([[startAt, mended]])
      expect((await store.rollUps('district', 'D-2', ...always)).map(seen)).toEqual([[startAt, figures]])
    })

    test('gives all places of some levels in a period', async () => {
      await store.writeRollUps([
        rollUp('firm', 'F-1', startAt),
        rollUp('firm', 'F-2', startAt),
        rollUp('firm', 'F-1', startAt + period),
        rollUp('building', 'B-1', startAt),
        rollUp('city', 'city', startAt),
      ])
      const found = await store.rollUpsAt(['firm', 'city'], startAt)
      expect(found.map(({ level, id }) => `${level}/${id}`).sort()).toEqual(['city/city', 'firm/F-1', 'firm/F-2'])
    })

    test('says which places speak of few homes, and keeps their figures', async () => {
      const few = { ...figures, dwellings_measured: 4, flags_notice: 1 }
      await store.writeRollUps([
        rollUp('building', 'B-1', startAt, { few: true, figures: few }),
        rollUp('building', 'B-2', startAt),
      ])
      const found = await store.rollUpsAt(['building'], startAt)
      expect(found.sort((left, right) => (left.id < right.id ? -1 : 1))).toEqual([
        { level: 'building', id: 'B-1', at: startAt, few: true, figures: few },
        { level: 'building', id: 'B-2', at: startAt, few: false, figures },
      ])
    })

    test('knows the newest period in which the city is', async () => {
      await store.writeRollUps([rollUp('city', 'city', startAt), rollUp('city', 'city', startAt + 3 * period)])
      await store.writeRollUps([rollUp('circuit', 'C-1', startAt + 7 * period)])
      expect(await store.newestRollUpAt()).toBe(startAt + 3 * period)
    })

    test('is read by others, and after it is opened again', async () => {
      const reader = await harness.openReader()
      expect(await reader.newestRollUpAt()).toBeUndefined()
      await store.writeRollUps([rollUp('city', 'city', startAt)])
      expect(await reader.newestRollUpAt()).toBe(startAt)
      await store.close()
      store = await harness.open()
      await store.writeRollUps([rollUp('city', 'city', startAt + period), rollUp('circuit', 'C-9', startAt + period)])
      expect((await store.rollUps('city', 'city', ...always)).map(seen)).toEqual([
        [startAt, figures],
        [startAt + period, figures],
      ])
      expect(await reader.rollUps('circuit', 'C-9', ...always)).toHaveLength(1)
      await reader.close()
      await expect(reader.newestRollUpAt()).rejects.toMatchObject({ code: expect.stringMatching(/_closed$/) })
    })

    test.runIf(drops)('drops whole hours before a time', async () => {
      const times = Array.from({ length: 18 }, (_, index) => startAt + index * period)
      await store.writeRollUps(times.map((at) => rollUp('city', 'city', at)))
      await store.dropRollUpsBefore(startAt + 8 * period)
      expect((await store.rollUps('city', 'city', ...always)).map(({ at }) => at)).toEqual(times.slice(6))
    })
  })
}
