import { dayMs, hourMs } from '#domain/time.ts'
import type { City } from './city.ts'
import type { Controls } from './controls.ts'
import { drawRoomParameters, type RoomParameters } from './room-parameters.ts'
import { cityUtcOffsetMs } from './weather.ts'

/** Temperatures of all homes, °C by dwelling number, and what their water does to the circuits. */
export interface Rooms {
  readonly airC: Float64Array
  readonly emitterC: Float64Array
  /** Usual flow of each circuit as heat carried per kelvin, kW/K. */
  readonly usualWater: Float64Array
  /** Mixed return temperature of each circuit as the last step left it. */
  readonly returnC: Float64Array
  /** Moves all homes by a step of at most two minutes. */
  step(step: RoomStep): void
}

interface RoomStep {
  readonly at: number
  readonly seconds: number
  readonly outdoorByDistrictC: Float64Array
  /** By circuit: supply temperature, and flow as a share of the usual. */
  readonly supplyC: Float64Array
  readonly flow: Float64Array
  readonly controls: Controls
}

/** What an open window adds to a home's losses, kW/K: the air of one room goes within minutes. */
const openWindowLoss = 0.25

/**
 * Homes as two capacities each, air and walls, with the emitter as a third in front: radiators cool within the hour,
 * the air follows, the walls take days.
 */
export function createRooms(city: City): Rooms {
  const parameters = drawRoomParameters(city)
  const state = {
    airC: Float64Array.from(parameters.settledC),
    massC: Float64Array.from(parameters.settledC, (settledC) => settledC - 1.5),
    emitterC: Float64Array.from(parameters.emitterSettledC),
    groupMeanC: new Float64Array(city.groups.length),
    water: Float64Array.from(parameters.water),
  }
  const circuitOf = Uint32Array.from(city.dwellings, (dwelling) => dwelling.circuit)
  const groupOf = Uint32Array.from(city.dwellings, (dwelling) => dwelling.group)
  const groupSize = new Float64Array(city.groups.length)
  for (const group of groupOf) groupSize[group] = (groupSize[group] ?? 0) + 1
  const districtOf = Uint32Array.from(
    city.dwellings,
    (dwelling) => city.substations[city.circuits[dwelling.circuit]?.substation ?? 0]?.district ?? 0,
  )
  const usualWater = sumByCircuit(city, circuitOf, parameters.water)
  const returnC = new Float64Array(city.circuits.length).fill(40)
  const returnHeat = new Float64Array(city.circuits.length)
  let flowing = usualWater
  let flowVersion = 0

  return {
    airC: state.airC,
    emitterC: state.emitterC,
    usualWater,
    returnC,
    step(step) {
      if (step.controls.flowVersion !== flowVersion) {
        flowVersion = step.controls.flowVersion
        shareWater(state.water, parameters, step.controls.flowShare, circuitOf, usualWater)
        flowing = sumByCircuit(city, circuitOf, state.water)
      }
      meanAir(state.groupMeanC, state.airC, groupOf, groupSize)
      returnHeat.fill(0)
      moveHomes(step, parameters, state, { circuitOf, groupOf, districtOf, returnHeat })
      for (let circuit = 0; circuit < returnC.length; circuit++) {
        const water = flowing[circuit] as number
        // Heat given to the homes per unit of water says how far below the supply the return is.
        if (water > 0) returnC[circuit] = (step.supplyC[circuit] as number) - (returnHeat[circuit] as number) / water
      }
    },
  }
}

interface RoomState {
  readonly airC: Float64Array
  readonly massC: Float64Array
  readonly emitterC: Float64Array
  readonly groupMeanC: Float64Array
  /** Water of each home per kelvin after faults, kW/K. */
  readonly water: Float64Array
}

interface RoomIndex {
  readonly circuitOf: Uint32Array
  readonly groupOf: Uint32Array
  readonly districtOf: Uint32Array
  readonly returnHeat: Float64Array
}

