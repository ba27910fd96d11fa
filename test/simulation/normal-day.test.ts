import { describe, expect, it } from 'vitest'
import { curveAt } from '#domain/heating-curve.ts'
import { hourMs } from '#domain/time.ts'
import { makeCity } from '../../simulators/city.ts'
import { simulateCity } from '../../simulators/simulate.ts'

const midnight = Date.parse('2026-01-15T00:00:00+08:00')
const targetC = 20

describe.each([1, 2, 3, 4, 5, 2026])('a normal day of the city of seed %i', (seed) => {
  const city = makeCity({ seed, dwellings: 1200 })
  const simulation = simulateCity(city, { from: midnight })
  const heated = city.dwellings.flatMap(({ contract }, index) => (contract === 'heated' ? [index] : []))
  const hours = Array.from({ length: 24 }, (_, hour) => {
    simulation.advanceTo(midnight + (hour + 1) * hourMs)
    const { primary, secondary, outdoorC, controls } = simulation.physics
    return {
      indoorC: heated.map((home) => simulation.indoorC(home)).sort((a, b) => a - b),
      unheatedC: city.dwellings.flatMap(({ contract }, home) =>
        contract === 'heated' ? [] : [simulation.indoorC(home)],
      ),
      secondarySupplyC: Array.from(secondary.supplyC),
      flowM3h: Array.from(secondary.flowM3h),
      primarySpread: Array.from(primary.supplyMpa, (mpa, index) => mpa - (primary.returnMpa[index] ?? 0)),
      outdoorC: Array.from(outdoorC),
      faultless: controls.pumpOff.every((off) => off === 0),
    }
  })

  it('has a median of 22 to 23 °C', () => {
    const medians = hours.map(({ indoorC }) => indoorC[indoorC.length >> 1] ?? 0)
    expect(medians.reduce((sum, median) => sum + median, 0) / medians.length).toBeGreaterThan(22)
    expect(medians.reduce((sum, median) => sum + median, 0) / medians.length).toBeLessThan(23)
    expect(Math.min(...medians)).toBeGreaterThan(21.7)
    expect(Math.max(...medians)).toBeLessThan(23.3)
  })

  it('leaves 1 to 3 % of heated homes below the target, at every hour', () => {
    for (const { indoorC } of hours) {
      const share = indoorC.filter((celsius) => celsius < targetC).length / indoorC.length
      expect(share).toBeGreaterThan(0.01)
      expect(share).toBeLessThan(0.03)
      expect(indoorC[0]).toBeGreaterThan(16)
      expect(indoorC.at(-1)).toBeLessThan(27.5)
    }
  })

  it('leaves homes without heating on their neighbours’ warmth, cold but above freezing', () => {
    const unheated = hours.flatMap(({ unheatedC }) => unheatedC)
    expect(Math.min(...unheated)).toBeGreaterThan(2)
    expect(Math.max(...unheated)).toBeLessThan(17)
  })

  it('keeps every circuit on its curve and its water moving', () => {
    for (const hour of hours) {
      expect(hour.faultless).toBe(true)
      for (const [index, circuit] of city.circuits.entries()) {
        const district = city.substations[circuit.substation]?.district ?? 0
        const wantedC = curveAt(circuit.curve, hour.outdoorC[district] ?? 0).supplyC
        expect(Math.abs((hour.secondarySupplyC[index] ?? 0) - wantedC)).toBeLessThan(6)
        expect(hour.flowM3h[index]).toBeGreaterThan(1)
      }
      // A station needs at least 0.05 MPa between primary supply and return.
      expect(Math.min(...hour.primarySpread)).toBeGreaterThan(0.05)
    }
  })
})
