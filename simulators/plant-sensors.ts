import { hourMs, minuteMs } from '#domain/time.ts'
import type { City, DevicePlace } from './city.ts'
import type { SampleValue } from './encoders.ts'
import type { Physics } from './physics.ts'
import {
  type AlarmPoint,
  circuitAlarms,
  circuitPoints,
  outdoorPoint,
  type PlantPoint,
  sourcePoints,
  substationAlarms,
  substationPoints,
} from './plant-points.ts'
import { createRandom, noiseFraction, noiseNormal } from './random.ts'

/**
 * Controllers of sources, substations and circuits. As station controllers do, they report a point when it moved and
 * once in a while; points that rules need without a gap come with every sample.
 */
export interface PlantSensors {
  /** What a plant's controller sends at a time; `number` is the sample's number since the epoch. Never empty. */
  measure(device: number, number: number, at: number): readonly SampleValue[]
}

/** A point that did not move is sent again after this. */
const refreshMs = 5 * minuteMs
/** Alarm bits that are off are sent again after this; bits that are on come with every sample. */
const alarmRefreshMs = hourMs
/** A bit that went off is repeated so long, so that its end is seen as surely as its beginning. */
const alarmAfterglowMs = 12 * minuteMs

interface PlantDevice {
  readonly plant: number
  readonly key: number
  readonly points: readonly PlantPoint[]
  readonly alarms: readonly AlarmPoint[]
  readonly sentValue: Float64Array
  readonly sentAt: Float64Array
  readonly alarmSentAt: Float64Array
  /** When each bit was last on. */
  readonly alarmOnAt: Float64Array
}

export function createPlantSensors(city: City, physics: Physics): PlantSensors {
  const random = createRandom(city.seed).fork('plant sensors')
  const kinds = {
    source: { points: [...sourcePoints, outdoorPoint(city)], alarms: [] },
    substation: { points: substationPoints, alarms: substationAlarms(city) },
    circuit: { points: circuitPoints, alarms: circuitAlarms(city) },
  }
  const devices = city.devices.map((place): PlantDevice | undefined => {
    if (place.kind !== 'plantSensor' || !isPlant(place.placeKind)) return undefined
    const { points, alarms } = kinds[place.placeKind]
    return {
      plant: place.place,
      key: random.fork(place.id).key,
      points,
      alarms,
      sentValue: new Float64Array(points.length),
      sentAt: new Float64Array(points.length),
      alarmSentAt: new Float64Array(alarms.length),
      alarmOnAt: new Float64Array(alarms.length),
    }
  })
  return {
    measure(device, number, at) {
      const plant = devices[device]
      if (plant === undefined) return []
      const values: SampleValue[] = []
      for (let index = 0; index < plant.points.length; index++) takePoint(plant, index, number, at, physics, values)
      for (let index = 0; index < plant.alarms.length; index++) takeAlarm(plant, index, at, physics, values)
      return values
    },
  }
}

const isPlant = (kind: DevicePlace['placeKind']): kind is 'source' | 'substation' | 'circuit' =>
  kind === 'source' || kind === 'substation' || kind === 'circuit'

function takePoint(
  plant: PlantDevice,
  index: number,
  number: number,
  at: number,
  physics: Physics,
  values: SampleValue[],
): void {
  const point = plant.points[index] as PlantPoint
  const trueValue = point.read(physics, plant.plant, at)
  const spread = point.noise ?? (point.noiseShare ?? 0) * trueValue
  const noisy = spread > 0 ? trueValue + spread * noiseNormal(plant.key, number, index) : trueValue
  const value = rounded(Math.max(noisy, lowestOf(point)), point.decimals)
  const stood = Math.abs(value - (plant.sentValue[index] as number)) < (point.step ?? 0)
  const sentAt = plant.sentAt[index] as number
  if (!point.always && stood && at - sentAt < refreshMs) return
  plant.sentValue[index] = value
  // After the first time the refreshes spread, so that messages stay of one size.
  plant.sentAt[index] = sentAt === 0 ? at - refreshMs * noiseFraction(plant.key, index, 999) : at
  values.push([point.metric, value])
}

function takeAlarm(plant: PlantDevice, index: number, at: number, physics: Physics, values: SampleValue[]): void {
  const alarm = plant.alarms[index] as AlarmPoint
  const isOn = alarm.isOn(physics, plant.plant)
  if (isOn) plant.alarmOnAt[index] = at
  const glowing = at - (plant.alarmOnAt[index] as number) < alarmAfterglowMs
  if (!glowing && at - (plant.alarmSentAt[index] as number) < alarmRefreshMs) return
  plant.alarmSentAt[index] = at
  values.push([alarm.metric, isOn ? 1 : 0])
}

/** Only outdoor temperatures and pressures may be below zero. */
const lowestOf = (point: PlantPoint) => (point.metric === 'outdoor_temperature_c' ? -60 : 0)

const powersOfTen = [1, 10, 100, 1000] as const
function rounded(value: number, decimals: number): number {
  const power = powersOfTen[decimals as 0 | 1 | 2 | 3]
  return Math.round(value * power) / power
}
