import { curveAt } from '#domain/heating-curve.ts'
import type { City } from './city.ts'
import type { Controls } from './controls.ts'
import { createRandom } from './random.ts'

/** Water carries 1.163 kW per m³/h and kelvin. */
export const kwPerM3hKelvin = 1.163

/** Heat sources and the primary network. Columns by source or substation. */
export interface Primary {
  /** Sources: water that leaves and comes back, °C. */
  readonly sourceSupplyC: Float64Array
  readonly sourceReturnC: Float64Array
  readonly sourceFlowM3h: Float64Array
  readonly sourceMakeUpM3h: Float64Array
  readonly sourceHeatKw: Float64Array
  readonly sourceSupplyMpa: Float64Array
  readonly sourceReturnMpa: Float64Array
  readonly sourceTankM: Float64Array
  /** Substations: primary water as it arrives and leaves. */
  readonly supplyC: Float64Array
  readonly returnC: Float64Array
  readonly flowM3h: Float64Array
  readonly heatKw: Float64Array
  readonly supplyMpa: Float64Array
  readonly returnMpa: Float64Array
  /** Share of the usual primary flow that a substation could have, 0 to 1. */
  readonly available: Float64Array
  /** Moves the network by a step, from the outdoor temperature that the controls see. */
  step(seconds: number, dampedOutdoorC: Float64Array, controls: Controls): void
  /** Adds what a circuit takes in this step; called by the circuits between two steps. */
  take(substation: number, heatKw: number, secondaryReturnC: number): void
}

/** Boilers follow their set point within half an hour; without fire the loop cools with the return that comes back. */
const boilerLagS = 1200
const tripLagS = 3000
/** A burst main is found and shut off after this time, and the source stands until it is repaired. */
const isolationAfterS = 2400
const usualMpa = { supply: 0.95, return: 0.35 } as const
/** Usual loss of the primary network, and what the make-up pumps can give at most; shares of what circulates. */
const usualMakeUp = 0.003
const makeUpMax = 0.04
/** Weight of the base source where a peak boiler feeds the same substation. */
const baseWeight = 0.7
const tankFullM = 3.2
/** How much warmer the primary water leaves an exchanger than the secondary comes in. */
const approachK = 5
/** Standing by, a source keeps a little water moving through its own loop. */
const standByFlowM3h = 2

/** All that the primary network remembers, beyond what it shows. */
interface PrimaryState extends Omit<Primary, 'step' | 'take'> {
  readonly city: City
  /** Sources: how long a main has been leaking, and the share of the usual flow that they can give. */
  readonly leakingS: Float64Array
  readonly sourceAvailable: Float64Array
  /** Substations: time that water needs from the source, and pressure that it loses on the way. */
  readonly pipeLagS: Float64Array
  readonly gradientMpa: Float64Array
  /** Substations: heat taken in this step, and its sum weighted with the secondary return temperature. */
  readonly taken: Float64Array
  readonly takenReturn: Float64Array
}

export function createPrimary(city: City): Primary {
  const state = primaryState(city)
  return {
    ...state,
    take(substation, heatKw, secondaryReturnC) {
      state.taken[substation] = at(state.taken, substation) + heatKw
      state.takenReturn[substation] = at(state.takenReturn, substation) + heatKw * secondaryReturnC
    },
    step(seconds, dampedOutdoorC, controls) {
      for (const source of city.sources.keys()) stepSource(state, source, seconds, dampedOutdoorC, controls)
      for (const substation of city.substations.keys()) stepSubstation(state, substation, seconds)
      gatherReturns(state, seconds)
    },
  }
}

const at = (column: Float64Array, index: number) => column[index] as number

function primaryState(city: City): PrimaryState {
  const random = createRandom(city.seed).fork('primary')
  const bySource = (value = 0) => new Float64Array(city.sources.length).fill(value)
  const bySubstation = (value = 0) => new Float64Array(city.substations.length).fill(value)
  return {
    city,
    leakingS: bySource(),
    sourceAvailable: bySource(1),
    pipeLagS: Float64Array.from(city.substations, ({ id }) => random.fork(id).between(300, 1500)),
    gradientMpa: Float64Array.from(city.substations, ({ id }) => random.fork(id).fork('gradient').between(0.04, 0.2)),
    taken: bySubstation(),
    takenReturn: bySubstation(),
    // Zero means not set yet: the first step starts on the curve.
    sourceSupplyC: bySource(),
    sourceReturnC: bySource(54),
    sourceFlowM3h: bySource(),
    sourceMakeUpM3h: bySource(),
    sourceHeatKw: bySource(),
    sourceSupplyMpa: bySource(usualMpa.supply),
    sourceReturnMpa: bySource(usualMpa.return),
    sourceTankM: bySource(tankFullM),
    supplyC: bySubstation(),
    returnC: bySubstation(52),
    flowM3h: bySubstation(),
    heatKw: bySubstation(),
    supplyMpa: bySubstation(usualMpa.supply - 0.1),
    returnMpa: bySubstation(usualMpa.return + 0.1),
    available: bySubstation(1),
  }
}

