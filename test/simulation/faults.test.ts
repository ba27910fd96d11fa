import { describe, expect, it } from 'vitest'
import { curveAt } from '#domain/heating-curve.ts'
import { hourMs, minuteMs } from '#domain/time.ts'
import type { Simulation } from '../../simulators/simulate.ts'
import { afterHours, homesWhere, labCity, labSimulation, labStart, medianC, numberOf } from './city-lab.ts'

const circuitId = 'H-0001-low'
const circuit = numberOf(labCity.circuits, circuitId)
const homes = homesWhere((home) => home.circuit === circuit)
const from = afterHours(1)
const to = afterHours(200)

/** Time until the median of some homes is below a temperature, in hours after the fault began. */
function hoursUntilBelow(simulation: Simulation, who: readonly number[], celsius: number, hoursMax: number): number {
  for (let at = from; at <= from + hoursMax * hourMs; at += 10 * minuteMs) {
    simulation.advanceTo(at)
    if (medianC(simulation, who) < celsius) return (at - from) / hourMs
  }
  return Number.POSITIVE_INFINITY
}

const wantedC = (index: number) => {
  const place = labCity.circuits[index]
  if (place === undefined) throw new Error('no such circuit')
  return curveAt(place.curve, -20).supplyC
}

describe('pump trip', () => {
  it('stops the water within minutes: no flow, no lift, make-up as before, supply first warmer and then colder', () => {
    const simulation = labSimulation([{ kind: 'pumpTrip', subject: circuitId, from, to }])
    simulation.advanceTo(from - minuteMs)
    const { secondary } = simulation.physics
    const before = { supplyC: secondary.supplyC[circuit] ?? 0, makeUp: secondary.makeUpM3h[circuit] ?? 0 }
    expect(secondary.flowM3h[circuit]).toBeGreaterThan(5)
    simulation.advanceTo(from + 4 * minuteMs)
    expect(secondary.flowM3h[circuit]).toBe(0)
    expect(secondary.pumpRunning[circuit]).toBe(0)
    expect((secondary.supplyMpa[circuit] ?? 0) - (secondary.returnMpa[circuit] ?? 0)).toBeLessThan(0.005)
    expect(secondary.makeUpM3h[circuit]).toBeLessThan(before.makeUp * 1.1)
    expect(secondary.supplyC[circuit]).toBeGreaterThan(before.supplyC + 2)
    simulation.advanceTo(from + 6 * hourMs)
    expect(secondary.supplyC[circuit]).toBeLessThan(before.supplyC - 15)
  })

  it('lets rooms fall from 22 °C to 20 °C within hours at -20 °C, then as a building of 40 to 120 h does', () => {
    const simulation = labSimulation([{ kind: 'pumpTrip', subject: circuitId, from, to }])
    simulation.advanceTo(from)
    expect(medianC(simulation, homes)).toBeGreaterThan(22)
    const below20 = hoursUntilBelow(simulation, homes, 20, 12)
    // A single node of 60 to 100 h falls from 22 to 20 °C in 3 to 5 h; air in front of walls is an hour or two faster.
    expect(below20).toBeGreaterThan(1)
    expect(below20).toBeLessThan(5)
    const below12 = hoursUntilBelow(simulation, homes, 12, 60)
    const timeConstantHours = (below12 - below20) / Math.log(40 / 32)
    expect(timeConstantHours).toBeGreaterThan(40)
    expect(timeConstantHours).toBeLessThan(120)
    const falls: number[] = []
    for (let hour = 0; hour < 3; hour++) {
      const before = medianC(simulation, homes)
      simulation.advanceTo(from + (below12 + hour + 1) * hourMs)
      falls.push(before - medianC(simulation, homes))
    }
    // A heat outage is slow, whatever the hour: an open window is not.
    expect(Math.max(...falls)).toBeLessThan(2)
  })

  it('cools faster the colder it is outside', () => {
    const hoursAt = (outdoorC: number) =>
      hoursUntilBelow(labSimulation([{ kind: 'pumpTrip', subject: circuitId, from, to }], { outdoorC }), homes, 18, 30)
    expect(hoursAt(-30)).toBeLessThan(hoursAt(-20))
    expect(hoursAt(-20)).toBeLessThan(hoursAt(-10))
  })

  it('cools top corners first', () => {
    const simulation = labSimulation([{ kind: 'pumpTrip', subject: circuitId, from, to }])
    const fallOf = (position: string) => {
      const who = homes.filter((home) => labCity.dwellings[home]?.position === position)
      return who.map((home) => [home, simulation.indoorC(home)] as const)
    }
    simulation.advanceTo(from)
    const corner = fallOf('topGable')
    const middle = fallOf('middle')
    simulation.advanceTo(from + 8 * hourMs)
    const mean = (list: readonly (readonly [number, number])[]) =>
      list.reduce((sum, [home, before]) => sum + before - simulation.indoorC(home), 0) / list.length
    expect(mean(corner)).toBeGreaterThan(mean(middle) + 0.3)
  })

  it('is nearly forgotten a day after the repair: the walls take longest', () => {
    const repairedAt = from + 6 * hourMs
    const simulation = labSimulation([{ kind: 'pumpTrip', subject: circuitId, from, to: repairedAt }])
    simulation.advanceTo(repairedAt)
    const coldest = medianC(simulation, homes)
    simulation.advanceTo(repairedAt + 24 * hourMs)
    expect(coldest).toBeLessThan(18.5)
    expect(medianC(simulation, homes)).toBeGreaterThan(21)
    expect(simulation.physics.secondary.supplyC[circuit]).toBeCloseTo(wantedC(circuit), 0)
  })
})

