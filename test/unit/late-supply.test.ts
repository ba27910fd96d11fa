import { expect, test } from 'vitest'
import type { MetricName } from '#domain/metric.ts'
import { dayMs, hourMs } from '#domain/time.ts'
import { dayNumber } from '#store/ledger/dwelling-days.ts'
import { lateSupply } from '#store/ledger/late-supply.ts'
import type { WatchRecord } from '../support/watch-blocks.ts'
import { cityRows, openWatchedCity } from '../support/watched-city.ts'

const midnight = Date.parse('2026-01-15T00:00:00+08:00')
const closesAt = midnight + dayMs + 3 * hourMs
const reading = (metric: MetricName, at: number, receivedAt: number): WatchRecord => ({
  ...{ kind: 'reading', device: 'M-0', gateway: 'G-0', metric, at, value: 40, receivedAt },
})

test('the watch marks the day of a plant sensor whose reading of flow or supply comes after the day closed', async () => {
  const city = await openWatchedCity(cityRows({ dwellings: 1 }))
  try {
    await city.run([
      { kind: 'tick', at: midnight, started: true },
      reading('secondary_flow_m3h', midnight + hourMs, midnight + hourMs + 1_000),
      reading('secondary_flow_m3h', midnight + 2 * hourMs, closesAt - 1),
      reading('secondary_return_temperature_c', midnight + 3 * hourMs, closesAt + 1),
      reading('secondary_flow_m3h', midnight - hourMs, closesAt + 2),
      reading('secondary_supply_temperature_c', midnight + 4 * hourMs, closesAt + 3),
      reading('secondary_flow_m3h', midnight + 4 * hourMs, closesAt + 4),
      reading('secondary_flow_m3h', midnight + dayMs, closesAt + 5),
    ])
    expect(await lateSupply(city.ledger.db, Number.MAX_SAFE_INTEGER, 10)).toEqual([
      { day: dayNumber('2026-01-14'), device: 'M-0', markedAt: closesAt + 2 },
      { day: dayNumber('2026-01-15'), device: 'M-0', markedAt: closesAt + 4 },
    ])
  } finally {
    await city.close()
  }
})
