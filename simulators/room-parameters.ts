import { curveAt } from '#domain/heating-curve.ts'
import type { City, DwellingPlace } from './city.ts'
import { createRandom, noiseFraction, type Random } from './random.ts'

/**
 * Constants of each home's thermal model, one column a constant. Heat in kW, conductance in kW/K, capacity in kWh/K.
 * Each home is balanced so that at the reference outdoor temperature, with its circuit on the curve, it settles at a
 * temperature of its own.
 */
export interface RoomParameters {
  /** Air to outdoors: windows and ventilation. */
  readonly airLoss: Float64Array
  /** Walls to outdoors. */
  readonly massLoss: Float64Array
  readonly airToMass: Float64Array
  /** Air to the neighbours' mean: inner walls and floors pass more heat than the outer ones. */
  readonly neighbour: Float64Array
  readonly airCapacity: Float64Array
  readonly massCapacity: Float64Array
  readonly emitterCapacity: Float64Array
  /** Emitted heat at 1 K of excess temperature. */
  readonly emitter: Float64Array
  readonly emitterExponent: Float64Array
  /** Share of the emitted heat that goes to the air at once. */
  readonly convective: Float64Array
  /** Heat carried by the water per kelvin at usual flow. */
  readonly water: Float64Array
  readonly occupantGain: Float64Array
  readonly solarGain: Float64Array
  /** Temperatures at which the home's air and its emitter settle. */
  readonly settledC: Float64Array
  readonly emitterSettledC: Float64Array
}

/** Outdoor temperature at which homes are balanced: a usual January day. */
const referenceOutdoorC = -18

/** Share of heated homes that an ordinary winter day leaves below 20 °C, chosen by us for a city that runs well. */
const coldShare = 0.02
const coldSettledC = [17.9, 19.5] as const
/** All other heated homes. */
const warmSettledC = { mean: 22.6, deviation: 0.85, lowest: 20.9, highest: 25.6 } as const
/** Homes without heating live on their neighbours'. */
const unheatedSettledC = 12

/** How a home's position in the building changes its losses, its usual temperature and its odds of being cold. */
const positionEffects: Readonly<
  Record<DwellingPlace['position'], { loss: number; offsetK: number; cold: number; neighbour: number }>
> = {
  middle: { loss: 1, offsetK: 0.2, cold: 1, neighbour: 3.5 },
  gable: { loss: 1.2, offsetK: -0.2, cold: 2, neighbour: 2.8 },
  top: { loss: 1.25, offsetK: -0.2, cold: 3, neighbour: 2.8 },
  ground: { loss: 1.15, offsetK: -0.3, cold: 2, neighbour: 2.8 },
  topGable: { loss: 1.6, offsetK: -0.6, cold: 6, neighbour: 2.4 },
  groundGable: { loss: 1.4, offsetK: -0.5, cold: 4, neighbour: 2.4 },
}

/** Losses of a middle home in kW per kelvin and square metre, ventilation included, by age of the building. */
const lossOf = (builtYear: number) => (builtYear < 1996 ? 0.00105 : builtYear < 2009 ? 0.0009 : 0.00072)

/** Heat from people, cooking and lamps in kW per square metre. */
const occupantGainKwPerM2 = 0.0026
/** Heat of the risers that pass through a home without heating. */
const passingPipesKwPerM2 = 0.006
/** Heat from the sun through south windows at noon of a clear day. */
const solarGainKwPerM2 = 0.006
/** The sun's share over a whole January day. */
const solarDailyShare = 0.13

/** Draws and balances the constants of every home; each home has a random stream of its own. */
export function drawRoomParameters(city: City): RoomParameters {
  const column = () => new Float64Array(city.dwellings.length)
  const rooms: RoomParameters = {
    airLoss: column(),
    massLoss: column(),
    airToMass: column(),
    neighbour: column(),
    airCapacity: column(),
    massCapacity: column(),
    emitterCapacity: column(),
    emitter: column(),
    emitterExponent: column(),
    convective: column(),
    water: column(),
    occupantGain: column(),
    solarGain: column(),
    settledC: column(),
    emitterSettledC: column(),
  }
  const random = createRandom(city.seed).fork('rooms')
  const cold = chooseColdHomes(city, random)
  for (const [index, dwelling] of city.dwellings.entries()) {
    const own = random.fork(dwelling.id)
    drawRoom(rooms, index, dwelling, own, random.fork(dwelling.building).between(75, 120))
    rooms.settledC[index] = settledC(dwelling, own.fork('settled'), cold.has(index))
  }
  const groupMeanC = meanByGroup(city, rooms.settledC)
  for (const [index, dwelling] of city.dwellings.entries()) {
    balanceRoom(rooms, index, city, groupMeanC[dwelling.group] as number, random.fork(dwelling.id).fork('water'))
  }
  return rooms
}

