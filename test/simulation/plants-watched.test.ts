import { describe, expect, it } from 'vitest'
import { type MetricName, metrics } from '#domain/metric.ts'
import { newPlant, next, type PlantState } from '#domain/plant-watch.ts'
import { rulesWithTarget } from '#domain/policy.ts'
import { assessValue } from '#domain/quality.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import { type City, makeCity } from '../../simulators/city.ts'
import type { Fault } from '../../simulators/faults.ts'
import { simulateCity } from '../../simulators/simulate.ts'
import { afterHours, labCity, labStart, readDeliveries } from './city-lab.ts'

const rules = rulesWithTarget(20)

interface Raised {
  readonly plant: string
  readonly rule: string
  readonly raisedAt: number
}

/** What the service's rules say of every plant of a simulated city, from its deliveries alone. */
function watchPlants(city: City, faults: readonly Fault[], hours: number): Raised[] {
  const simulation = simulateCity(city, { from: labStart, faults })
  const states = new Map<string, PlantState>()
  const raised: Raised[] = []
  const outdoor = new Map<number, number>()
  const values = readDeliveries(simulation.advanceTo(labStart + hours * hourMs)).sort(
    (a, b) => a.publishedAt - b.publishedAt,
  )
  const devices = new Map(city.devices.map((device) => [device.id, device]))
  for (const { device, metric, at, value, publishedAt } of values) {
    const place = devices.get(device)
    if (place === undefined || place.kind === 'probe') continue
    if (place.kind === 'weatherStation') {
      outdoor.set(place.place, value)
      continue
    }
    const { plant, district, curve } = plantOf(city, place)
    const step = next(
      states.get(plant) ?? newPlant,
      {
        kind: 'sample',
        metric: metric as MetricName,
        at,
        value,
        quality: assessValue(metric as MetricName, value),
        receivedAt: publishedAt,
        catchingUp: false,
        samplingMs: place.samplingMs,
        reportingMs: place.reportingMs,
      },
      { rules, shouldRun: true, reportingMs: place.reportingMs, ...curve, ...outdoorOf(outdoor.get(district)) },
    )
    states.set(plant, step.state)
    for (const event of step.events) {
      if (event.kind === 'raised') raised.push({ plant, rule: event.rule, raisedAt: event.raisedAt })
    }
  }
  return raised
}

const outdoorOf = (outdoorC: number | undefined) => (outdoorC === undefined ? {} : { outdoorC })

function plantOf(city: City, place: City['devices'][number]) {
  if (place.placeKind === 'source') {
    const source = city.sources[place.place]
    return { plant: source?.id ?? '', district: source?.district ?? 0, curve: curveOf(source) }
  }
  if (place.placeKind === 'substation') {
    const substation = city.substations[place.place]
    return { plant: substation?.id ?? '', district: substation?.district ?? 0, curve: {} }
  }
  const circuit = city.circuits[place.place]
  const district = city.substations[circuit?.substation ?? 0]?.district ?? 0
  return { plant: circuit?.id ?? '', district, curve: curveOf(circuit) }
}

function curveOf(
  plant: { readonly curve: { readonly designSupplyC: number; readonly designReturnC: number } } | undefined,
) {
  return { designSupplyC: plant?.curve.designSupplyC ?? 75, designReturnC: plant?.curve.designReturnC ?? 50 }
}

describe('the service’s rules on a simulated city', () => {
  it.each([1, 2, 3])(
    'raise nothing on plants of a quiet day, nor in a cold wave that the heat keeps up with (seed %i)',
    (seed) => {
      const city = makeCity({ seed, dwellings: 1200 })
      const coldWave: Fault = { kind: 'coldWave', subject: 'city', from: afterHours(10), to: afterHours(34), size: 10 }
      expect(watchPlants(city, [coldWave], 24)).toEqual([])
    },
  )

  it('knows every metric that plants send', () => {
    const sent = readDeliveries(simulateCity(labCity, { from: labStart }).advanceTo(afterHours(2)))
    expect([...new Set(sent.map(({ metric }) => metric))].filter((metric) => !(metric in metrics))).toEqual([])
  })

  it.each<[Fault['kind'], string, string, string, number]>([
    ['pumpTrip', 'H-0001-low', 'H-0001-low', 'noFlow', 5],
    ['pumpTrip', 'H-0001-low', 'H-0001-low', 'stationAlarm', 2],
    ['powerLoss', 'H-0002', 'H-0002', 'stationAlarm', 2],
    ['powerLoss', 'H-0002', 'H-0002-high', 'noFlow', 5],
    ['burst', 'H-0001-low', 'H-0001-low', 'stationAlarm', 8],
    ['burst', 'S-01', 'H-0001', 'stationAlarm', 4],
    ['boilerTrip', 'S-01', 'S-01', 'supplyUnderCurve', 60],
    ['boilerTrip', 'S-01', 'H-0001-low', 'supplyUnderCurve', 150],
    ['stuckValve', 'H-0001-low', 'H-0001-low', 'supplyUnderCurve', 150],
    ['zoneClosed', 'H-0002-high', 'H-0002-high', 'supplyUnderCurve', 60],
  ])('find a %s of %s: on %s %s within %i minutes', (kind, subject, plant, rule, minutes) => {
    const from = afterHours(1)
    const raised = watchPlants(labCity, [{ kind, subject, from, to: afterHours(9) }], 4)
    const found = raised.find((flag) => flag.plant === plant && flag.rule === rule)
    expect(found).toBeDefined()
    expect((found?.raisedAt ?? 0) - from).toBeGreaterThan(0)
    expect((found?.raisedAt ?? 0) - from).toBeLessThanOrEqual(minutes * minuteMs)
    const downstream = raised.filter((flag) => flag.plant.startsWith('S-02') || flag.plant.startsWith('H-0009'))
    expect(downstream).toEqual([])
  })
})
