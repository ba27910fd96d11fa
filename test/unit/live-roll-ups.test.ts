import { describe, expect, test } from 'vitest'
import { curveAt } from '#domain/heating-curve.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { recordWeather } from '#store/ledger/weather.ts'
import {
  closing,
  indoor,
  period,
  plant,
  type RolledCity,
  rolledCity,
  start,
  story,
  tick,
  written,
} from '../support/rolled-city.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'

describe('a period of a small city', () => {
  test('has its homes by temperature, its plants, and who answers for them', async () => {
    const rolled = await rolledCity({ dwellings: 20, perCircuit: 10 })
    const outdoorC = -18.5
    await rolled.city.ledger.write((transaction) =>
      recordWeather(
        transaction,
        [{ district: 'nangang', kind: 'observed', at: start, source: 'import', outdoorTemperatureC: outdoorC }],
        start,
      ),
    )
    // Homes 0 to 9 at 15.9, 16.9 … 24.9; the second ten at 22; the last never reports.
    const rooms = (dwelling: number) => (dwelling < 10 ? 15.9 + dwelling : dwelling < 19 ? 22 : undefined)
    await rolled.city.run([
      ...story(start, 1, rooms, 20),
      plant(0, 'secondary_supply_temperature_c', start + 6 * minuteMs, 61.2),
      plant(0, 'secondary_supply_temperature_c', start + 7 * minuteMs, 62.25),
      plant(0, 'secondary_flow_m3h', start + 7 * minuteMs, 40),
      plant(0, 'make_up_flow_m3h', start + 7 * minuteMs, 0.5),
      ...closing(start + period),
    ])
    await written(rolled, 1)
    const cold = rolled.store.rollUp('circuit', 'C-0', start)
    const curve = curveAt(
      { designSupplyC: 75, designReturnC: 50, designOutdoorC: -24.2, indoorC: 20, emitterExponent: 0.3 },
      outdoorC,
    )
    // The other circuit has nine measured homes: who knows the substation's and this one's knows theirs.
    expect(cold).toMatchObject({ few: true, place: { firm: 'firm', district: 'nangang', substation: 'S-0' } })
    expect(cold?.figures).toEqual({
      dwellings_heated: 10,
      dwellings_probed: 10,
      dwellings_measured: 10,
      probes_expected: 10,
      probes_reporting: 10,
      coverage_share: 1,
      indoor_p10_c: 15.9,
      indoor_p50_c: 19.9,
      indoor_p90_c: 23.9,
      indoor_mean_c: 20.4,
      target_c: 20,
      // 19.9 °C is within the tolerance of 0.3 K.
      dwellings_below_target: 4,
      dwellings_below_16: 1,
      dwellings_below_12: 0,
      dwellings_below_5: 0,
      degree_hours_below_target: Math.round(((4.1 + 3.1 + 2.1 + 1.1) / 6) * 1000) / 1000,
      flags_notice: 0,
      flags_warning: 0,
      flags_serious: 0,
      flags_danger: 0,
      secondary_supply_temperature_c: 62.25,
      secondary_flow_m3h: 40,
      make_up_flow_m3h: 0.5,
      make_up_share_pct: 1.25,
      outdoor_temperature_c: outdoorC,
      curve_supply_c: Math.round(curve.supplyC * 1000) / 1000,
      curve_return_c: Math.round(curve.returnC * 1000) / 1000,
    })
    for (const [level, id] of [
      ['building', 'B-0'],
      ['substation', 'S-0'],
      ['firm', 'firm'],
      ['district', 'nangang'],
      ['city', 'harbin'],
    ] as const) {
      expect(rolled.store.rollUp(level, id, start)?.figures, level).toMatchObject({
        dwellings_heated: 20,
        dwellings_measured: 19,
        coverage_share: 0.95,
        indoor_p50_c: 22,
        dwellings_below_target: 4,
        outdoor_temperature_c: outdoorC,
      })
    }
  })

  test('counts open flags by tier, as they were at its end', async () => {
    const rolled = await rolledCity({ dwellings: 12 })
    await rolled.city.run([
      ...story(start, 15, (dwelling) => (dwelling === 3 ? 15 : 22), 12),
      ...closing(start + 15 * period),
    ])
    await written(rolled, 15)
    const tiers = (index: number) => {
      const { flags_notice, flags_warning } =
        rolled.store.rollUp('city', 'harbin', start + index * period)?.figures ?? {}
      return [flags_notice, flags_warning]
    }
    // Below 16 °C is raised after half an hour, below target after two hours.
    expect([tiers(2), tiers(4), tiers(14)]).toEqual([
      [0, 0],
      [0, 1],
      [1, 1],
    ])
    expect(rolled.store.rollUp('building', 'B-0', start + 14 * period)?.figures).toMatchObject({
      flags_notice: 1,
      flags_warning: 1,
    })
  })

  test('lets the coldest room of a home count, and no suspended contract', async () => {
    const rolled = await rolledCity({ dwellings: 10, probesPerDwelling: 2 })
    const records = story(start, 1, () => 22, 10).flatMap((record): WatchRecord[] =>
      record.kind === 'reading'
        ? [record, { ...record, device: record.device.replace(/-0$/, '-1'), value: 17 }]
        : [record],
    )
    await rolled.city.run([...records, ...closing(start + period)])
    await written(rolled, 1)
    expect(rolled.store.rollUp('city', 'harbin', start)?.figures).toMatchObject({
      dwellings_measured: 10,
      probes_expected: 20,
      probes_reporting: 20,
      indoor_mean_c: 17,
      dwellings_below_target: 10,
    })
    const suspended = await rolledCity({ dwellings: 10, contract: 'suspended' })
    await suspended.city.run([...story(start, 1, () => 12, 10), ...closing(start + period)])
    await written(suspended, 1)
    expect(suspended.store.rollUp('city', 'harbin', start)?.figures).toMatchObject({
      dwellings_heated: 0,
      dwellings_measured: 0,
    })
  })

  test('demands nothing out of season', async () => {
    const summer = Date.parse('2025-10-05T12:00:00+08:00')
    const rolled = await rolledCity({ dwellings: 12 })
    await rolled.city.run([...story(summer, 1, () => 14, 12), ...closing(summer + period)])
    await written(rolled, 1)
    const figures = rolled.store.rollUp('city', 'harbin', summer)?.figures
    expect(figures).toMatchObject({ indoor_mean_c: 14, dwellings_measured: 12 })
    expect(Object.keys(figures ?? {})).not.toEqual(expect.arrayContaining(['target_c']))
    expect(figures?.dwellings_below_target).toBeUndefined()
  })

  test('marks places with fewer than ten measured homes, and what would tell of them by subtraction', async () => {
    const rolled = await rolledCity({ dwellings: 34, perCircuit: 15 })
    await rolled.city.run([...story(start, 1, () => 22, 34), ...closing(start + period)])
    await written(rolled, 1)
    const few = (level: string, id: string) => rolled.store.rollUp(level, id, start)?.few
    // Of circuits with 15, 15 and 4 homes, the third is hidden, and with it one other.
    expect([few('circuit', 'C-0'), few('circuit', 'C-1'), few('circuit', 'C-2')].filter(Boolean)).toHaveLength(2)
    expect(few('circuit', 'C-2')).toBe(true)
    expect([few('substation', 'S-0'), few('building', 'B-0'), few('city', 'harbin')]).toEqual([false, false, false])
  })
})

