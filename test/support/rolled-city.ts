import { expect, onTestFinished } from 'vitest'
import { minuteMs } from '#domain/time.ts'
import { openRollUps } from '../../ingest/roll-ups/roll-ups.ts'
import { type MemoryRollUps, memoryRollUps } from './memory-roll-ups.ts'
import type { WatchRecord } from './watch-blocks.ts'
import { cityRows, harbin, openWatchedCity, probeId, type WatchedCity, type WatchedCityShape } from './watched-city.ts'

/** The first period of every story. */
export const start = Date.parse('2026-01-15T00:00:00+08:00')
export const period = 10 * minuteMs

export interface RolledCity {
  readonly city: WatchedCity
  readonly store: MemoryRollUps
  readonly warnings: string[]
  /** Folder of the periods that are not in the store. */
  readonly folder: string
}

/** A city whose roll-ups go to a store in memory; closed when its test is over. */
export async function rolledCity(shape: WatchedCityShape): Promise<RolledCity> {
  const store = memoryRollUps()
  const warnings: string[] = []
  let folder = ''
  const log = { info() {}, warn: (_: object, message: string) => void warnings.push(message) }
  const city = await openWatchedCity(cityRows(shape), harbin, (ledger, directory) => (watched) => {
    folder = directory
    return openRollUps({ db: ledger.db, directory, store, policy: harbin, log }, watched)
  })
  onTestFinished(() => city.close())
  return { city, store, warnings, folder }
}

export const tick = (at: number): WatchRecord => ({ kind: 'tick', at })
export const indoor = (
  dwelling: number,
  at: number,
  value: number,
  receivedAt = at + 1000,
  probe = 0,
): WatchRecord => ({
  kind: 'reading',
  device: probeId(dwelling, probe),
  gateway: 'G-0',
  at,
  value,
  receivedAt,
})
export const plant = (
  circuit: number,
  metric: 'secondary_supply_temperature_c' | 'secondary_flow_m3h' | 'make_up_flow_m3h',
  at: number,
  value: number,
  receivedAt = at + 1000,
): WatchRecord => ({ kind: 'reading', device: `M-${circuit}`, gateway: 'G-0', metric, at, value, receivedAt })

/** A tick every minute, and a reading of each home in the middle of each period. */
export function story(
  from: number,
  periods: number,
  roomAt: (dwelling: number, at: number) => number | undefined,
  dwellings: number,
) {
  const records: WatchRecord[] = []
  for (let at = from; at < from + periods * period; at += minuteMs) {
    records.push(tick(at))
    if ((at - from) % period !== 5 * minuteMs) continue
    for (let dwelling = 0; dwelling < dwellings; dwelling += 1) {
      const value = roomAt(dwelling, at)
      if (value !== undefined) records.push(indoor(dwelling, at, value))
    }
  }
  return records
}

/** Long enough that the last period before is closed. */
export const closing = (at: number) => [tick(at), tick(at + minuteMs), tick(at + 2 * minuteMs)]

/** Resolves when so many periods are in the store and none waits. */
export async function written({ city }: RolledCity, periods: number): Promise<void> {
  await expect.poll(() => city.keeper.counters()).toMatchObject({ rollUpPeriods: periods, rollUpPeriodsWaiting: 0 })
}