describe('burst', () => {
  it('of a circuit: make-up steps up, pressure and tank fall, the pump stops before it runs dry', () => {
    const simulation = labSimulation([{ kind: 'burst', subject: circuitId, from, to }])
    simulation.advanceTo(from - minuteMs)
    const { secondary } = simulation.physics
    const before = { makeUp: secondary.makeUpM3h[circuit] ?? 0, mpa: secondary.returnMpa[circuit] ?? 0 }
    simulation.advanceTo(from + 5 * minuteMs)
    expect(secondary.makeUpM3h[circuit]).toBeGreaterThan(before.makeUp * 5)
    // More than 2 % of the circulation an hour is a leak.
    expect((secondary.makeUpM3h[circuit] ?? 0) / (secondary.flowM3h[circuit] ?? 1)).toBeGreaterThan(0.02)
    expect(secondary.returnMpa[circuit]).toBeLessThan(before.mpa * 0.65)
    expect(secondary.pumpRunning[circuit]).toBe(1)
    simulation.advanceTo(from + 2 * hourMs)
    expect(secondary.tankM[circuit]).toBeLessThan(0.3)
    expect(secondary.pumpRunning[circuit]).toBe(0)
  })

  it('of a main: pressure falls at every station of the source at once, the heat goes when it is shut off', () => {
    const source = 'S-01'
    const fed = labCity.substations.flatMap((place, index) => (place.sources[0] === 0 ? [index] : []))
    const simulation = labSimulation([{ kind: 'burst', subject: source, from, to }])
    simulation.advanceTo(from - minuteMs)
    const { primary } = simulation.physics
    const before = { mpa: Array.from(primary.supplyMpa), makeUp: primary.sourceMakeUpM3h[0] ?? 0 }
    simulation.advanceTo(from + 3 * minuteMs)
    expect(primary.sourceMakeUpM3h[0]).toBeGreaterThan(before.makeUp * 5)
    for (const substation of fed) {
      expect(primary.supplyMpa[substation]).toBeLessThan((before.mpa[substation] ?? 0) - 0.1)
    }
    for (const [substation, place] of labCity.substations.entries()) {
      if (!place.sources.includes(0)) expect(primary.supplyMpa[substation]).toBeCloseTo(before.mpa[substation] ?? 0, 2)
    }
    simulation.advanceTo(from + 6 * hourMs)
    expect(primary.sourceHeatKw[0]).toBe(0)
    expect(medianC(simulation, homes)).toBeLessThan(20)
  })
})

describe('boiler trip', () => {
  it('cools the primary water at all stations of the source, near ones first, and no other', () => {
    const simulation = labSimulation([{ kind: 'boilerTrip', subject: 'S-01', from, to }])
    simulation.advanceTo(from)
    const { primary, secondary } = simulation.physics
    const before = Array.from(primary.supplyC)
    simulation.advanceTo(from + 15 * minuteMs)
    const falls = before.map((celsius, index) => celsius - (primary.supplyC[index] ?? 0))
    const fed = labCity.substations.flatMap((place, index) => (place.sources[0] === 0 ? [index] : []))
    expect(Math.max(...fed.map((index) => falls[index] ?? 0))).toBeGreaterThan(
      2 * Math.min(...fed.map((index) => falls[index] ?? 0)),
    )
    simulation.advanceTo(from + 2 * hourMs)
    for (const [index, place] of labCity.circuits.entries()) {
      const sources = labCity.substations[place.substation]?.sources ?? []
      const below = wantedC(index) - (secondary.supplyC[index] ?? 0)
      if (sources.length === 1 && sources[0] === 0 && !place.floorHeating) expect(below).toBeGreaterThan(10)
      if (!sources.includes(0)) expect(Math.abs(below)).toBeLessThan(2)
    }
  })
})

describe('stuck valve', () => {
  it('leaves the supply far under the curve while the water flows as ever', () => {
    const simulation = labSimulation([{ kind: 'stuckValve', subject: circuitId, from, to }])
    simulation.advanceTo(from)
    const flow = simulation.physics.secondary.flowM3h[circuit] ?? 0
    simulation.advanceTo(from + 3 * hourMs)
    const { secondary } = simulation.physics
    expect(wantedC(circuit) - (secondary.supplyC[circuit] ?? 0)).toBeGreaterThan(10)
    expect(secondary.flowM3h[circuit]).toBeCloseTo(flow, 1)
    expect(secondary.valve[circuit]).toBeCloseTo(0.3, 2)
  })
})