function moveHomes(step: RoomStep, parameters: RoomParameters, state: RoomState, index: RoomIndex): void {
  const hours = step.seconds / 3600
  const { airC, massC, emitterC, groupMeanC, water } = state
  const { circuitOf, groupOf, districtOf, returnHeat } = index
  const occupants = occupantShare(step.at)
  const sun = sunShare(step.at)
  const windowOpen = step.controls.windowOpen
  for (let home = 0; home < airC.length; home++) {
    const circuit = circuitOf[home] as number
    const air = airC[home] as number
    const mass = massC[home] as number
    const emitter = emitterC[home] as number
    const outdoorC = step.outdoorByDistrictC[districtOf[home] as number] as number
    const supplyC = step.supplyC[circuit] as number
    // The mean of supply and return heats the emitter; however little flows, it cannot leave colder than the room.
    const gap = supplyC - emitter
    const perWater = gap <= 0 ? 2 * gap : Math.min(2 * gap, Math.max(supplyC - air, gap))
    const homeWater = water[home] as number
    const fromWater = homeWater * (step.flow[circuit] as number) * perWater
    returnHeat[circuit] = (returnHeat[circuit] as number) + homeWater * perWater
    const excessK = emitter - air
    const emitted =
      excessK > 0 ? (parameters.emitter[home] as number) * excessK ** (parameters.emitterExponent[home] as number) : 0
    const toAir = emitted * (parameters.convective[home] as number)
    const gain = (parameters.occupantGain[home] as number) * occupants + (parameters.solarGain[home] as number) * sun
    const toMass = (parameters.airToMass[home] as number) * (air - mass)
    const loss = (parameters.airLoss[home] as number) + (windowOpen[home] ? openWindowLoss : 0)
    const toNeighbours =
      (parameters.neighbour[home] as number) * (air - (groupMeanC[groupOf[home] as number] as number))
    const airHeat = toAir + gain - toMass - loss * (air - outdoorC) - toNeighbours
    const massHeat = emitted - toAir + toMass - (parameters.massLoss[home] as number) * (mass - outdoorC)
    emitterC[home] = emitter + (hours * (fromWater - emitted)) / (parameters.emitterCapacity[home] as number)
    airC[home] = air + (hours * airHeat) / (parameters.airCapacity[home] as number)
    massC[home] = mass + (hours * massHeat) / (parameters.massCapacity[home] as number)
  }
}

function sumByCircuit(city: City, circuitOf: Uint32Array, values: Float64Array): Float64Array {
  const sums = new Float64Array(city.circuits.length)
  for (let home = 0; home < values.length; home++) {
    const circuit = circuitOf[home] as number
    sums[circuit] = (sums[circuit] as number) + (values[home] as number)
  }
  return sums
}

/** The pump moves the same water; what one home does not get, the others do, as far as half as much again. */
function shareWater(
  water: Float64Array,
  parameters: RoomParameters,
  flowShare: Float64Array,
  circuitOf: Uint32Array,
  usualWater: Float64Array,
): void {
  const left = new Float64Array(usualWater.length)
  for (let home = 0; home < water.length; home++) {
    const circuit = circuitOf[home] as number
    water[home] = (parameters.water[home] as number) * (flowShare[home] as number)
    left[circuit] = (left[circuit] as number) + (water[home] as number)
  }
  for (let home = 0; home < water.length; home++) {
    const circuit = circuitOf[home] as number
    const more = Math.min(1.5, (usualWater[circuit] as number) / Math.max(1e-9, left[circuit] as number))
    water[home] = (water[home] as number) * more
  }
}

function meanAir(meanC: Float64Array, airC: Float64Array, groupOf: Uint32Array, groupSize: Float64Array): void {
  meanC.fill(0)
  for (let home = 0; home < airC.length; home++) {
    const group = groupOf[home] as number
    meanC[group] = (meanC[group] as number) + (airC[home] as number)
  }
  for (let group = 0; group < meanC.length; group++) {
    meanC[group] = (meanC[group] as number) / (groupSize[group] as number)
  }
}

const cityHour = (at: number) => ((at + cityUtcOffsetMs) % dayMs) / hourMs

/** Heat of people and cooking over the day; 1 on average. */
function occupantShare(at: number): number {
  const hour = cityHour(at)
  if (hour < 6) return 0.75
  if (hour < 9) return 1.2
  if (hour < 17) return 0.8
  if (hour < 22) return 1.5
  return 0.95
}

/** The low winter sun stands between nine and three. */
function sunShare(at: number): number {
  const hour = cityHour(at)
  return hour > 9 && hour < 15 ? Math.sin((Math.PI * (hour - 9)) / 6) * 0.82 : 0
}
