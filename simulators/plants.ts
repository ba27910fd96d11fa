import { curveAt } from '#domain/heating-curve.ts'
import type { City } from './city.ts'
import type { Controls } from './controls.ts'
import { createRandom } from './random.ts'

/** Water carries 1.163 kW per m³/h and kelvin. */
export const kwPerM3hKelvin = 1.163

/** Heat sources and the primary network. Columns by source or substation. */
export interface Primary {
  /** Sources: water that leaves and comes back, °C; outdoor temperature that the curve follows. */
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
const boilerLagS = 1500
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

export function createPrimary(city: City): Primary {
  const sources = city.sources.length
  const substations = city.substations.length
  const random = createRandom(city.seed).fork('primary')
  const pipeLagS = Float64Array.from(city.substations, (place) => random.fork(place.id).between(300, 1500))
  const gradientMpa = Float64Array.from(city.substations, (place) =>
    random.fork(place.id).fork('gradient').between(0.04, 0.2),
  )
  const leakingS = new Float64Array(sources)
  const sourceAvailable = new Float64Array(sources).fill(1)
  const taken = new Float64Array(substations)
  const takenReturn = new Float64Array(substations)
  const state = {
    sourceSupplyC: new Float64Array(sources),
    sourceReturnC: new Float64Array(sources).fill(54),
    sourceFlowM3h: new Float64Array(sources),
    sourceMakeUpM3h: new Float64Array(sources),
    sourceHeatKw: new Float64Array(sources),
    sourceSupplyMpa: new Float64Array(sources).fill(usualMpa.supply),
    sourceReturnMpa: new Float64Array(sources).fill(usualMpa.return),
    sourceTankM: new Float64Array(sources).fill(tankFullM),
    supplyC: new Float64Array(substations),
    returnC: new Float64Array(substations).fill(52),
    flowM3h: new Float64Array(substations),
    heatKw: new Float64Array(substations),
    supplyMpa: new Float64Array(substations).fill(usualMpa.supply - 0.1),
    returnMpa: new Float64Array(substations).fill(usualMpa.return + 0.1),
    available: new Float64Array(substations).fill(1),
  }

  const at = (column: Float64Array, index: number) => column[index] as number

  function stepSource(source: number, seconds: number, dampedOutdoorC: Float64Array, controls: Controls): void {
    const place = city.sources[source] as City['sources'][number]
    const set = curveAt(place.curve, at(dampedOutdoorC, place.district)).supplyC
    const leak = at(controls.sourceLeak, source)
    leakingS[source] = leak > 0 ? at(leakingS, source) + seconds : 0
    const isolated = at(leakingS, source) > isolationAfterS
    const burning = controls.boilerOff[source] !== 1 && !isolated
    if (at(state.sourceSupplyC, source) === 0) state.sourceSupplyC[source] = set
    if (burning) approach(state.sourceSupplyC, source, set, seconds / boilerLagS)
    else approach(state.sourceSupplyC, source, at(state.sourceReturnC, source) - 1, seconds / tripLagS)
    approach(sourceAvailable, source, isolated ? 0.1 : leak > 0 ? 0.75 : 1, seconds / 120)
    const flowing = at(state.sourceFlowM3h, source)
    // A main that is shut off loses nothing more; before that, what leaks out has to be pumped in, as far as it goes.
    const lost = isolated ? 0 : leak
    state.sourceMakeUpM3h[source] = flowing * (usualMakeUp + Math.min(lost, makeUpMax))
    const sag = lost > 0 ? Math.min(0.75, 0.15 + lost * 6) : 0
    approach(state.sourceReturnMpa, source, usualMpa.return * (1 - sag), seconds / 40)
    const lift = (usualMpa.supply - usualMpa.return) * at(sourceAvailable, source) ** 2
    approach(state.sourceSupplyMpa, source, at(state.sourceReturnMpa, source) + lift, seconds / 40)
    const tank = at(state.sourceTankM, source)
    const refill = tank < tankFullM ? 0.8 : 0
    state.sourceTankM[source] = Math.min(tankFullM, Math.max(0.1, tank + ((refill - lost * 40) * seconds) / 3600))
    state.sourceHeatKw[source] = burning
      ? Math.max(0, flowing * kwPerM3hKelvin * (at(state.sourceSupplyC, source) - at(state.sourceReturnC, source)))
      : 0
  }

  function stepSubstation(substation: number, seconds: number): void {
    const place = city.substations[substation] as City['substations'][number]
    let arrivingC = 0
    let available = 0
    let supplyMpa = 0
    let returnMpa = 0
    for (const [order, source] of place.sources.entries()) {
      const weight =
        place.sources.length === 1 ? 1 : order === 0 ? baseWeight : (1 - baseWeight) / (place.sources.length - 1)
      arrivingC += weight * at(state.sourceSupplyC, source)
      available += weight * at(sourceAvailable, source)
      supplyMpa += weight * at(state.sourceSupplyMpa, source)
      returnMpa += weight * at(state.sourceReturnMpa, source)
    }
    if (at(state.supplyC, substation) === 0) state.supplyC[substation] = arrivingC
    // Less water in the pipe takes longer to arrive.
    approach(state.supplyC, substation, arrivingC, (seconds / at(pipeLagS, substation)) * available)
    state.available[substation] = available
    state.supplyMpa[substation] = supplyMpa - at(gradientMpa, substation) * available ** 2
    state.returnMpa[substation] = returnMpa + at(gradientMpa, substation) * available ** 2
    const heatKw = at(taken, substation)
    const secondaryReturnC = heatKw > 0 ? at(takenReturn, substation) / heatKw : at(state.returnC, substation) - 5
    approach(state.returnC, substation, secondaryReturnC + 5, seconds / 300)
    const spreadK = Math.max(5, at(state.supplyC, substation) - at(state.returnC, substation))
    state.heatKw[substation] = heatKw
    state.flowM3h[substation] = heatKw / kwPerM3hKelvin / spreadK
    taken[substation] = 0
    takenReturn[substation] = 0
  }

  function gatherReturns(seconds: number): void {
    const flow = new Float64Array(sources)
    const heat = new Float64Array(sources)
    for (const [substation, place] of city.substations.entries()) {
      for (const [order, source] of place.sources.entries()) {
        const weight =
          place.sources.length === 1 ? 1 : order === 0 ? baseWeight : (1 - baseWeight) / (place.sources.length - 1)
        const share = weight * at(state.flowM3h, substation)
        flow[source] = at(flow, source) + share
        heat[source] = at(heat, source) + share * at(state.returnC, substation)
      }
    }
    for (let source = 0; source < sources; source++) {
      // Standing by, a source keeps a little water moving through its own loop.
      state.sourceFlowM3h[source] = Math.max(2, at(flow, source))
      if (at(flow, source) > 0.01) {
        approach(state.sourceReturnC, source, at(heat, source) / at(flow, source), seconds / 1200)
      }
    }
  }

  return {
    ...state,
    take(substation, heatKw, secondaryReturnC) {
      taken[substation] = at(taken, substation) + heatKw
      takenReturn[substation] = at(takenReturn, substation) + heatKw * secondaryReturnC
    },
    step(seconds, dampedOutdoorC, controls) {
      for (let source = 0; source < sources; source++) stepSource(source, seconds, dampedOutdoorC, controls)
      for (let substation = 0; substation < substations; substation++) stepSubstation(substation, seconds)
      gatherReturns(seconds)
    },
  }
}

/** Moves a value towards another as a first-order lag does; `share` is time over lag. */
export function approach(column: Float64Array, index: number, towards: number, share: number): void {
  const value = column[index] as number
  column[index] = value + (towards - value) * (1 - Math.exp(-share))
}
