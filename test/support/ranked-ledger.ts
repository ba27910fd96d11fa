import { cityPolicies, type Policy } from '#domain/policy.ts'
import { dayMs } from '#domain/time.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { dayNumber, saveDwellingDays } from '#store/ledger/dwelling-days.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { recordWeather } from '#store/ledger/weather.ts'
import { smallCity as city, home, probe } from '../contract/registry-city.ts'
import { newLedger } from './new-ledger.ts'
import { homeDayOf } from './ranking-city.ts'

export const rankedPolicy = cityPolicies.harbin as Policy
export const rankedFrom = dayNumber('2026-01-05')
export const rankedTo = dayNumber('2026-01-11')
/** A week later, when everything of the week is closed. */
export const rankedNow = Date.parse('2026-01-19T12:00:00+08:00')

/** Two firms in one building: F1's home is warm, F2's is 17 °C on one day of the week. */
export async function rankedLedger(): Promise<Ledger> {
  const ledger = await newLedger()
  await fillRankedLedger(ledger)
  return ledger
}

export async function fillRankedLedger(ledger: Ledger): Promise<void> {
  const rows = {
    ...city(),
    dwelling: [...city().dwelling, { id: 'D-0102', entrance: 'B1-1', door: '102' }],
    dwelling_period: [...city().dwelling_period, home('D-0102', 'T1-L')],
    device: [...city().device, { id: 'P-2', kind: 'probe' as const }, { id: 'S-1', kind: 'plantSensor' as const }],
    device_period: [probe('P-1', 'D-0101'), probe('P-2', 'D-1802'), probe('S-1', 'T1-H', { place_kind: 'circuit' })],
  }
  const imported = await importRegistry(ledger, { rows }, { actor: 'test', now: () => rankedNow - 60 * dayMs })
  if (!imported.ok) throw new Error(JSON.stringify(imported.problems))
  await ledger.write(async (transaction) => {
    // The day on which the service began counts for nobody.
    await saveDwellingDays(transaction, [dwellingDay('D-0101', 'P-1', rankedFrom - 1, 5)])
    for (let day = rankedFrom; day <= rankedTo; day += 1) {
      await saveDwellingDays(transaction, [
        dwellingDay('D-0101', 'P-1', day, 21),
        dwellingDay('D-1802', 'P-2', day, day === rankedFrom + 2 ? 17 : 20.5),
      ])
    }
    await recordWeather(
      transaction,
      Array.from({ length: 7 }, (_, index) => ({
        district: 'nangang',
        kind: 'observed' as const,
        at: Date.parse('2026-01-05T12:00:00+08:00') + index * dayMs,
        source: 'test',
        outdoorTemperatureC: -15 - (index === 2 ? 10 : index),
      })),
      rankedNow,
    )
  })
}

/** A whole day at one temperature. */
export function dwellingDay(dwelling: string, device: string, day: number, celsius: number) {
  const [probeDay] = homeDayOf([new Array(24).fill(celsius)]).probes
  if (!probeDay) throw new Error('a home has a probe')
  return { deficit16Kh: 0, ...probeDay, dwelling, device, day, minC: celsius, meanC: celsius }
}
