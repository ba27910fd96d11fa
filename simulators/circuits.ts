import { curveAt } from '#domain/heating-curve.ts'
import type { City } from './city.ts'
import type { Controls } from './controls.ts'
import { approach, kwPerM3hKelvin, type Primary } from './plants.ts'

/** Secondary networks: exchanger, valve, pumps, make-up and tank of each circuit. Columns by circuit. */
export interface Secondary {
  readonly supplyC: Float64Array
  readonly returnC: Float64Array
  /** Flow as a share of the usual, and in m³/h. */
  readonly flow: Float64Array
  readonly flowM3h: Float64Array
  readonly makeUpM3h: Float64Array
  readonly supplyMpa: Float64Array
  readonly returnMpa: Float64Array
  /** Opening of the control valve, 0 to 1. */
  readonly valve: Float64Array
  /** 1 where the circulation pump turns. */
  readonly pumpRunning: Uint8Array
  readonly tankM: Float64Array
  /** Supply temperature that the curve asks for. */
  readonly setC: Float64Array
  step(seconds: number, input: SecondaryInput): void
}

interface SecondaryInput {
  readonly dampedOutdoorC: Float64Array
  readonly primary: Primary
  /** Mixed return of the homes, °C by circuit. */
  readonly homesReturnC: Float64Array
  readonly controls: Controls
}

/** Pressure at which the return of each zone is held, MPa: the height of its highest radiator and a reserve. */
export const staticMpa = { low: 0.32, middle: 0.58, high: 0.86 } as const
/** Pressure that the pump adds at usual flow. */
const pumpLiftMpa = 0.16
/** Below the first the controller stops the pump so that it does not run dry; above the second it starts again. */
const pumpStopMpa = 0.1
const pumpStartMpa = 0.2
/** Usual loss of a secondary network, and what its make-up pump gives at most; shares of what circulates. */
const usualMakeUp = 0.004
const makeUpMax = 0.045
/** Fresh water that the softener brings, as a share of what circulates. */
const softener = 0.02
const tankFullM = 1.6
/** Water in the pipes, as hours of circulation. */
const loopHours = 0.1
/** A stopped pump leaves this much to natural circulation. */
const naturalFlow = 0.015
/** Water that a circuit with hardly any homes moves through its bypass, kW/K. */
const bypassWater = 2
/** The exchanger with an open valve gives this many times the design heat. */
const exchangerReserve = 1.35
const valveSlewPerMinute = 0.15