function stepSource(
  state: PrimaryState,
  source: number,
  seconds: number,
  dampedOutdoorC: Float64Array,
  controls: Controls,
): void {
  const place = state.city.sources[source] as City['sources'][number]
  const setC = curveAt(place.curve, at(dampedOutdoorC, place.district)).supplyC
  const leak = at(controls.sourceLeak, source)
  state.leakingS[source] = leak > 0 ? at(state.leakingS, source) + seconds : 0
  const isolated = at(state.leakingS, source) > isolationAfterS
  const burning = controls.boilerOff[source] !== 1 && !isolated
  if (at(state.sourceSupplyC, source) === 0) state.sourceSupplyC[source] = setC
  if (burning) approach(state.sourceSupplyC, source, setC, seconds / boilerLagS)
  else approach(state.sourceSupplyC, source, at(state.sourceReturnC, source) - 1, seconds / tripLagS)
  approach(state.sourceAvailable, source, isolated ? 0.1 : leak > 0 ? 0.75 : 1, seconds / 120)
  const flowing = at(state.sourceFlowM3h, source)
  state.sourceHeatKw[source] = burning
    ? Math.max(0, flowing * kwPerM3hKelvin * (at(state.sourceSupplyC, source) - at(state.sourceReturnC, source)))
    : 0
  // A main that is shut off loses nothing more; before that, what leaks out has to be pumped in, as far as it goes.
  losePressure(state, source, seconds, isolated ? 0 : leak)
}

function losePressure(state: PrimaryState, source: number, seconds: number, lost: number): void {
  state.sourceMakeUpM3h[source] = at(state.sourceFlowM3h, source) * (usualMakeUp + Math.min(lost, makeUpMax))
  const sag = lost > 0 ? Math.min(0.75, 0.15 + lost * 6) : 0
  approach(state.sourceReturnMpa, source, usualMpa.return * (1 - sag), seconds / 40)
  const lift = (usualMpa.supply - usualMpa.return) * at(state.sourceAvailable, source) ** 2
  approach(state.sourceSupplyMpa, source, at(state.sourceReturnMpa, source) + lift, seconds / 40)
  const tank = at(state.sourceTankM, source)
  const refill = tank < tankFullM ? 0.8 : 0
  state.sourceTankM[source] = Math.min(tankFullM, Math.max(0.1, tank + ((refill - lost * 40) * seconds) / 3600))
}

/** Share of a substation's water that comes from one of its sources, by the source's order. */
function weightOf(sources: readonly number[], order: number): number {
  if (sources.length === 1) return 1
  return order === 0 ? baseWeight : (1 - baseWeight) / (sources.length - 1)
}

function stepSubstation(state: PrimaryState, substation: number, seconds: number): void {
  const { sources } = state.city.substations[substation] as City['substations'][number]
  const mixed = (column: Float64Array) =>
    sources.reduce((sum, source, order) => sum + weightOf(sources, order) * at(column, source), 0)
  const arrivingC = mixed(state.sourceSupplyC)
  const available = mixed(state.sourceAvailable)
  if (at(state.supplyC, substation) === 0) state.supplyC[substation] = arrivingC
  // Less water in the pipe takes longer to arrive.
  approach(state.supplyC, substation, arrivingC, (seconds / at(state.pipeLagS, substation)) * available)
  state.available[substation] = available
  const lostMpa = at(state.gradientMpa, substation) * available ** 2
  state.supplyMpa[substation] = mixed(state.sourceSupplyMpa) - lostMpa
  state.returnMpa[substation] = mixed(state.sourceReturnMpa) + lostMpa
  const heatKw = at(state.taken, substation)
  const secondaryReturnC =
    heatKw > 0 ? at(state.takenReturn, substation) / heatKw : at(state.returnC, substation) - approachK
  approach(state.returnC, substation, secondaryReturnC + approachK, seconds / 300)
  const spreadK = Math.max(approachK, at(state.supplyC, substation) - at(state.returnC, substation))
  state.heatKw[substation] = heatKw
  state.flowM3h[substation] = heatKw / kwPerM3hKelvin / spreadK
  state.taken[substation] = 0
  state.takenReturn[substation] = 0
}

/** What comes back to the sources: the mixture of what their substations let go. */
function gatherReturns(state: PrimaryState, seconds: number): void {
  const flow = new Float64Array(state.city.sources.length)
  const heat = new Float64Array(state.city.sources.length)
  for (const [substation, { sources }] of state.city.substations.entries()) {
    for (const [order, source] of sources.entries()) {
      const share = weightOf(sources, order) * at(state.flowM3h, substation)
      flow[source] = at(flow, source) + share
      heat[source] = at(heat, source) + share * at(state.returnC, substation)
    }
  }
  for (const source of flow.keys()) {
    state.sourceFlowM3h[source] = Math.max(standByFlowM3h, at(flow, source))
    if (at(flow, source) > 0.01) {
      approach(state.sourceReturnC, source, at(heat, source) / at(flow, source), seconds / 1200)
    }
  }
}

/** Moves a value towards another as a first-order lag does; `share` is time over lag. */
export function approach(column: Float64Array, index: number, towards: number, share: number): void {
  const value = column[index] as number
  column[index] = value + (towards - value) * (1 - Math.exp(-share))
}
