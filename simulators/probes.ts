import { dayMs, hourMs } from '#domain/time.ts'
import type { City, DevicePlace } from './city.ts'
import type { SampleValue } from './encoders.ts'
import { type Fault, isActive, sizeOf } from './faults.ts'
import type { Physics } from './physics.ts'
import { createRandom, noiseFraction, noiseNormal } from './random.ts'

/** Probes in homes and weather stations: what they show of the truth. */
export interface Probes {
  /**
   * What a device measures at a time, from the physics as it stands; undefined when it is silent. `number` is the
   * sample's number since the epoch, which makes its noise the same in every run.
   */
  measure(device: number, number: number, at: number, faults: readonly Fault[]): readonly SampleValue[] | undefined
}

/** Two of three probes lie within this of the truth; none is further off than its stated tolerance of 0.3 K. */
const biasDeviationK = 0.11
const biasMaxK = 0.28
const noiseK = 0.05
/** Cheap humidity sensors wander. */
const humidityNoisePct = 0.6
/** Humidity is sent when it moved this far, and once an hour. */
const humidityStepPct = 2
/** A battery changes slowly: it is sent twice a day. */
const batteryEveryMs = dayMs / 2
/** A battery lasts about this many heating seasons. */
const batteryYears = [3, 7] as const

/** What a DS18B20 shows after it lost its power. */
const powerOnValueC = 85

export function createProbes(city: City, physics: Physics): Probes {
  const random = createRandom(city.seed).fork('probes')
  const keys = Uint32Array.from(city.devices, ({ id }) => random.fork(id).key)
  const biasK = Float64Array.from(city.devices, ({ id }) => {
    const drawn = random.fork(id).fork('bias').normal(0, biasDeviationK)
    return Math.max(-biasMaxK, Math.min(biasMaxK, drawn))
  })
  const batteryMs = Float64Array.from(city.devices, ({ id }) => {
    const [shortest, longest] = batteryYears
    return random.fork(id).fork('battery').between(shortest, longest) * 365 * dayMs
  })
  const shownC = new Float64Array(city.devices.length).fill(Number.NaN)
  const humidityShown = new Float64Array(city.devices.length).fill(Number.NaN)
  const humidityAt = new Float64Array(city.devices.length)
  const batteryPeriod = new Float64Array(city.devices.length).fill(-1)
  const at = (column: Float64Array | Uint32Array, index: number) => column[index] as number

  function trueC(place: DevicePlace, faults: readonly Fault[], now: number): number {
    const airC = at(physics.rooms.airC, place.place)
    const moved = faults.find((fault) => fault.kind === 'probeMoved' && isActive(fault, now))
    if (moved === undefined) return airC
    const share = sizeOf(moved)
    if (share > 0) return airC + share * (at(physics.rooms.emitterC, place.place) - airC)
    return airC - share * (outdoorOf(place) - airC)
  }

  function outdoorOf(place: DevicePlace): number {
    const circuit = city.dwellings[place.place]?.circuit ?? 0
    const substation = city.circuits[circuit]?.substation ?? 0
    return at(physics.outdoorC, city.substations[substation]?.district ?? 0)
  }

  function temperature(
    device: number,
    place: DevicePlace,
    number: number,
    now: number,
    faults: readonly Fault[],
  ): number {
    const key = at(keys, device)
    let shown = trueC(place, faults, now) + at(biasK, device) + noiseK * noiseNormal(key, number, 1)
    for (const fault of faults) {
      if (!isActive(fault, now)) continue
      if (fault.kind === 'probeStuck' && !Number.isNaN(at(shownC, device))) return at(shownC, device)
      if (fault.kind === 'probeDrift') shown += (sizeOf(fault) * (now - fault.from)) / dayMs
      if (fault.kind === 'probeErrorValue' && noiseFraction(key, number, 2) < sizeOf(fault)) return powerOnValueC
    }
    shown = Math.round(shown * 10) / 10
    shownC[device] = shown
    return shown
  }

  /** Cold air holds little water, so heated homes are dry in the coldest weeks. */
  function humidity(device: number, place: DevicePlace, number: number): number {
    const key = at(keys, device)
    const homeOffset = 6 * noiseNormal(key, 0, 3)
    const pct = 38 + 0.5 * (outdoorOf(place) + 18) - 1.5 * (at(physics.rooms.airC, place.place) - 22) + homeOffset
    return Math.round(Math.max(12, Math.min(85, pct + humidityNoisePct * noiseNormal(key, number, 4))))
  }

  function battery(device: number, now: number): number {
    const life = at(batteryMs, device)
    const age = (now + noiseFraction(at(keys, device), 0, 5) * life) % life
    return Math.round(100 - (92 * age) / life)
  }

  return {
    measure(device, number, now, faults) {
      const place = city.devices[device] as DevicePlace
      if (faults.some((fault) => fault.kind === 'probeSilent' && isActive(fault, now))) return undefined
      if (place.placeKind === 'district') {
        const outdoorC = at(physics.outdoorC, place.place) + 0.1 * noiseNormal(at(keys, device), number, 1)
        return [['outdoor_temperature_c', Math.round(outdoorC * 10) / 10]]
      }
      const values: SampleValue[] = [['indoor_temperature_c', temperature(device, place, number, now, faults)]]
      const pct = humidity(device, place, number)
      const moved = !(Math.abs(pct - at(humidityShown, device)) < humidityStepPct)
      if (moved || now - at(humidityAt, device) >= hourMs) {
        humidityShown[device] = pct
        humidityAt[device] = now
        values.push(['humidity_pct', pct])
      }
      const period = Math.floor(now / batteryEveryMs)
      if (period !== at(batteryPeriod, device)) {
        batteryPeriod[device] = period
        values.push(['battery_pct', battery(device, now)])
      }
      return values
    },
  }
}