export function createSecondary(city: City, usualWater: Float64Array): Secondary {
  const count = city.circuits.length
  const waterOf = (circuit: number) => Math.max(bypassWater, usualWater[circuit] as number)
  const state = {
    supplyC: new Float64Array(count),
    returnC: new Float64Array(count).fill(45),
    flow: new Float64Array(count).fill(1),
    flowM3h: Float64Array.from(city.circuits, (_, circuit) => waterOf(circuit) / kwPerM3hKelvin),
    makeUpM3h: new Float64Array(count),
    supplyMpa: Float64Array.from(city.circuits, ({ zone }) => staticMpa[zone] + pumpLiftMpa),
    returnMpa: Float64Array.from(city.circuits, ({ zone }) => staticMpa[zone]),
    valve: new Float64Array(count).fill(0.7),
    pumpRunning: new Uint8Array(count).fill(1),
    tankM: new Float64Array(count).fill(tankFullM),
    setC: new Float64Array(count),
  }
  const at = (column: Float64Array, index: number) => column[index] as number

  function stepPump(circuit: number, seconds: number, controls: Controls): void {
    const substation = city.circuits[circuit]?.substation ?? 0
    const staticPressure = staticMpa[city.circuits[circuit]?.zone ?? 'low']
    const leak = at(controls.circuitLeak, circuit)
    const canFill = at(state.tankM, circuit) > 0.15 && controls.powerOff[substation] !== 1
    const madeUp = canFill ? Math.min(usualMakeUp + leak, makeUpMax) : 0
    const deficit = Math.max(0, usualMakeUp + leak - madeUp)
    approach(state.returnMpa, circuit, staticPressure * (1 - Math.min(0.9, deficit * 15)), seconds / 180)
    const tankChangeM = (tankFullM * (softener - madeUp) * seconds) / 3600 / 0.02
    state.tankM[circuit] = Math.min(tankFullM, Math.max(0.1, at(state.tankM, circuit) + tankChangeM))

    const dry = at(state.returnMpa, circuit) < (state.pumpRunning[circuit] ? pumpStopMpa : pumpStartMpa)
    const stopped = controls.pumpOff[circuit] === 1 || controls.powerOff[substation] === 1 || dry
    state.pumpRunning[circuit] = stopped ? 0 : 1
    approach(state.flow, circuit, stopped ? naturalFlow : 1, seconds / 25)
    const flowM3h = (at(state.flow, circuit) * waterOf(circuit)) / kwPerM3hKelvin
    state.flowM3h[circuit] = stopped && at(state.flow, circuit) < 2 * naturalFlow ? 0 : flowM3h
    state.supplyMpa[circuit] = at(state.returnMpa, circuit) + pumpLiftMpa * at(state.flow, circuit) ** 2
    state.makeUpM3h[circuit] = (madeUp * waterOf(circuit)) / kwPerM3hKelvin
  }

  function stepValve(circuit: number, seconds: number, needKw: number, openKw: number, controls: Controls): void {
    const stuckAt = at(controls.valveStuckAt, circuit)
    const interlocked = at(state.flow, circuit) < 0.1 || controls.zoneClosed[circuit] === 1
    const wanted = interlocked ? 0 : Math.min(1, Math.max(0.04, needKw / Math.max(1, openKw)))
    const target = Number.isNaN(stuckAt) || controls.zoneClosed[circuit] === 1 ? wanted : stuckAt
    const slew = (valveSlewPerMinute * seconds) / 60
    const valve = at(state.valve, circuit)
    state.valve[circuit] = valve + Math.min(slew, Math.max(-slew, target - valve))
  }

  function stepHeat(circuit: number, seconds: number, input: SecondaryInput): void {
    const place = city.circuits[circuit] as City['circuits'][number]
    const district = city.substations[place.substation]?.district ?? 0
    const { designSupplyC, designReturnC } = place.curve
    const outdoorC = at(input.dampedOutdoorC, district)
    const setC = curveAt(place.curve, outdoorC).supplyC
    state.setC[circuit] = setC
    if (at(state.supplyC, circuit) === 0) state.supplyC[circuit] = setC
    const supplyC = at(state.supplyC, circuit)
    const returnC = at(state.returnC, circuit)
    const water = waterOf(circuit)
    const flowing = water * at(state.flow, circuit)
    // Heat that the exchanger passes with an open valve, from its size at the design point.
    const designKw = water * (designSupplyC - designReturnC)
    const perKelvin = (exchangerReserve * designKw) / (110 - designReturnC)
    const { primary } = input
    const spreadK = Math.max(0, at(primary.supplyC, place.substation) - Math.max(returnC, 5))
    const openKw = perKelvin * spreadK * at(primary.available, place.substation) ** 0.6
    // Bare pipes and the exchanger warm the substation's air.
    const lossKw = 0.004 * water * (supplyC - 20)
    const capacity = water * loopHours
    const needKw = flowing * (setC - returnC) + lossKw + (capacity * (setC - supplyC)) / 0.2
    stepValve(circuit, seconds, needKw, openKw, input.controls)
    const heatKw = at(state.valve, circuit) * openKw
    const change = (heatKw - flowing * (supplyC - returnC) - lossKw) / capacity
    state.supplyC[circuit] = supplyC + Math.max(-15, Math.min(15, (change * seconds) / 3600))
    primary.take(place.substation, heatKw, returnC)
    const throughHomes = Math.min(1, (usualWater[circuit] as number) / water)
    const mixedC = supplyC + (at(input.homesReturnC, circuit) - supplyC) * throughHomes
    approach(state.returnC, circuit, mixedC, (at(state.flow, circuit) * seconds) / 240)
    if (at(state.flow, circuit) < 0.1) approach(state.returnC, circuit, 20, seconds / 18_000)
  }

  return {
    ...state,
    step(seconds, input) {
      for (let circuit = 0; circuit < count; circuit++) {
        stepPump(circuit, seconds, input.controls)
        stepHeat(circuit, seconds, input)
      }
    },
  }
}