describe('one zone of a substation', () => {
  it('goes cold while the other zones of the same substation stay warm', () => {
    const [closed, open] = [numberOf(labCity.circuits, 'H-0005-high'), numberOf(labCity.circuits, 'H-0005-low')]
    const simulation = labSimulation([{ kind: 'zoneClosed', subject: 'H-0005-high', from, to }])
    const of = (index: number) => homesWhere((home) => home.circuit === index)
    simulation.advanceTo(from)
    const warm = medianC(simulation, of(open))
    simulation.advanceTo(from + 8 * hourMs)
    expect(medianC(simulation, of(closed))).toBeLessThan(19)
    expect(medianC(simulation, of(open))).toBeGreaterThan(warm - 0.8)
    expect(simulation.physics.secondary.flowM3h[closed]).toBeGreaterThan(1)
  })
})

describe('power loss', () => {
  it('stops all pumps of a substation, and make-up with them', () => {
    const simulation = labSimulation([{ kind: 'powerLoss', subject: 'H-0005', from, to }])
    simulation.advanceTo(from + 5 * minuteMs)
    const { secondary } = simulation.physics
    for (const [index, place] of labCity.circuits.entries()) {
      const dark = labCity.substations[place.substation]?.id === 'H-0005'
      expect(secondary.pumpRunning[index]).toBe(dark ? 0 : 1)
      if (dark) expect(secondary.makeUpM3h[index]).toBe(0)
    }
  })
})

describe('air lock and imbalance', () => {
  it('an air lock cools the homes of one riser, the neighbours and the station hardly notice', () => {
    const riser = labCity.dwellings[30]?.riser ?? ''
    const locked = homesWhere((home) => home.riser === riser)
    const others = homesWhere((home) => home.circuit === labCity.dwellings[30]?.circuit && home.riser !== riser)
    const simulation = labSimulation([{ kind: 'airLock', subject: riser, from, to }])
    simulation.advanceTo(from)
    const before = { locked: medianC(simulation, locked), others: medianC(simulation, others) }
    const stationFlow = simulation.physics.secondary.flowM3h[circuit] ?? 0
    simulation.advanceTo(from + 20 * hourMs)
    expect(medianC(simulation, locked)).toBeLessThan(before.locked - 2)
    expect(medianC(simulation, others)).toBeGreaterThan(before.others - 1)
    expect(simulation.physics.secondary.flowM3h[circuit]).toBeCloseTo(stationFlow, 1)
  })

  it('an imbalance cools one building over a day, the station’s figures stay normal', () => {
    const building = 'B-0004-02'
    const throttled = homesWhere((home) => home.building === building)
    const place = labCity.dwellings[throttled[0] ?? 0]?.circuit ?? 0
    const others = homesWhere((home) => home.circuit === place && home.building !== building)
    const simulation = labSimulation([{ kind: 'imbalance', subject: building, from, to }])
    simulation.advanceTo(from)
    const before = { own: medianC(simulation, throttled), others: medianC(simulation, others) }
    simulation.advanceTo(from + 36 * hourMs)
    expect(medianC(simulation, throttled)).toBeLessThan(20)
    expect(medianC(simulation, throttled)).toBeLessThan(before.own - 2)
    expect(medianC(simulation, others)).toBeGreaterThan(before.others - 0.3)
    expect(simulation.physics.secondary.supplyC[place]).toBeCloseTo(wantedC(place), 0)
  })
})

describe('open window', () => {
  it('is a fast, local fall that mends itself within the hour', () => {
    const home = homes[10] ?? 0
    const id = labCity.dwellings[home]?.id ?? ''
    const shutAt = from + 40 * minuteMs
    const simulation = labSimulation([{ kind: 'openWindow', subject: id, from, to: shutAt }])
    simulation.advanceTo(from)
    const before = simulation.indoorC(home)
    const neighbours = medianC(simulation, homes)
    simulation.advanceTo(from + 10 * minuteMs)
    expect(before - simulation.indoorC(home)).toBeGreaterThan(1.5)
    simulation.advanceTo(shutAt)
    const fall = before - simulation.indoorC(home)
    expect(medianC(simulation, homes)).toBeGreaterThan(neighbours - 0.3)
    simulation.advanceTo(shutAt + 60 * minuteMs)
    expect(before - simulation.indoorC(home)).toBeLessThan(fall / 2)
  })
})

describe('faults of things that are not there', () => {
  it('are refused by name', () => {
    expect(() => labSimulation([{ kind: 'pumpTrip', subject: 'H-9999-low', from: labStart, to }])).toThrow(
      expect.objectContaining({ code: 'unknown_fault_subject', message: expect.stringContaining('H-9999-low') }),
    )
  })
})
