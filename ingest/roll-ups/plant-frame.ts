import { metricNameByCode } from '#domain/metric.ts'
import type { PlantValues } from '#domain/plant-figures.ts'

/** Newest good values of plant sensors in one period, by plant and metric. */
export interface PlantFrame {
  /** Takes a value that was measured at a time, unless a later one is known. */
  put(plant: number, metricCode: number, at: number, value: number): boolean
  valuesOf(plant: number): PlantValues
  entries(): PlantEntry[]
}

/** Plant, code of the metric, time and value. */
export type PlantEntry = readonly [plant: number, metricCode: number, at: number, value: number]

/** Numbers for pairs of plant and metric, shared by all frames: the same few thousand come in every period. */
export interface PlantPoints {
  take(plant: number, metricCode: number): number
  of(plant: number): readonly PlantPoint[]
  all(): readonly PlantPoint[]
}

interface PlantPoint {
  readonly number: number
  readonly plant: number
  readonly metricCode: number
}

const metricsMax = 256

export function createPlantPoints(): PlantPoints {
  const numbers = new Map<number, number>()
  const byPlant = new Map<number, PlantPoint[]>()
  const points: PlantPoint[] = []
  return {
    take(plant, metricCode) {
      const key = plant * metricsMax + metricCode
      const known = numbers.get(key)
      if (known !== undefined) return known
      const point = { number: points.length, plant, metricCode }
      numbers.set(key, point.number)
      points.push(point)
      const ofPlant = byPlant.get(plant)
      if (ofPlant) ofPlant.push(point)
      else byPlant.set(plant, [point])
      return point.number
    },
    of: (plant) => byPlant.get(plant) ?? [],
    all: () => points,
  }
}

export function createPlantFrame(points: PlantPoints, entries: readonly PlantEntry[] = []): PlantFrame {
  /** 0 where nothing is known. */
  let times = new Float64Array(0)
  let values = new Float64Array(0)

  function put(plant: number, metricCode: number, at: number, value: number): boolean {
    const point = points.take(plant, metricCode)
    if (point >= times.length) {
      const length = Math.max(point + 1, points.all().length, Math.ceil(times.length * 1.25))
      times = extended(times, length)
      values = extended(values, length)
    }
    if ((times[point] as number) > at) return false
    times[point] = at
    values[point] = value
    return true
  }

  for (const [plant, metricCode, at, value] of entries) put(plant, metricCode, at, value)
  return {
    put,
    valuesOf(plant) {
      const found = new Map<NonNullable<(typeof metricNameByCode)[number]>, number>()
      for (const { number, metricCode } of points.of(plant)) {
        const metric = metricNameByCode[metricCode]
        if (metric && (times[number] ?? 0) > 0) found.set(metric, values[number] as number)
      }
      return found
    },
    entries: () =>
      points
        .all()
        .filter(({ number }) => (times[number] ?? 0) > 0)
        .map(({ number, plant, metricCode }) => [plant, metricCode, times[number] as number, values[number] as number]),
  }
}

function extended(short: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const long = new Float64Array(length)
  long.set(short)
  return long
}