describe('homes that nobody hears from any more', () => {
  test('are told to nobody by flags that stay open, nor by subtraction', async () => {
    const rolled = await rolledCity({ dwellings: 45, perCircuit: 15 })
    const periods = 12
    const rooms = (home: number, at: number) => (home < 30 || at < start + period ? 22 : undefined)
    await rolled.city.run([...story(start, periods, rooms, 45), ...closing(start + periods * period)])
    await written(rolled, periods)
    const last = (id: string) => rolled.store.rollUp('circuit', id, start + (periods - 1) * period)
    expect(last('C-2')).toMatchObject({ few: true, figures: { dwellings_measured: 0, dwellings_probed: 15 } })
    expect([last('C-0'), last('C-1')].filter((circuit) => circuit?.few)).toHaveLength(1)
  })
})

describe('probes that are silent or late', () => {
  const measured = ({ store }: RolledCity, index: number) => {
    const { dwellings_measured, indoor_mean_c } = store.rollUp('city', 'harbin', start + index * period)?.figures ?? {}
    return [dwellings_measured, indoor_mean_c]
  }

  test('a reading speaks until its interval and its grace are over', async () => {
    const rolled = await rolledCity({ dwellings: 1 })
    await rolled.city.run([
      ...story(start, 1, () => 20, 1),
      ...story(start + period, 5, () => undefined, 1),
      ...closing(start + 6 * period),
    ])
    await written(rolled, 6)
    expect([0, 1, 2, 3, 4].map((index) => measured(rolled, index))).toEqual([
      [1, 20],
      [1, 20],
      [1, 20],
      [0, undefined],
      [0, undefined],
    ])
  })

  test('late readings change the periods that they are of, for an hour', async () => {
    const rolled = await rolledCity({ dwellings: 1 })
    await rolled.city.run([
      ...story(start, 1, () => 20, 1),
      ...story(start + period, 4, () => undefined, 1),
      ...closing(start + 5 * period),
    ])
    await written(rolled, 5)
    expect(measured(rolled, 3)).toEqual([0, undefined])
    const now = start + 5 * period + 3 * minuteMs
    const late = [indoor(0, start + 2 * period, 18, now), indoor(0, start - 3 * hourMs, 10, now)]
    const records: WatchRecord[] = [...Array.from({ length: rolled.city.keeper.position }, () => tick(start)), ...late]
    await rolled.city.run([...records, ...closing(start + 6 * period)])
    await written(rolled, 5 + 1 + 3)
    expect([1, 2, 3, 4, 5].map((index) => measured(rolled, index))).toEqual([
      [1, 20],
      [1, 18],
      [1, 18],
      [1, 18],
      [0, undefined],
    ])
    expect(rolled.city.keeper.counters()).toMatchObject({ rollUpsTooLate: 1 })
  })

  test('probes that upload once an hour are known between', async () => {
    const rolled = await rolledCity({ dwellings: 1, reportingS: 3600 })
    const upload = (hour: number) =>
      Array.from({ length: 6 }, (_, index) =>
        indoor(0, start + (hour * 6 + index) * period, 20 + hour, start + (hour + 1) * hourMs),
      )
    const ticks = (hour: number) =>
      Array.from({ length: 60 }, (_, minute) => tick(start + hour * hourMs + minute * minuteMs))
    await rolled.city.run([...ticks(0), ...upload(0), ...ticks(1), ...upload(1), ...ticks(2).slice(0, 5)])
    await expect.poll(() => measured(rolled, 11)).toEqual([1, 21])
    expect(measured(rolled, 5)).toEqual([1, 20])
    expect(measured(rolled, 6)).toEqual([1, 21])
  })

  test('a time without a journal is left out', async () => {
    const rolled = await rolledCity({ dwellings: 1 })
    const later = start + 5 * hourMs
    await rolled.city.run([
      ...story(start, 2, () => 20, 1),
      ...story(later, 2, () => 21, 1),
      ...closing(later + 2 * period),
    ])
    await expect.poll(() => rolled.store.rollUp('city', 'harbin', later + period)).toBeDefined()
    const times = [...rolled.store.kept.values()].filter(({ place }) => place.level === 'city').map(({ at }) => at)
    expect(times.sort()).toEqual([start, start + period, later, later + period])
  })
})