function drawRoom(rooms: RoomParameters, index: number, dwelling: DwellingPlace, own: Random, tauHours: number): void {
  const effect = positionEffects[dwelling.position]
  const middleLoss = lossOf(dwelling.builtYear) * dwelling.areaM2
  const loss = middleLoss * effect.loss * own.between(0.95, 1.05)
  // The building's time constant is that of its middle homes; a top corner with the same walls cools faster.
  const capacity = tauHours * middleLoss
  rooms.airLoss[index] = loss * 0.45
  rooms.massLoss[index] = loss * 0.55
  rooms.airToMass[index] = 8 * middleLoss
  rooms.neighbour[index] = effect.neighbour * middleLoss
  rooms.airCapacity[index] = capacity * 0.12
  rooms.massCapacity[index] = capacity * 0.88
  const gainKwPerM2 = dwelling.contract === 'heated' ? occupantGainKwPerM2 * own.between(0.5, 1.5) : passingPipesKwPerM2
  rooms.occupantGain[index] = gainKwPerM2 * dwelling.areaM2
  rooms.solarGain[index] = solarGainKwPerM2 * dwelling.areaM2 * own.between(0, 1)
}

function settledC(dwelling: DwellingPlace, own: Random, cold: boolean): number {
  if (dwelling.contract !== 'heated') return unheatedSettledC
  if (cold) return own.between(coldSettledC[0], coldSettledC[1])
  const { mean, deviation, lowest, highest } = warmSettledC
  const drawn = own.normal(mean + positionEffects[dwelling.position].offsetK, deviation)
  return Math.min(highest, Math.max(lowest, drawn))
}

/** The same share in every city, so that an ordinary day is ordinary whatever the seed. */
function chooseColdHomes(city: City, random: Random): ReadonlySet<number> {
  const key = random.fork('cold').key
  const ranked = city.dwellings
    .map((dwelling, index) => ({ dwelling, index }))
    .filter(({ dwelling }) => dwelling.contract === 'heated')
    .map(({ dwelling, index }) => ({
      index,
      // A race of exponential arrivals: the odds of being among the first are in proportion to the weight.
      arrival: -Math.log(1 - noiseFraction(key, index)) / positionEffects[dwelling.position].cold,
    }))
    .sort((a, b) => a.arrival - b.arrival)
  return new Set(ranked.slice(0, Math.round(ranked.length * coldShare)).map(({ index }) => index))
}

function meanByGroup(city: City, values: Float64Array): Float64Array {
  const sums = new Float64Array(city.groups.length)
  const counts = new Float64Array(city.groups.length)
  for (const [index, dwelling] of city.dwellings.entries()) {
    sums[dwelling.group] = (sums[dwelling.group] ?? 0) + (values[index] ?? 0)
    counts[dwelling.group] = (counts[dwelling.group] ?? 0) + 1
  }
  return sums.map((sum, group) => sum / (counts[group] ?? 1))
}

/** Sizes a home's radiators and water flow so that it settles at its temperature. */
function balanceRoom(rooms: RoomParameters, index: number, city: City, groupMeanC: number, own: Random): void {
  const dwelling = city.dwellings[index] as DwellingPlace
  const circuit = city.circuits[dwelling.circuit] as City['circuits'][number]
  const at = (column: Float64Array) => column[index] as number
  const { floorHeating } = circuit
  const curve = curveAt(circuit.curve, referenceOutdoorC)
  const indoorC = at(rooms.settledC)
  const gain = at(rooms.occupantGain) + at(rooms.solarGain) * solarDailyShare
  const convective = floorHeating ? 0.5 : 0.7
  // Balance of the air, with the mass settled between air, outdoors and the emitter's radiant share.
  const coupling = at(rooms.airToMass) + at(rooms.massLoss)
  const airNeeds =
    at(rooms.airLoss) * (indoorC - referenceOutdoorC) + at(rooms.neighbour) * (indoorC - groupMeanC) - gain
  const massNeeds = ((at(rooms.airToMass) * at(rooms.massLoss)) / coupling) * (indoorC - referenceOutdoorC)
  const reaching = convective + ((1 - convective) * at(rooms.airToMass)) / coupling
  const smallestHeat = 0.1 * (at(rooms.airLoss) + at(rooms.massLoss)) * (indoorC - referenceOutdoorC)
  const heat = Math.max(smallestHeat, (airNeeds + massNeeds) / reaching)
  const water = (heat / (curve.supplyC - curve.returnC)) * own.between(0.88, 1.12)
  const emitterC = curve.supplyC - heat / (2 * water)
  const exponent = 1 + circuit.curve.emitterExponent
  rooms.convective[index] = convective
  rooms.emitterExponent[index] = exponent
  rooms.emitterSettledC[index] = dwelling.contract === 'heated' ? emitterC : indoorC
  rooms.water[index] = dwelling.contract === 'heated' ? water : 0
  rooms.emitter[index] = heat / (emitterC - indoorC) ** exponent
  // Steel and water of radiators with their share of the riser, or the screed of a heated floor.
  rooms.emitterCapacity[index] = floorHeating ? 0.03 * dwelling.areaM2 : 0.018 * heat + 0.0002 * dwelling.areaM2
}
