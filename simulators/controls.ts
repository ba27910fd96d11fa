import type { City } from './city.ts'

/** What faults do to the city's physics. Numbers by source, substation, circuit or dwelling. */
export interface Controls {
  /** Sources: 1 where the boilers stand still. */
  readonly boilerOff: Uint8Array
  /** Sources: water lost an hour as a share of what circulates. */
  readonly sourceLeak: Float64Array
  /** Substations: 1 without electricity. */
  readonly powerOff: Uint8Array
  /** Circuits: 1 where the circulation pumps stand still. */
  readonly pumpOff: Uint8Array
  /** Circuits: 1 where the primary side of one zone is shut. */
  readonly zoneClosed: Uint8Array
  /** Circuits: opening at which the control valve is stuck, 0 to 1; NaN where it moves. */
  readonly valveStuckAt: Float64Array
  /** Circuits: water lost an hour as a share of what circulates. */
  readonly circuitLeak: Float64Array
  /** Dwellings: share of its usual flow that a home's radiators get. */
  readonly flowShare: Float64Array
  /** Dwellings: 1 with a window open. */
  readonly windowOpen: Uint8Array
  /** Grows with every change of `flowShare`, which is costly to act on. */
  flowVersion: number
}

/** Controls of a city without faults. */
export function createControls(city: City): Controls {
  return {
    boilerOff: new Uint8Array(city.sources.length),
    sourceLeak: new Float64Array(city.sources.length),
    powerOff: new Uint8Array(city.substations.length),
    pumpOff: new Uint8Array(city.circuits.length),
    zoneClosed: new Uint8Array(city.circuits.length),
    valveStuckAt: new Float64Array(city.circuits.length).fill(Number.NaN),
    circuitLeak: new Float64Array(city.circuits.length),
    flowShare: new Float64Array(city.dwellings.length).fill(1),
    windowOpen: new Uint8Array(city.dwellings.length),
    flowVersion: 0,
  }
}

/** Takes all faults out of the controls. */
export function resetControls(controls: Controls): void {
  controls.boilerOff.fill(0)
  controls.sourceLeak.fill(0)
  controls.powerOff.fill(0)
  controls.pumpOff.fill(0)
  controls.zoneClosed.fill(0)
  controls.valveStuckAt.fill(Number.NaN)
  controls.circuitLeak.fill(0)
  controls.flowShare.fill(1)
  controls.windowOpen.fill(0)
  controls.flowVersion++
}
