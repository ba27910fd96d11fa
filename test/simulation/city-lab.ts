import { hourMs } from '#domain/time.ts'
import { type City, makeCity } from '../../simulators/city.ts'
import type { Fault } from '../../simulators/faults.ts'
import { type Simulation, simulateCity } from '../../simulators/simulate.ts'
import type { SimulatedDelivery } from '../../simulators/uplink.ts'
import { constantWeather } from '../../simulators/weather.ts'

/** A January morning on which nothing happens until a test says so. */
export const labStart = Date.parse('2026-01-14T08:00:00+08:00')

export const labCity: City = makeCity({ seed: 1, dwellings: 1200 })

/** A city at a steady outdoor temperature with faults. */
export const labSimulation = (
  faults: readonly Fault[],
  { city = labCity, outdoorC = -20 }: { city?: City; outdoorC?: number } = {},
): Simulation => simulateCity(city, { from: labStart, weather: constantWeather(outdoorC), faults })

export const numberOf = (list: readonly { readonly id: string }[], id: string): number => {
  const index = list.findIndex((entry) => entry.id === id)
  if (index < 0) throw new Error(`no ${id} in the lab city`)
  return index
}

/** Heated homes of the lab city that a test asks for, by number. */
export const homesWhere = (wanted: (home: City['dwellings'][number]) => boolean): number[] =>
  labCity.dwellings.flatMap((home, index) => (home.contract === 'heated' && wanted(home) ? [index] : []))

export const medianC = (simulation: Simulation, homes: readonly number[]): number => {
  const sorted = homes.map((home) => simulation.indoorC(home)).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

export const afterHours = (hours: number) => labStart + hours * hourMs

/** One value as a reader of the native format or of SenML sees it. */
export interface ReadValue {
  readonly gateway: string
  readonly device: string
  readonly metric: string
  readonly at: number
  readonly value: number
  readonly publishedAt: number
}

/** Reads payloads with a few lines of its own, so that encoders are not checked with what they are made of. */
export function readDeliveries(deliveries: Iterable<SimulatedDelivery>): ReadValue[] {
  const read: ReadValue[] = []
  for (const { gateway, topic, payload, at: publishedAt } of deliveries) {
    const content = JSON.parse(payload.toString('utf8')) as Record<string, unknown>[]
    const from = { gateway, publishedAt }
    if (topic.endsWith('/senml')) read.push(...readPack(content).map((value) => ({ ...from, ...value })))
    else {
      for (const item of content as unknown as { device: string; at: number; values: Record<string, number> }[]) {
        for (const [metric, value] of Object.entries(item.values)) {
          read.push({ ...from, device: item.device, metric, at: item.at, value })
        }
      }
    }
  }
  return read
}

function readPack(records: readonly Record<string, unknown>[]) {
  let name = ''
  let time = 0
  return records.map((record) => {
    name = typeof record.bn === 'string' ? record.bn : name
    time = typeof record.bt === 'number' ? record.bt : time
    const [device = '', metric = ''] = `${name}${String(record.n)}`.split(':')
    return { device, metric, at: Math.round(time * 1000), value: Number(record.v) }
  })
}
